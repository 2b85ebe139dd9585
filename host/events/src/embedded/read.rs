//! Every statement that only reads the queue.

use crate::bus::{ConsumerCounts, Delivery, DeliveryToken};
use crate::dead_letter::{Attempt, DeadLetter, DeadLetterId, Stage};
use crate::embedded::write::{Subscriber, decode, subscriber};
use crate::event::{Event, EventId};
use jiff::Timestamp;
use mutrapro_manifest::ComponentId;
use serde::Deserialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqlitePool};
use std::collections::BTreeSet;

/// What to look for.
pub(super) struct Due<'a> {
    pub(super) consumer: &'a ComponentId,
    pub(super) now_ms: i64,
    pub(super) in_flight: &'a BTreeSet<u64>,
    pub(super) max: u16,
}

/// Everybody who ever subscribed.
pub(super) async fn subscribers(pool: &SqlitePool) -> sqlx::Result<Vec<Subscriber>> {
    let rows = sqlx::query("SELECT consumer_id, name, patterns FROM consumers").fetch_all(pool).await?;
    rows.iter().map(subscriber).collect()
}

/// The oldest deliveries that are due, of each aggregate only up to the first that is not.
pub(super) async fn due(pool: &SqlitePool, due: Due<'_>) -> sqlx::Result<Vec<Delivery>> {
    let in_flight = serde_json::to_string(due.in_flight).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    // Left to itself SQLite would look for the earlier ones of an aggregate among those of all.
    let rows = sqlx::query(
        "SELECT e.*, d.failures
         FROM consumers AS c
         JOIN deliveries AS d ON d.consumer_id = c.consumer_id
         JOIN events AS e ON e.position = d.position
         WHERE c.name = $1
             AND d.due_at <= $2
             AND d.position NOT IN (SELECT value FROM json_each($3))
             AND NOT EXISTS (
                 SELECT 1 FROM deliveries AS earlier INDEXED BY deliveries_aggregate_idx
                 WHERE earlier.consumer_id = d.consumer_id
                     AND earlier.aggregate = d.aggregate
                     AND earlier.position < d.position
                     AND (earlier.due_at > $2 OR earlier.position IN (SELECT value FROM json_each($3))))
         ORDER BY d.position
         LIMIT $4",
    )
    .bind(due.consumer.as_str())
    .bind(due.now_ms)
    .bind(in_flight)
    .bind(due.max)
    .fetch_all(pool)
    .await?;
    rows.iter().map(delivery).collect()
}

/// When the next attempt after `now_ms` comes due.
pub(super) async fn next_due_ms(pool: &SqlitePool, consumer: &ComponentId, now_ms: i64) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar(
        "SELECT min(due_at) FROM deliveries
         WHERE consumer_id = (SELECT consumer_id FROM consumers WHERE name = $1) AND due_at > 0 AND due_at > $2",
    )
    .bind(consumer.as_str())
    .bind(now_ms)
    .fetch_one(pool)
    .await
}

/// At most `max` dead letters, the oldest first.
pub(super) async fn dead_letters(
    pool: &SqlitePool,
    consumer: Option<&ComponentId>,
    max: u32,
) -> sqlx::Result<Vec<DeadLetter>> {
    let rows = sqlx::query(
        "SELECT e.*, c.name AS consumer, l.failures, l.error, l.history, l.died_at
         FROM dead_letters AS l JOIN events AS e USING (position) JOIN consumers AS c USING (consumer_id)
         WHERE $1 IS NULL OR c.name = $1
         ORDER BY l.died_at, l.position
         LIMIT $2",
    )
    .bind(consumer.map(ComponentId::as_str))
    .bind(max)
    .fetch_all(pool)
    .await?;
    rows.iter().map(read_dead_letter).collect()
}

