//! The table `outbox_events` of one database: every statement about it, in portable SQL.

use crate::dead_letter::{Attempt, DeadLetter, DeadLetterId, Stage};
use crate::error::EventsError;
use crate::event::{Event, EventId};
use jiff::Timestamp;
use mutrapro_manifest::ComponentId;
use mutrapro_sql::{Database, Error, RowSet, Transaction, Value, canonical_instant};
use std::sync::Arc;

/// The columns that make an event, in the order in which [`Row`] reads them.
const EVENT_COLUMNS: &str =
    "event_id, event_type, aggregate_type, aggregate_id, event_payload, occurred_at, trace_id, correlation_id";

/// The outbox of one service.
pub struct Outbox {
    producer: ComponentId,
    database: Arc<dyn Database>,
}

/// An event that waits to be published.
#[derive(Debug, Clone)]
pub struct PendingEvent {
    /// The event.
    pub event: Event,
    /// Its place in the order of commits.
    pub position: i64,
    /// How often the bus refused it.
    pub refusals: u32,
}

/// A look at what is due.
#[derive(Debug, Clone)]
pub struct DueEvents {
    /// In the order of their commits.
    pub events: Vec<PendingEvent>,
    /// Whether there may be more behind them.
    pub more: bool,
}

/// The bus refused an event.
#[derive(Debug, Clone)]
pub struct RefusedEvent {
    /// Which one.
    pub position: i64,
    /// How often now.
    pub refusals: u32,
    /// Why.
    pub error: String,
    /// When it is tried again; `None` gives it up.
    pub next_retry_at: Option<Timestamp>,
}

/// How an outbox stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutboxCounts {
    /// How many events wait to be published or for their mark.
    pub pending: u64,
    /// When the oldest of them was emitted.
    pub oldest_pending_since: Option<Timestamp>,
    /// How many were given up.
    pub dead: u64,
}

/// Where a look through the published events goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PurgePage {
    /// How many events this page removed.
    pub removed: u64,
    /// The position to go on after; `None` when the rest is too young.
    pub next: Option<i64>,
}

impl Outbox {
    /// The outbox of `producer` in `database`.
    pub fn new(producer: ComponentId, database: Arc<dyn Database>) -> Self {
        Self { producer, database }
    }

    /// The service whose outbox this is.
    pub fn producer(&self) -> &ComponentId {
        &self.producer
    }

