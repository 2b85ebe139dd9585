//! Every statement that changes the queue. All of them run inside the writer's transaction.

use crate::bus::{DeliveryToken, Settlement, Subscription};
use crate::event::{Event, EventId};
use mutrapro_manifest::{ComponentId, KindPattern};
use serde::Serialize;
use sqlx::{Row, SqliteConnection};
use std::collections::BTreeSet;

/// How many attempts a history keeps: two rounds of the default limit and some. The oldest go first.
const HISTORY_MAX: i64 = 24;

/// A consumer and what goes to it.
#[derive(Debug, Clone)]
pub(super) struct Subscriber {
    pub(super) id: i64,
    pub(super) name: ComponentId,
    pub(super) patterns: Vec<KindPattern>,
}

/// Makes `wanted` the subscriptions and answers them all, ended ones included.
pub(super) async fn subscribe(
    connection: &mut SqliteConnection,
    wanted: &[Subscription],
    now_ms: i64,
) -> sqlx::Result<Vec<Subscriber>> {
    sqlx::query("UPDATE consumers SET patterns = '[]'").execute(&mut *connection).await?;
    for subscription in wanted {
        let patterns: Vec<&str> = subscription.patterns.iter().map(KindPattern::as_str).collect();
        sqlx::query(
            "INSERT INTO consumers (name, patterns, subscribed_at) VALUES ($1, $2, $3)
             ON CONFLICT (name) DO UPDATE SET patterns = excluded.patterns",
        )
        .bind(subscription.consumer.as_str())
        .bind(json(&patterns)?)
        .bind(now_ms)
        .execute(&mut *connection)
        .await?;
    }
    let rows = sqlx::query("SELECT consumer_id, name, patterns FROM consumers").fetch_all(&mut *connection).await?;
    rows.iter().map(subscriber).collect()
}

/// Reads a row of `consumers`.
pub(super) fn subscriber(row: &sqlx::sqlite::SqliteRow) -> sqlx::Result<Subscriber> {
    let patterns: Vec<String> = serde_json::from_str(row.try_get("patterns")?).map_err(decode)?;
    Ok(Subscriber {
        id: row.try_get("consumer_id")?,
        name: ComponentId::new(row.try_get("name")?),
        patterns: patterns.iter().map(|pattern| KindPattern::new(pattern)).collect(),
    })
}

/// An event as it is handed to the statement that inserts many.
#[derive(Serialize)]
pub(super) struct EventRow {
    id: String,
    kind: String,
    aggregate_type: String,
    aggregate_id: String,
    payload: String,
    occurred_at: String,
    producer: String,
    trace_id: Option<String>,
    correlation_id: Option<String>,
    #[serde(skip)]
    aggregate_key: String,
}

/// Copies what the insert needs: it outlives the publisher's call.
pub(super) fn event_rows<'a>(events: impl Iterator<Item = &'a Event>) -> Vec<EventRow> {
    let row = |event: &Event| EventRow {
        id: event.id.to_string(),
        kind: event.kind.clone(),
        aggregate_type: event.aggregate_type.clone(),
        aggregate_id: event.aggregate_id.clone(),
        payload: event.payload.clone(),
        occurred_at: event.occurred_at.clone(),
        producer: event.producer.as_str().to_owned(),
        trace_id: event.trace_id.clone(),
        correlation_id: event.correlation_id.clone(),
        aggregate_key: event.aggregate_key(),
    };
    events.map(row).collect()
}

/// Inserts the events that are new, and a delivery for each of their subscribers; answers who got something.
pub(super) async fn publish(
    connection: &mut SqliteConnection,
    events: &[EventRow],
    subscribers: &[Subscriber],
    now_ms: i64,
) -> sqlx::Result<BTreeSet<ComponentId>> {
    // ON CONFLICT after a SELECT needs a WHERE, or SQLite reads ON as part of a join.
    let inserted = sqlx::query(
        "INSERT INTO events (event_id, kind, aggregate_type, aggregate_id, payload, occurred_at, producer, trace_id,
             correlation_id, accepted_at)
         SELECT value ->> 'id', value ->> 'kind', value ->> 'aggregate_type', value ->> 'aggregate_id',
             value ->> 'payload', value ->> 'occurred_at', value ->> 'producer', value ->> 'trace_id',
             value ->> 'correlation_id', $2
         FROM json_each($1) WHERE true ORDER BY key
         ON CONFLICT (event_id) DO NOTHING
         RETURNING event_id, position",
    )
    .bind(json(events)?)
    .bind(now_ms)
    .fetch_all(&mut *connection)
    .await?;
    let mut deliveries: Vec<(i64, i64, &str)> = Vec::new();
    let mut woken = BTreeSet::new();
    for row in &inserted {
        let (id, position): (&str, i64) = (row.try_get("event_id")?, row.try_get("position")?);
        let Some(event) = events.iter().find(|event| event.id == id) else { continue };
        for subscriber in subscribers {
            if subscriber.patterns.iter().any(|pattern| pattern.matches(&event.kind)) {
                deliveries.push((subscriber.id, position, &event.aggregate_key));
                woken.insert(subscriber.name.clone());
            }
        }
    }
    if !deliveries.is_empty() {
        sqlx::query(
            "INSERT INTO deliveries (consumer_id, position, aggregate)
             SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each($1)",
        )
        .bind(json(&deliveries)?)
        .execute(&mut *connection)
        .await?;
    }
    Ok(woken)
}

/// What a settlement changes, sorted by statement. Returned deliveries change nothing.
pub(super) struct Settled {
    acknowledged: Vec<u64>,
    retried: Vec<Failed>,
    buried: Vec<Failed>,
    now_ms: i64,
}

