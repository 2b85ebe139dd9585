//! Misdeeds with events.

use crate::bindings::exports::mutrapro::events::consumer::{Event, Refusal};
use crate::bindings::mutrapro::events::outbox::{self, EmitError};
use crate::bindings::mutrapro::sql::database::{self, Transaction, Value};
use crate::sql::described_error;
use crate::{Outcome, calls, resources, text};
use serde::Deserialize;

/// An event to emit. `payload` stands for itself, or for `payload_bytes` of it.
#[derive(Deserialize)]
struct Emission {
    kind: String,
    aggregate_id: String,
    #[serde(default)]
    payload: String,
    #[serde(default)]
    payload_bytes: Option<usize>,
}

/// What an event tells its handler to do. Tables are the test's, so that one component can stand under several names.
#[derive(Deserialize)]
struct Orders {
    act: String,
    table: String,
    #[serde(default)]
    gate: String,
}

/// Emits one event and commits.
pub(crate) fn emit(body: &str) -> Outcome {
    let emission: Emission = serde_json::from_str(body).map_err(|error| ("unknown", error.to_string()))?;
    let payload = match emission.payload_bytes {
        Some(bytes) => format!(r#"{{"a":"{}"}}"#, "x".repeat(bytes)),
        None => emission.payload,
    };
    let tx = database::begin().map_err(described_error)?;
    let emitted = outbox::emit(&tx, &emission.kind, "misdeed", &emission.aggregate_id, &payload);
    let id = emitted.map_err(|error| match error {
        EmitError::NotDeclared(kind) => ("not-declared", kind),
        EmitError::PayloadTooLarge(limit) => ("payload-too-large", limit.to_string()),
        EmitError::InvalidPayload(text) => ("invalid-payload", text),
        EmitError::Unavailable(text) => ("unavailable", text),
    })?;
    Transaction::commit(tx).map_err(described_error)?;
    Ok(id)
}

/// Does what the payload says, and writes what became of it through `tx`.
pub(crate) fn handle(event: &Event, tx: &Transaction) -> Result<(), Refusal> {
    let orders: Orders = serde_json::from_str(&event.payload).map_err(|error| Refusal::Reject(error.to_string()))?;
    let record = |note: &str| record(tx, &orders.table, event, note);
    match orders.act.as_str() {
        "record" => record("recorded"),
        "write-and-reject" => {
            record("written before the refusal")?;
            Err(Refusal::Reject("rejected on purpose".to_owned()))
        }
        "write-and-retry" => {
            record("written before the refusal")?;
            Err(Refusal::Retry("retried on purpose".to_owned()))
        }
        "wait-for-gate" if is_shut(tx, &orders.gate)? => Err(Refusal::Retry("the gate is shut".to_owned())),
        "wait-for-gate" => record("the gate is open"),
        "begin" => record(&text(database::begin().map(|_| "a second transaction".to_owned()).map_err(described_error))),
        "call" => record(&text(calls::commit("send", r#"{"to":"bystander","path":"/bystander"}"#))),
        "loop" => {
            record("written before the loop")?;
            resources::compute_for_ever()
        }
        "trap" => {
            record("written before the trap")?;
            resources::trap()
        }
        "commit-the-lent" => {
            record("committed by the guest")?;
            commit_lent(tx)
        }
        other => Err(Refusal::Reject(format!("unknown act {other}"))),
    }
}

fn record(tx: &Transaction, table: &str, event: &Event, note: &str) -> Result<(), Refusal> {
    let statement = format!("INSERT INTO {table} (id, aggregate_id, note) VALUES ($1, $2, $3)");
    let values = [&event.id, &event.aggregate_id, note].map(|value: &str| Value::Text(value.to_owned()));
    tx.execute(&statement, &values).map(drop).map_err(|error| Refusal::Retry(format!("{error:?}")))
}

/// A gate is open once its table has a row.
fn is_shut(tx: &Transaction, gate: &str) -> Result<bool, Refusal> {
    let rows =
        tx.query(&format!("SELECT id FROM {gate}"), &[]).map_err(|error| Refusal::Retry(format!("{error:?}")))?;
    Ok(rows.rows.is_empty())
}

/// Takes the borrowed handle for an owned one, which no binding generator would write.
fn commit_lent(tx: &Transaction) -> Result<(), Refusal> {
    #[expect(unsafe_code, reason = "the misdeed itself: the handle is lent, not owned, and the host has to notice")]
    // SAFETY: the handle is a number to the guest; what it stands for is looked up by the host at every use.
    let stolen = unsafe { Transaction::from_handle(tx.handle()) };
    Transaction::commit(stolen).map_err(|error| Refusal::Reject(format!("{error:?}")))
}
