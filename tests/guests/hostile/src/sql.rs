//! Misdeeds with SQL. The body is the statement.

use crate::bindings::mutrapro::sql::database::{self, Error, RowSet, Transaction, Value};
use crate::{Outcome, calls, resources, text};

pub(crate) fn commit(misdeed: &str, statement: &str) -> Outcome {
    match misdeed {
        "query" => database::query(statement, &[]).map(|rows| described(&rows)).map_err(described_error),
        "execute" => execute_and_commit(statement),
        "transaction-query" => with_transaction(|tx| tx.query(statement, &[]).map(|rows| described(&rows))),
        "begin-twice" => with_transaction(|_| database::begin().map(|_| "a second transaction".to_owned())),
        "trap" => with_transaction(|tx| {
            tx.execute(statement, &[])?;
            resources::trap()
        }),
        "loop" => with_transaction(|tx| {
            tx.execute(statement, &[])?;
            resources::compute_for_ever()
        }),
        "leak" => {
            let tx = database::begin().map_err(described_error)?;
            let changed = tx.execute(statement, &[]).map_err(described_error)?;
            std::mem::forget(tx);
            Ok(changed.to_string())
        }
        "dawdle" => with_transaction(|tx| {
            tx.execute(statement, &[])?;
            std::thread::sleep(std::time::Duration::from_secs(7));
            tx.execute(statement, &[]).map(|changed| changed.to_string())
        }),
        // The body is the call, not a statement.
        "call" => with_transaction(|_| Ok(text(calls::commit("send", statement)))),
        "outgoing" => with_transaction(|_| Ok(text(calls::commit("outgoing", statement)))),
        _ => Err(("unknown", misdeed.to_owned())),
    }
}

fn execute_and_commit(statement: &str) -> Outcome {
    let tx = database::begin().map_err(described_error)?;
    let changed = tx.execute(statement, &[]).map_err(described_error)?;
    Transaction::commit(tx).map_err(described_error)?;
    Ok(changed.to_string())
}

/// Runs `misdeed` in a transaction that is rolled back afterwards.
fn with_transaction(misdeed: impl FnOnce(&Transaction) -> Result<String, Error>) -> Outcome {
    let tx = database::begin().map_err(described_error)?;
    misdeed(&tx).map_err(described_error)
}

/// The number of rows, and the first values of the first row.
fn described(rows: &RowSet) -> String {
    let first = rows.rows.first().map_or(&[][..], Vec::as_slice);
    let values: Vec<String> = first.iter().map(described_value).collect();
    format!("{} row(s) {}", rows.rows.len(), values.join(" "))
}

fn described_value(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Boolean(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Text(value) => value.clone(),
        Value::Bytes(value) => format!("{} bytes", value.len()),
    }
}

pub(crate) fn described_error(error: Error) -> (&'static str, String) {
    match error {
        Error::Forbidden(text) => ("forbidden", text),
        Error::Invalid(text) => ("invalid", text),
        Error::ConstraintViolated(name) => ("constraint-violated", name),
        Error::Conflict => ("conflict", String::new()),
        Error::TooLarge => ("too-large", String::new()),
        Error::Unavailable(text) => ("unavailable", text),
    }
}