/// A failed attempt as it is handed to the statements.
#[derive(Serialize)]
struct Failed {
    position: u64,
    due_at: i64,
    error: String,
}

impl Settled {
    /// Sorts `settlements` made at `now_ms`.
    pub(super) fn new(settlements: &[(DeliveryToken, Settlement)], now_ms: i64) -> Self {
        let mut settled = Self { acknowledged: Vec::new(), retried: Vec::new(), buried: Vec::new(), now_ms };
        for (DeliveryToken(position), settlement) in settlements {
            let failed = |due_at: i64, error: &str| Failed { position: *position, due_at, error: error.to_owned() };
            match settlement {
                Settlement::Acknowledge => settled.acknowledged.push(*position),
                Settlement::Return => {}
                Settlement::Retry { after, error } => {
                    let after_ms = i64::try_from(after.as_millis()).unwrap_or(i64::MAX);
                    settled.retried.push(failed(now_ms.saturating_add(after_ms), error));
                }
                Settlement::Bury { error } => settled.buried.push(failed(0, error)),
            }
        }
        settled
    }

    /// Whether there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.acknowledged.is_empty() && self.retried.is_empty() && self.buried.is_empty()
    }
}

/// Writes what became of deliveries. Rows that are gone already are passed over, so it may be repeated.
pub(super) async fn settle(connection: &mut SqliteConnection, consumer: &str, settled: &Settled) -> sqlx::Result<()> {
    if !settled.acknowledged.is_empty() {
        remove_deliveries(connection, consumer, &settled.acknowledged).await?;
    }
    if !settled.retried.is_empty() {
        retry(connection, consumer, settled).await?;
    }
    if !settled.buried.is_empty() {
        bury(connection, consumer, settled).await?;
        let positions: Vec<u64> = settled.buried.iter().map(|failed| failed.position).collect();
        remove_deliveries(connection, consumer, &positions).await?;
    }
    Ok(())
}

async fn remove_deliveries(connection: &mut SqliteConnection, consumer: &str, positions: &[u64]) -> sqlx::Result<()> {
    sqlx::query(
        "DELETE FROM deliveries
         WHERE consumer_id = (SELECT consumer_id FROM consumers WHERE name = $1)
             AND position IN (SELECT value FROM json_each($2))",
    )
    .bind(consumer)
    .bind(json(positions)?)
    .execute(connection)
    .await?;
    Ok(())
}

async fn retry(connection: &mut SqliteConnection, consumer: &str, settled: &Settled) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE deliveries SET
             failures = failures + 1,
             due_at = failed.due_at,
             history = json_insert(
                 CASE WHEN json_array_length(history) >= $4 THEN json_remove(history, '$[0]') ELSE history END,
                 '$[#]', json_object('at', $3, 'error', failed.error))
         FROM (SELECT value ->> 'position' AS position, value ->> 'due_at' AS due_at, value ->> 'error' AS error
               FROM json_each($2)) AS failed
         WHERE deliveries.consumer_id = (SELECT consumer_id FROM consumers WHERE name = $1)
             AND deliveries.position = failed.position",
    )
    .bind(consumer)
    .bind(json(&settled.retried)?)
    .bind(settled.now_ms)
    .bind(HISTORY_MAX)
    .execute(connection)
    .await?;
    Ok(())
}

async fn bury(connection: &mut SqliteConnection, consumer: &str, settled: &Settled) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO dead_letters (consumer_id, position, aggregate, failures, error, history, died_at)
         SELECT d.consumer_id, d.position, d.aggregate, d.failures + 1, failed.value ->> 'error',
             json_insert(
                 CASE WHEN json_array_length(d.history) >= $4 THEN json_remove(d.history, '$[0]') ELSE d.history END,
                 '$[#]', json_object('at', $3, 'error', failed.value ->> 'error')),
             $3
         FROM json_each($2) AS failed
         JOIN deliveries AS d ON d.position = failed.value ->> 'position'
         WHERE d.consumer_id = (SELECT consumer_id FROM consumers WHERE name = $1)",
    )
    .bind(consumer)
    .bind(json(&settled.buried)?)
    .bind(settled.now_ms)
    .bind(HISTORY_MAX)
    .execute(connection)
    .await?;
    Ok(())
}

/// Turns a dead letter back into a delivery that is due; answers whether there was one.
pub(super) async fn replay(connection: &mut SqliteConnection, consumer: &str, event: EventId) -> sqlx::Result<bool> {
    sqlx::query(
        "INSERT INTO deliveries (consumer_id, position, aggregate, history)
         SELECT l.consumer_id, l.position, l.aggregate, l.history
         FROM dead_letters AS l JOIN events AS e USING (position) JOIN consumers AS c USING (consumer_id)
         WHERE c.name = $1 AND e.event_id = $2",
    )
    .bind(consumer)
    .bind(event.to_string())
    .execute(&mut *connection)
    .await?;
    discard(connection, consumer, event).await
}

/// Removes a dead letter; answers whether there was one.
pub(super) async fn discard(connection: &mut SqliteConnection, consumer: &str, event: EventId) -> sqlx::Result<bool> {
    let removed = sqlx::query(
        "DELETE FROM dead_letters
         WHERE consumer_id = (SELECT consumer_id FROM consumers WHERE name = $1)
             AND position = (SELECT position FROM events WHERE event_id = $2)",
    )
    .bind(consumer)
    .bind(event.to_string())
    .execute(connection)
    .await?;
    Ok(removed.rows_affected() > 0)
}

fn json<T: Serialize + ?Sized>(value: &T) -> sqlx::Result<String> {
    serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}

/// The file holds something that this host did not write.
pub(super) fn decode(error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}