/// One dead letter.
pub(super) async fn dead_letter(
    pool: &SqlitePool,
    consumer: &ComponentId,
    event: EventId,
) -> sqlx::Result<Option<DeadLetter>> {
    let row = sqlx::query(
        "SELECT e.*, c.name AS consumer, l.failures, l.error, l.history, l.died_at
         FROM dead_letters AS l JOIN events AS e USING (position) JOIN consumers AS c USING (consumer_id)
         WHERE c.name = $1 AND e.event_id = $2",
    )
    .bind(consumer.as_str())
    .bind(event.to_string())
    .fetch_optional(pool)
    .await?;
    row.as_ref().map(read_dead_letter).transpose()
}

/// What waits and what is dead.
pub(super) async fn counts(pool: &SqlitePool) -> sqlx::Result<Vec<ConsumerCounts>> {
    let rows = sqlx::query(
        "SELECT c.name,
             (SELECT count(*) FROM deliveries AS d WHERE d.consumer_id = c.consumer_id) AS pending,
             (SELECT accepted_at FROM events WHERE position =
                 (SELECT min(d.position) FROM deliveries AS d WHERE d.consumer_id = c.consumer_id)) AS oldest,
             (SELECT count(*) FROM dead_letters AS l WHERE l.consumer_id = c.consumer_id) AS dead
         FROM consumers AS c ORDER BY c.name",
    )
    .fetch_all(pool)
    .await?;
    rows.iter().map(consumer_counts).collect()
}

fn consumer_counts(row: &SqliteRow) -> sqlx::Result<ConsumerCounts> {
    let oldest: Option<i64> = row.try_get("oldest")?;
    Ok(ConsumerCounts {
        consumer: ComponentId::new(row.try_get("name")?),
        pending: u64::try_from(row.try_get::<i64, _>("pending")?).map_err(decode)?,
        oldest_pending_since: oldest.map(instant).transpose()?,
        dead: u64::try_from(row.try_get::<i64, _>("dead")?).map_err(decode)?,
    })
}

fn delivery(row: &SqliteRow) -> sqlx::Result<Delivery> {
    let position: i64 = row.try_get("position")?;
    let failures: u32 = row.try_get("failures")?;
    Ok(Delivery {
        event: event(row)?,
        attempt: failures.saturating_add(1),
        token: DeliveryToken(u64::try_from(position).map_err(decode)?),
    })
}

fn event(row: &SqliteRow) -> sqlx::Result<Event> {
    Ok(Event {
        id: row.try_get::<&str, _>("event_id")?.parse().map_err(decode)?,
        kind: row.try_get("kind")?,
        aggregate_type: row.try_get("aggregate_type")?,
        aggregate_id: row.try_get("aggregate_id")?,
        payload: row.try_get("payload")?,
        occurred_at: row.try_get("occurred_at")?,
        producer: ComponentId::new(row.try_get("producer")?),
        trace_id: row.try_get("trace_id")?,
        correlation_id: row.try_get("correlation_id")?,
    })
}

/// An attempt as the history has it.
#[derive(Deserialize)]
struct HistoryEntry {
    at: i64,
    error: String,
}

fn read_dead_letter(row: &SqliteRow) -> sqlx::Result<DeadLetter> {
    let event = event(row)?;
    let history: Vec<HistoryEntry> = serde_json::from_str(row.try_get("history")?).map_err(decode)?;
    let attempt = |entry: HistoryEntry| Ok(Attempt { at: instant(entry.at)?, error: entry.error });
    Ok(DeadLetter {
        id: DeadLetterId {
            stage: Stage::Deliver,
            service: ComponentId::new(row.try_get("consumer")?),
            event: event.id,
        },
        event,
        attempts: row.try_get("failures")?,
        error: row.try_get("error")?,
        died_at: instant(row.try_get("died_at")?)?,
        history: history.into_iter().map(attempt).collect::<sqlx::Result<_>>()?,
    })
}

fn instant(ms: i64) -> sqlx::Result<Timestamp> {
    Timestamp::from_millisecond(ms).map_err(decode)
}