    /// Writes `event` in `transaction`, due at once.
    ///
    /// # Errors
    /// The database's; the transaction has ended then.
    pub async fn insert(transaction: &mut Transaction, event: &Event) -> Result<(), Error> {
        let optional = |text: &Option<String>| text.clone().map_or(Value::Null, Value::Text);
        transaction
            .execute_or_end(
                "INSERT INTO outbox_events (event_id, aggregate_id, aggregate_type, event_type, event_payload,
                     occurred_at, retry_count, trace_id, correlation_id)
                 VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8)",
                vec![
                    Value::Text(event.id.to_string()),
                    Value::Text(event.aggregate_id.clone()),
                    Value::Text(event.aggregate_type.clone()),
                    Value::Text(event.kind.clone()),
                    Value::Text(event.payload.clone()),
                    Value::Text(event.occurred_at.clone()),
                    optional(&event.trace_id),
                    optional(&event.correlation_id),
                ],
            )
            .await?;
        Ok(())
    }

    /// At most `max` unmarked events that are due at `now`, in the order of their commits; fewer when they are long. An
    /// event that waits for its next attempt holds back the later ones of its aggregate. Of those that were never tried,
    /// only what is behind position `after` is looked at.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`].
    pub async fn due(&self, now: Timestamp, after: i64, max: u16) -> Result<DueEvents, EventsError> {
        let statement = due_statement();
        let mut max = max.max(1);
        loop {
            let parameters = vec![
                instant(now),
                Value::Integer(i64::from(max)),
                instant(Timestamp::UNIX_EPOCH),
                Value::Integer(after),
            ];
            match self.database.query(&statement, parameters).await {
                Ok(rows) => {
                    let events = self.read(rows, |row, event| row.pending(event))?;
                    let more = events.len() >= usize::from(max);
                    return Ok(DueEvents { events, more });
                }
                // A hundred long events are more than an answer may hold.
                Err(Error::TooLarge) if max > 1 => max = (max / 4).max(1),
                Err(error) => return Err(self.failed("reading due events", &error)),
            }
        }
    }

    /// Marks events as published at `now`.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`]; mark them again.
    pub async fn mark(&self, positions: &[i64], now: Timestamp) -> Result<(), EventsError> {
        if positions.is_empty() {
            return Ok(());
        }
        let statement = format!(
            "UPDATE outbox_events SET published_at = $1 WHERE position IN ({})",
            parameter_list(2, positions.len())
        );
        let mut parameters = vec![instant(now)];
        parameters.extend(positions.iter().copied().map(Value::Integer));
        self.change(&statement, parameters).await?;
        Ok(())
    }

    /// Writes down that the bus refused events.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`]; they are due as before.
    pub async fn fail(&self, refused: &[RefusedEvent], now: Timestamp) -> Result<(), EventsError> {
        let failed = |error: Error| self.failed("writing a refusal", &error);
        let mut transaction = self.database.begin().await.map_err(failed)?;
        for event in refused {
            let dead_at = if event.next_retry_at.is_none() { instant(now) } else { Value::Null };
            transaction
                .execute(
                    "UPDATE outbox_events SET retry_count = $2, last_error = $3, next_retry_at = $4, dead_at = $5
                     WHERE position = $1",
                    vec![
                        Value::Integer(event.position),
                        Value::Integer(i64::from(event.refusals)),
                        Value::Text(event.error.clone()),
                        event.next_retry_at.map_or(Value::Null, instant),
                        dead_at,
                    ],
                )
                .await
                .map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)
    }

    /// Removes what was published before `before`, among the at most `max` events after position `after`. Positions grow
    /// with time, so the look ends at the first page whose last event is younger.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`].
    pub async fn purge(&self, before: Timestamp, after: i64, max: u16) -> Result<PurgePage, EventsError> {
        let page = self
            .query(
                "SELECT max(position), max(occurred_at), count(*) FROM (
                     SELECT position, occurred_at FROM outbox_events WHERE position > $1 ORDER BY position LIMIT $2
                 ) AS page",
                vec![Value::Integer(after), Value::Integer(i64::from(max))],
            )
            .await?;
        let row = Row(page.rows.first().map_or(&[], Vec::as_slice));
        let count = row.integer(2).unwrap_or(0);
        let (Some(last), Some(youngest)) = (row.integer(0), row.text(1)) else {
            return Ok(PurgePage { removed: 0, next: None });
        };
        let removed = self
            .change(
                "DELETE FROM outbox_events WHERE position > $1 AND position <= $2 AND published_at < $3",
                vec![Value::Integer(after), Value::Integer(last), instant(before)],
            )
            .await?;
        let goes_on = count == i64::from(max) && *youngest < *canonical_instant(before);
        Ok(PurgePage { removed, next: goes_on.then_some(last) })
    }

    /// How many wait and how many are dead.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`].
    pub async fn counts(&self) -> Result<OutboxCounts, EventsError> {
        let pending = self
            .query(
                "SELECT count(*), min(occurred_at) FROM outbox_events WHERE published_at IS NULL AND dead_at IS NULL",
                Vec::new(),
            )
            .await?;
        let dead = self.query("SELECT count(*) FROM outbox_events WHERE dead_at IS NOT NULL", Vec::new()).await?;
        let pending = Row(pending.rows.first().map_or(&[], Vec::as_slice));
        let dead = Row(dead.rows.first().map_or(&[], Vec::as_slice));
        let count = |row: &Row<'_>| row.integer(0).and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
        Ok(OutboxCounts {
            pending: count(&pending),
            oldest_pending_since: pending.text(1).and_then(|at| at.parse().ok()),
            dead: count(&dead),
        })
    }

    /// At most `max` events that were given up, the oldest first.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`].
    pub async fn dead_letters(&self, max: u32) -> Result<Vec<DeadLetter>, EventsError> {
        let statement = format!(
            "SELECT {EVENT_COLUMNS}, retry_count, last_error, dead_at FROM outbox_events
             WHERE dead_at IS NOT NULL ORDER BY dead_at, position LIMIT $1"
        );
        let rows = self.query(&statement, vec![Value::Integer(i64::from(max))]).await?;
        self.read(rows, |row, event| row.dead_letter(event))
    }

    /// The event of this id, if it was given up.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`].
    pub async fn dead_letter(&self, event: EventId) -> Result<Option<DeadLetter>, EventsError> {
        let statement = format!(
            "SELECT {EVENT_COLUMNS}, retry_count, last_error, dead_at FROM outbox_events
             WHERE event_id = $1 AND dead_at IS NOT NULL"
        );
        let rows = self.query(&statement, vec![Value::Text(event.to_string())]).await?;
        Ok(self.read(rows, |row, event| row.dead_letter(event))?.pop())
    }

    /// Makes a dead letter due again; answers whether there was one.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`].
    pub async fn replay(&self, event: EventId) -> Result<bool, EventsError> {
        let changed = self
            .change(
                "UPDATE outbox_events SET dead_at = NULL, next_retry_at = NULL, retry_count = 0
                 WHERE event_id = $1 AND dead_at IS NOT NULL",
                vec![Value::Text(event.to_string())],
            )
            .await?;
        Ok(changed > 0)
    }

    /// Removes a dead letter; answers whether there was one.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`].
    pub async fn discard(&self, event: EventId) -> Result<bool, EventsError> {
        let changed = self
            .change(
                "DELETE FROM outbox_events WHERE event_id = $1 AND dead_at IS NOT NULL",
                vec![Value::Text(event.to_string())],
            )
            .await?;
        Ok(changed > 0)
    }

    async fn query(&self, statement: &str, parameters: Vec<Value>) -> Result<RowSet, EventsError> {
        self.database.query(statement, parameters).await.map_err(|error| self.failed("reading", &error))
    }

    /// One statement in its own transaction; answers how many rows it changed.
    async fn change(&self, statement: &str, parameters: Vec<Value>) -> Result<u64, EventsError> {
        let failed = |error: Error| self.failed("writing", &error);
        let mut transaction = self.database.begin().await.map_err(failed)?;
        let changed = transaction.execute(statement, parameters).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok(changed)
    }

    fn read<T>(&self, rows: RowSet, with_event: impl Fn(&Row<'_>, Event) -> Option<T>) -> Result<Vec<T>, EventsError> {
        let read = |values: &Vec<Value>| {
            let row = Row(values);
            let value = row.event(&self.producer).and_then(|event| with_event(&row, event));
            value.ok_or_else(|| {
                let id = row.text(0).unwrap_or("without an id");
                EventsError::Unavailable(format!("outbox of {} has a row that is no event: {id}", self.producer))
            })
        };
        rows.rows.iter().map(read).collect()
    }

    fn failed(&self, what: &str, error: &Error) -> EventsError {
        EventsError::Unavailable(format!("outbox of {} failed at {what}: {error:?}", self.producer))
    }
}

