//! The exports: requests and events.

use crate::note::{NewNote, Note};
use serde_json::{Value as Json, json};
use uuid::Uuid;

#[allow(clippy::all)]
mod bindings {
    wit_bindgen::generate!({ path: "wit", world: "component", generate_all });
}

use bindings::exports::mutrapro::events::consumer::{self, Event, Refusal};
use bindings::exports::mutrapro::http::exchange::{self, Request, Response};
use bindings::mutrapro::events::outbox;
use bindings::mutrapro::http::types::Field;
use bindings::mutrapro::sql::database::{self, Error, Transaction, Value};

struct SampleName;
bindings::export!(SampleName with_types_in bindings);

impl exchange::Guest for SampleName {
    fn handle(request: Request) -> Option<Response> {
        let path = request
            .path_with_query
            .split('?')
            .next()
            .unwrap_or_default();
        let outcome = match (request.method.as_str(), path) {
            ("GET", "/sample-name") => list().map(|notes| (200, json!(notes))),
            ("POST", "/sample-name") => create(&request.body).map(|note| (201, json!(note))),
            (_, "/sample-name") => Err((405, "send GET or POST".to_owned())),
            _ => Err((404, "there is nothing at this path".to_owned())),
        };
        Some(match outcome {
            Ok((status, body)) => response(status, "application/json", &body),
            // Problem details, RFC 9457.
            Err((status, detail)) => response(
                status,
                "application/problem+json",
                &json!({ "status": status, "detail": detail }),
            ),
        })
    }
}

impl consumer::Guest for SampleName {
    /// Committed together with the mark that the event was handled: its effect is there exactly once.
    fn handle(event: Event, tx: &Transaction) -> Result<(), Refusal> {
        let statement = "UPDATE sample_name_notes SET handled = TRUE WHERE id = $1";
        let changed = tx.execute(statement, &[Value::Text(event.aggregate_id.clone())]);
        match changed {
            Ok(1) => Ok(()),
            Ok(_) => Err(Refusal::Reject(format!(
                "there is no note {}",
                event.aggregate_id
            ))),
            Err(error) => Err(Refusal::Retry(format!("{error:?}"))),
        }
    }
}

fn create(body: &[u8]) -> Result<Note, (u16, String)> {
    let note = NewNote::read(body)
        .map_err(|detail| (422, detail))?
        .with_id(Uuid::now_v7().to_string());
    let tx = database::begin().map_err(refused)?;
    let row = [Value::Text(note.id.clone()), Value::Text(note.text.clone())];
    tx.execute(
        "INSERT INTO sample_name_notes (id, text, handled) VALUES ($1, $2, FALSE)",
        &row,
    )
    .map_err(refused)?;
    let payload = json!({ "id": note.id }).to_string();
    outbox::emit(
        &tx,
        "sample_name.created",
        "sample_name",
        &note.id,
        &payload,
    )
    .map_err(|error| (500, format!("{error:?}")))?;
    Transaction::commit(tx).map_err(refused)?;
    Ok(note)
}

fn list() -> Result<Vec<Note>, (u16, String)> {
    let statement = "SELECT id, text, handled FROM sample_name_notes ORDER BY id DESC LIMIT 100";
    let rows = database::query(statement, &[]).map_err(refused)?.rows;
    rows.into_iter()
        .map(|row| note(row).ok_or((500, "a row is not as it was written".to_owned())))
        .collect()
}

fn note(row: Vec<Value>) -> Option<Note> {
    match <[Value; 3]>::try_from(row).ok()? {
        [Value::Text(id), Value::Text(text), Value::Boolean(handled)] => {
            Some(Note { id, text, handled })
        }
        _ => None,
    }
}

/// What the database says, as a client is told.
fn refused(error: Error) -> (u16, String) {
    match error {
        Error::Conflict | Error::Unavailable(_) => {
            (503, "the database is busy: try again".to_owned())
        }
        error => (500, format!("{error:?}")),
    }
}

fn response(status: u16, content_type: &str, body: &Json) -> Response {
    let headers = vec![Field {
        name: "content-type".to_owned(),
        value: content_type.as_bytes().to_vec(),
    }];
    Response {
        status,
        headers,
        body: body.to_string().into_bytes(),
    }
}
