//! The table `consumed_events` of one database: every statement about it, in portable SQL.

use crate::event::EventId;
use crate::outbox::parameter_list;
use jiff::Timestamp;
use mutrapro_manifest::ComponentId;
use mutrapro_sql::{Database, Error, Transaction, Value, canonical_instant};
use std::collections::HashSet;
use std::sync::Arc;

/// Marks `events` as consumed by `consumer` and answers those that were not yet.
pub(crate) async fn mark(
    transaction: &mut Transaction,
    consumer: &ComponentId,
    events: &[EventId],
    now: Timestamp,
) -> Result<HashSet<EventId>, Error> {
    if events.is_empty() {
        return Ok(HashSet::new());
    }
    let rows: Vec<String> = (3..3 + events.len()).map(|n| format!("(${n}, $1, $2)")).collect();
    let statement = format!(
        "INSERT INTO consumed_events (event_id, consumer_name, processed_at) VALUES {}
         ON CONFLICT (event_id, consumer_name) DO NOTHING RETURNING event_id",
        rows.join(", ")
    );
    let mut parameters = vec![Value::Text(consumer.as_str().to_owned()), Value::Text(canonical_instant(now))];
    parameters.extend(events.iter().map(|event| Value::Text(event.to_string())));
    let marked = transaction.query(&statement, parameters).await?;
    let id = |row: &Vec<Value>| match row.first() {
        Some(Value::Text(id)) => id.parse().ok(),
        _ => None,
    };
    Ok(marked.rows.iter().filter_map(id).collect())
}

/// Removes the marks of `events`, which were not handled after all.
pub(crate) async fn unmark(
    transaction: &mut Transaction,
    consumer: &ComponentId,
    events: &[EventId],
) -> Result<(), Error> {
    if events.is_empty() {
        return Ok(());
    }
    let statement = format!(
        "DELETE FROM consumed_events WHERE consumer_name = $1 AND event_id IN ({})",
        parameter_list(2, events.len())
    );
    let mut parameters = vec![Value::Text(consumer.as_str().to_owned())];
    parameters.extend(events.iter().map(|event| Value::Text(event.to_string())));
    transaction.execute(&statement, parameters).await?;
    Ok(())
}

/// Removes at most `max` marks from before `before`, those of jobs included; answers how many.
pub(crate) async fn purge(database: &Arc<dyn Database>, before: Timestamp, max: u16) -> Result<u64, Error> {
    let mut transaction = database.begin().await?;
    let removed = transaction
        .execute(
            "DELETE FROM consumed_events WHERE (event_id, consumer_name) IN (
                 SELECT event_id, consumer_name FROM consumed_events WHERE processed_at < $1 LIMIT $2)",
            vec![Value::Text(canonical_instant(before)), Value::Integer(i64::from(max))],
        )
        .await?;
    transaction.commit().await?;
    Ok(removed)
}
