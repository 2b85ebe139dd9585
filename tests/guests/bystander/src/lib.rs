//! A well-behaved service: a table, a route, an event and its handler.
//!
//! It answers anything but the expected with a status that a test notices.

#[expect(unsafe_code, reason = "generated")]
mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit/worlds",
        inline: "
            package mutrapro:bystander;
            world bystander {
                import mutrapro:sql/database@0.1.0;
                import mutrapro:events/outbox@0.1.0;
                export mutrapro:http/exchange@0.1.0;
                export mutrapro:events/consumer@0.1.0;
            }
        ",
        generate_all,
    });
    use super::Bystander;
    export!(Bystander);
}

use bindings::exports::mutrapro::events::consumer::{self, Event, Refusal};
use bindings::exports::mutrapro::http::exchange::{self, Request, Response};
use bindings::mutrapro::events::outbox;
use bindings::mutrapro::sql::database::{self, Transaction, Value};

struct Bystander;

impl exchange::Guest for Bystander {
    fn handle(request: Request) -> Option<Response> {
        let path = request.path_with_query.as_str();
        Some(match (request.method.as_str(), path) {
            ("GET", "/bystander") => answer(count("SELECT count(*) FROM bystander_items")),
            ("GET", "/bystander/seen") => answer(count("SELECT count(*) FROM bystander_seen")),
            ("GET", "/bystander/headers") => Response { status: 200, headers: Vec::new(), body: headers(&request) },
            ("POST", "/bystander") => answer(create(&String::from_utf8_lossy(&request.body))),
            _ => Response { status: 404, headers: Vec::new(), body: path.as_bytes().to_vec() },
        })
    }
}

impl consumer::Guest for Bystander {
    fn handle(event: Event, tx: &Transaction) -> Result<(), Refusal> {
        tx.execute("INSERT INTO bystander_seen (event_id) VALUES ($1)", &[Value::Text(event.id)])
            .map(drop)
            .map_err(|error| Refusal::Reject(format!("{error:?}")))
    }
}

fn count(statement: &str) -> Result<String, String> {
    let rows = database::query(statement, &[]).map_err(|error| format!("{error:?}"))?.rows;
    match rows.first().and_then(|row| row.first()) {
        Some(Value::Integer(count)) => Ok(count.to_string()),
        other => Err(format!("{statement} answered {other:?}")),
    }
}

/// Writes a row and emits an event that tells of it.
fn create(id: &str) -> Result<String, String> {
    let tx = database::begin().map_err(|error| format!("{error:?}"))?;
    let statement = "INSERT INTO bystander_items (id) VALUES ($1)";
    tx.execute(statement, &[Value::Text(id.to_owned())]).map_err(|error| format!("{error:?}"))?;
    outbox::emit(&tx, "item.created", "item", id, "{}").map_err(|error| format!("{error:?}"))?;
    Transaction::commit(tx).map_err(|error| format!("{error:?}"))?;
    Ok(id.to_owned())
}

/// The request's header fields, one `name: value` a line.
fn headers(request: &Request) -> Vec<u8> {
    let lines =
        request.headers.iter().map(|field| format!("{}: {}\n", field.name, String::from_utf8_lossy(&field.value)));
    lines.collect::<String>().into_bytes()
}

fn answer(outcome: Result<String, String>) -> Response {
    let (status, text) = match outcome {
        Ok(text) => (200, text),
        Err(text) => (500, text),
    };
    Response { status, headers: Vec::new(), body: text.into_bytes() }
}
