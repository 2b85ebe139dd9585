//! A service that tries everything it may not: one path per misdeed, its argument in the body.
//!
//! What the host says to it comes back as `<case>: <text>` with the status 200, so that a test sees the very error that a
//! guest gets; `ok: <text>` where the host let it pass. The first segment of the path is whatever route the manifest gives,
//! so that one component can stand in an application under several names.

#[expect(unsafe_code, reason = "generated")]
mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit/worlds",
        inline: "
            package mutrapro:hostile;
            world hostile {
                import mutrapro:sql/database@0.1.0;
                import mutrapro:events/outbox@0.1.0;
                import mutrapro:http/client@0.1.0;
                export mutrapro:http/exchange@0.1.0;
                export mutrapro:events/consumer@0.1.0;
                export mutrapro:schedule/job@0.1.0;
            }
        ",
        generate_all,
    });
    use super::Hostile;
    export!(Hostile);
}
mod calls;
mod events;
mod resources;
mod responses;
mod sql;

use bindings::exports::mutrapro::events::consumer::{self, Event, Refusal};
use bindings::exports::mutrapro::http::exchange::{self, Request, Response};
use bindings::exports::mutrapro::schedule::job;
use bindings::mutrapro::http::types::Field;
use bindings::mutrapro::sql::database::Transaction;

/// What the host said: the case of its error and the text, or `Ok` when it let a misdeed pass.
type Outcome = Result<String, (&'static str, String)>;

struct Hostile;

impl exchange::Guest for Hostile {
    fn handle(request: Request) -> Option<Response> {
        let path = request.path_with_query.trim_start_matches('/');
        let misdeed = path.split_once('/').map_or("", |(_, rest)| rest);
        let body = String::from_utf8_lossy(&request.body);
        if let Some(malformed) = misdeed.strip_prefix("response/") {
            return Some(responses::malformed(malformed, &body));
        }
        let (family, misdeed) = misdeed.split_once('/').unwrap_or((misdeed, ""));
        let outcome = match family {
            "sql" => sql::commit(misdeed, &body),
            "call" => calls::commit(misdeed, &body),
            "emit" => events::emit(&body),
            "resources" => resources::commit(misdeed, &body),
            "headers" => Ok(headers(&request)),
            _ => Err(("unknown", path.to_owned())),
        };
        Some(answer(outcome))
    }
}

impl consumer::Guest for Hostile {
    fn handle(event: Event, tx: &Transaction) -> Result<(), Refusal> {
        events::handle(&event, tx)
    }
}

impl job::Guest for Hostile {
    fn run(name: String, _scheduled_at: String) -> Result<(), String> {
        match name.as_str() {
            "loop" => resources::compute_for_ever(),
            "trap" => resources::trap(),
            "refuse" => Err("on purpose".to_owned()),
            // Any other name is that of a table, with dashes.
            table => {
                let statement = format!("INSERT INTO {} (id) VALUES ('ran')", table.replace('-', "_"));
                sql::commit("execute", &statement).map(drop).map_err(|(_, text)| text)
            }
        }
    }
}

/// The request's header fields, one `name: value` a line.
fn headers(request: &Request) -> String {
    let lines =
        request.headers.iter().map(|field| format!("{}: {}\n", field.name, String::from_utf8_lossy(&field.value)));
    lines.collect()
}

fn answer(outcome: Outcome) -> Response {
    let body = text(outcome).into_bytes();
    Response { status: 200, headers: vec![field("content-type", b"text/plain")], body }
}

fn text(outcome: Outcome) -> String {
    match outcome {
        Ok(text) => format!("ok: {text}"),
        Err((case, text)) => format!("{case}: {text}"),
    }
}

fn field(name: &str, value: &[u8]) -> Field {
    Field { name: name.to_owned(), value: value.to_vec() }
}
