//! The native server's relay: takes the events of its outbox to NATS JetStream, as the host does.
//!
//! Promise: an event is marked once NATS has acknowledged it; they go out oldest first, those of 20 ms together under load.
//! Deliberately absent: what the host does beside (several hosts, retries, dead letters, the order of each aggregate when one of
//! its events fails), so the comparison errs in this server's favour here too.

use super::item::text;
use anyhow::{Context as _, Result, bail};
use async_nats::HeaderMap;
use async_nats::header::NATS_MESSAGE_ID;
use async_nats::jetstream::context::Context;
use async_nats::jetstream::{self, stream};
use jiff::Timestamp;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sqlx::{ConnectOptions, Row};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// As soon as the host looks again.
const INTERVAL: Duration = Duration::from_millis(20);
/// Most of what a database gives within one interval.
const BATCH_MAX: i64 = 500;
const DUE: &str = "SELECT position, event_id, aggregate_id, aggregate_type, event_type, event_payload, occurred_at
    FROM outbox_events WHERE published_at IS NULL AND dead_at IS NULL AND next_retry_at IS NULL
    ORDER BY position LIMIT $1";
const MARK: &str = "UPDATE outbox_events SET published_at = $1 WHERE position = ANY($2)";

/// Relays the outbox at `database` to the NATS server at `nats` whenever `inserted` is notified. Ends with an error alone.
pub(super) async fn run(database: &str, nats: &str, inserted: Arc<Notify>) -> Result<()> {
    // Without this its plans would be those of the empty table that it begins with.
    let options = database.parse::<PgConnectOptions>()?.options([("enable_seqscan", "off")]);
    let mut connection = options.disable_statement_logging().connect().await.context("the relay's connection")?;
    let context = jetstream::new(async_nats::connect(nats).await.context("the relay's NATS server")?);
    let events = stream::Config {
        name: "native".to_owned(),
        subjects: vec!["native.>".to_owned()],
        ..stream::Config::default()
    };
    context.get_or_create_stream(events).await?;
    loop {
        let started = Instant::now();
        if relay(&mut connection, &context).await? < BATCH_MAX {
            inserted.notified().await;
            tokio::time::sleep_until(started + INTERVAL).await;
        }
    }
}

/// Relays one batch; answers how many events it had.
async fn relay(connection: &mut PgConnection, context: &Context) -> Result<i64> {
    let due = sqlx::query(DUE).bind(BATCH_MAX).fetch_all(&mut *connection).await?;
    if due.is_empty() {
        return Ok(0);
    }
    let mut acknowledgements = Vec::with_capacity(due.len());
    let mut positions: Vec<i64> = Vec::with_capacity(due.len());
    for row in &due {
        let kind: &str = row.try_get("event_type")?;
        let payload: String = row.try_get("event_payload")?;
        let sent = context.publish_with_headers(format!("native.{kind}"), headers(row)?, payload.into());
        acknowledgements.push(sent.await?);
        positions.push(row.try_get("position")?);
    }
    for acknowledgement in acknowledgements {
        acknowledgement.await?;
    }
    let marked = sqlx::query(MARK).bind(text(Timestamp::now())).bind(&positions).execute(connection).await?;
    if marked.rows_affected() != u64::try_from(positions.len())? {
        bail!("marked {} events of {}", marked.rows_affected(), positions.len());
    }
    Ok(i64::try_from(positions.len())?)
}

/// Those of CloudEvents, as the host has them.
fn headers(row: &PgRow) -> Result<HeaderMap> {
    let text = |column: &str| row.try_get::<&str, _>(column);
    let (id, aggregate_type, aggregate_id) = (text("event_id")?, text("aggregate_type")?, text("aggregate_id")?);
    let subject = format!("{aggregate_type}/{aggregate_id}");
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("ce-specversion", "1.0"),
        ("content-type", "application/json"),
        ("ce-id", id),
        ("ce-type", text("event_type")?),
        ("ce-source", "native"),
        ("ce-subject", &subject),
        ("ce-time", text("occurred_at")?),
        ("ce-aggregatetype", aggregate_type),
        ("ce-aggregateid", aggregate_id),
    ] {
        headers.insert(name, value);
    }
    headers.insert(NATS_MESSAGE_ID, id);
    Ok(headers)
}