/// The values of one row, read by place.
struct Row<'a>(&'a [Value]);

impl Row<'_> {
    fn text(&self, column: usize) -> Option<&str> {
        match self.0.get(column) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    fn integer(&self, column: usize) -> Option<i64> {
        match self.0.get(column) {
            Some(Value::Integer(integer)) => Some(*integer),
            _ => None,
        }
    }

    /// The first columns, as in [`EVENT_COLUMNS`].
    fn event(&self, producer: &ComponentId) -> Option<Event> {
        Some(Event {
            id: self.text(0)?.parse().ok()?,
            kind: self.text(1)?.to_owned(),
            aggregate_type: self.text(2)?.to_owned(),
            aggregate_id: self.text(3)?.to_owned(),
            payload: self.text(4)?.to_owned(),
            occurred_at: self.text(5)?.to_owned(),
            producer: producer.clone(),
            trace_id: self.text(6).map(str::to_owned),
            correlation_id: self.text(7).map(str::to_owned),
        })
    }

    fn pending(&self, event: Event) -> Option<PendingEvent> {
        Some(PendingEvent { event, position: self.integer(8)?, refusals: u32::try_from(self.integer(9)?).ok()? })
    }

    fn dead_letter(&self, event: Event) -> Option<DeadLetter> {
        let error = self.text(9)?.to_owned();
        let died_at: Timestamp = self.text(10)?.parse().ok()?;
        Some(DeadLetter {
            id: DeadLetterId { stage: Stage::Publish, service: event.producer.clone(), event: event.id },
            event,
            attempts: u32::try_from(self.integer(8)?).ok()?,
            history: vec![Attempt { at: died_at, error: error.clone() }],
            error,
            died_at,
        })
    }
}

