//! Every statement of the benchmark's consumer.

use mutrapro_sdk::events::Incoming;
use mutrapro_sdk::sql::{Database, Error, FromRow, Reader, Row, Transaction, params};
use mutrapro_sdk::time::Instant;
use std::time::Duration;

struct Times {
    occurred_at: Instant,
    handled_at: Instant,
}

impl FromRow for Times {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self { occurred_at: row.get("occurred_at")?, handled_at: row.get("handled_at")? })
    }
}

pub(crate) fn insert(transaction: &Transaction<'_>, event: &Incoming, now: Instant) -> Result<(), Error> {
    transaction.execute(
        "INSERT INTO handled (event_id, occurred_at, handled_at) VALUES ($1, $2, $3)",
        params![event.id, event.occurred_at, now],
    )?;
    Ok(())
}

pub(crate) fn count() -> Result<i64, Error> {
    Database.query_one::<Row>("SELECT count(*) AS handled FROM handled", params![])?.get("handled")
}

/// How long the `latest` events took from their emission to their handler.
pub(crate) fn latencies(latest: u16) -> Result<Vec<Duration>, Error> {
    let times: Vec<Times> = Database
        .query("SELECT occurred_at, handled_at FROM handled ORDER BY handled_at DESC LIMIT $1", params![latest])?;
    Ok(times.iter().map(|times| times.handled_at.since(times.occurred_at)).collect())
}