/// Two looks, each a walk along one end of the index of pending events, merged: asked in one condition, SQLite would
/// walk over everything published in the last week. Whatever was refused once is passed before what follows it, so a
/// fresh event waits while an earlier one of its aggregate has a next attempt, due or not. `$3` is an instant before any
/// attempt: for `IS NOT NULL` SQLite would leave the index.
fn due_statement() -> String {
    let pending = |due: &str, held_by: &str| {
        format!(
            "SELECT {EVENT_COLUMNS}, position, retry_count FROM outbox_events AS e
             WHERE published_at IS NULL AND dead_at IS NULL AND {due}
                 AND NOT EXISTS (
                     SELECT 1 FROM outbox_events AS earlier
                     WHERE earlier.published_at IS NULL AND earlier.dead_at IS NULL AND {held_by}
                         AND earlier.aggregate_type = e.aggregate_type AND earlier.aggregate_id = e.aggregate_id
                         AND earlier.position < e.position)"
        )
    };
    let fresh = pending("next_retry_at IS NULL AND position > $4", "earlier.next_retry_at > $3");
    let again = pending("next_retry_at <= $1", "earlier.next_retry_at > $1");
    format!(
        "SELECT * FROM ({fresh} ORDER BY position LIMIT $2) AS fresh
         UNION ALL
         SELECT * FROM ({again} ORDER BY next_retry_at, position LIMIT $2) AS again
         ORDER BY position LIMIT $2"
    )
}

/// `count` parameters from `$first` on, separated by commas.
pub(crate) fn parameter_list(first: usize, count: usize) -> String {
    let parameters: Vec<String> = (first..first + count).map(|n| format!("${n}")).collect();
    parameters.join(", ")
}

fn instant(at: Timestamp) -> Value {
    Value::Text(canonical_instant(at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sqlx::{AssertSqlSafe, Connection, Row as _, SqliteConnection};

    /// The planner's choice, not the answer, is what goes wrong here: a week of published events makes a walk over the
    /// table a thousand times slower.
    #[tokio::test]
    async fn look_at_what_is_due_walks_along_the_index_of_pending_events_alone() {
        let mut database = SqliteConnection::connect("sqlite::memory:").await.unwrap();
        let tables = include_str!("../../../migrations/host/sqlite/0001_create_outbox_and_consumed.sql");
        sqlx::raw_sql(tables).execute(&mut database).await.unwrap();
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", due_statement()));
        let plan = sqlx::query(explain).fetch_all(&mut database).await.unwrap();
        let steps: Vec<String> = plan.iter().map(|row| row.get("detail")).collect();
        let looks: Vec<&String> = steps
            .iter()
            .filter(|step| step.contains(" e ") || step.ends_with(" e") || step.contains(" earlier"))
            .collect();
        assert_eq!(looks.len(), 4, "{steps:#?}");
        assert!(
            looks.iter().all(|step| step.contains("SEARCH") && step.contains("outbox_events_pending_idx")),
            "{steps:#?}"
        );
    }
}
