//! The bus of a single host: a durable queue in one SQLite file.
//!
//! Promise: what `publish` answered survives a crash of the host and of the machine (WAL, synchronous FULL). All writes
//! that wait at a moment share one transaction, so that the disk's commits a second do not bound the events a second.
//!
//! Deliberately absent: a second host on the same file. Which deliveries are at a consumer is known in memory alone, so a
//! crash gives them back, uncounted. Another process may list, replay and discard dead letters; the host notices replayed
//! ones within [`EmbeddedBusOptions::poll`].

mod purge;
mod read;
mod schema;
mod write;
mod writer;

use crate::bus::{Bus, ConsumerCounts, Delivery, DeliveryToken, PublishOutcome, Settlement, Subscription};
use crate::clock::{Clock, SystemClock};
use crate::dead_letter::DeadLetter;
use crate::error::EventsError;
use crate::event::{Event, EventId};
use async_trait::async_trait;
use mutrapro_manifest::ComponentId;
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteSynchronous;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;
use write::Subscriber;
use writer::Writer;

/// Every setting and limit of the embedded bus.
#[derive(Clone)]
pub struct EmbeddedBusOptions {
    /// Whether a commit waits for the disk; without it a power failure may lose the last events.
    pub synchronous_full: bool,
    /// The longest event (payload, kind and ids together) that is accepted, in bytes.
    pub event_bytes_max: usize,
    /// How long an event that everybody has stays, so that it is recognised when it is published again.
    pub deduplication_window: Duration,
    /// How often a waiting consumer looks although nothing woke it.
    pub poll: Duration,
    /// How many events are removed in one transaction.
    pub purge_batch_max: u16,
    /// How many readers may look at once.
    pub readers_max: u32,
    /// Tells when a delivery is due.
    pub clock: Arc<dyn Clock>,
}

impl Default for EmbeddedBusOptions {
    fn default() -> Self {
        Self {
            synchronous_full: true,
            event_bytes_max: 1 << 20,
            deduplication_window: Duration::from_secs(3600),
            poll: Duration::from_secs(5),
            purge_batch_max: 1_000,
            readers_max: 2,
            clock: Arc::new(SystemClock),
        }
    }
}

/// The durable queue behind [`Bus`].
pub struct EmbeddedBus {
    options: EmbeddedBusOptions,
    readers: SqlitePool,
    writer: Writer,
    /// Whom each kind goes to, as the file has it.
    subscribers: Mutex<Arc<Vec<Subscriber>>>,
    /// What is at each consumer now, and how to wake it.
    desks: Mutex<HashMap<ComponentId, Arc<Desk>>>,
}

/// A consumer's place in memory.
#[derive(Default)]
struct Desk {
    in_flight: Mutex<BTreeSet<u64>>,
    wake: Notify,
    /// Held while looking for deliveries, so that two fetches never find the same one.
    looking: tokio::sync::Mutex<()>,
}

impl EmbeddedBus {
    /// Opens the queue in `file`, which is created when it is missing.
    ///
    /// # Errors
    /// [`EventsError::Misconfigured`] when the file is of a newer version of the host, [`EventsError::Unavailable`] when
    /// it cannot be opened.
    pub async fn open(file: &Path, options: EmbeddedBusOptions) -> Result<Self, EventsError> {
        let synchronous = if options.synchronous_full { SqliteSynchronous::Full } else { SqliteSynchronous::Normal };
        let connection = schema::open(file, synchronous).await?;
        let readers = schema::readers(file, options.readers_max).await?;
        let subscribers = read::subscribers(&readers).await.map_err(|e| unavailable("reading its subscribers", &e))?;
        Ok(Self {
            options,
            readers,
            writer: Writer::start(connection),
            subscribers: Mutex::new(Arc::new(subscribers)),
            desks: Mutex::default(),
        })
    }

    fn now_ms(&self) -> i64 {
        self.options.clock.now().as_millisecond()
    }

    fn subscribers(&self) -> Arc<Vec<Subscriber>> {
        Arc::clone(&lock(&self.subscribers))
    }

    fn desk(&self, consumer: &ComponentId) -> Arc<Desk> {
        Arc::clone(lock(&self.desks).entry(consumer.clone()).or_default())
    }

    /// What is due for `consumer` now, taken; otherwise how long until something may be.
    async fn look(&self, consumer: &ComponentId, desk: &Desk, max: u16) -> Result<Found, EventsError> {
        let _only_one_looks = desk.looking.lock().await;
        // Taken before the query: whatever is settled meanwhile is either still in this copy or gone from the file.
        let in_flight = lock(&desk.in_flight).clone();
        let now_ms = self.now_ms();
        let due = read::Due { consumer, now_ms, in_flight: &in_flight, max };
        let failed = |e| unavailable(format_args!("fetching for {consumer}"), &e);
        let deliveries = read::due(&self.readers, due).await.map_err(failed)?;
        if deliveries.is_empty() {
            let next_due_ms = read::next_due_ms(&self.readers, consumer, now_ms).await.map_err(failed)?;
            let until_due = next_due_ms.map(|due| u64::try_from(due.saturating_sub(now_ms)).unwrap_or(0));
            return Ok(Found::NothingFor(until_due.map_or(self.options.poll, Duration::from_millis)));
        }
        lock(&desk.in_flight).extend(deliveries.iter().map(|delivery| delivery.token.0));
        Ok(Found::Deliveries(deliveries))
    }
}

enum Found {
    Deliveries(Vec<Delivery>),
    NothingFor(Duration),
}

#[async_trait]
impl Bus for EmbeddedBus {
    async fn subscribe(&self, subscriptions: &[Subscription]) -> Result<(), EventsError> {
        let now_ms = self.now_ms();
        let wanted = subscriptions.to_vec();
        let subscribers = self
            .writer
            .write(move |connection| Box::pin(async move { write::subscribe(connection, &wanted, now_ms).await }))
            .await?;
        *lock(&self.subscribers) = Arc::new(subscribers);
        Ok(())
    }

    async fn publish(&self, events: &[Event]) -> Result<Vec<PublishOutcome>, EventsError> {
        let outcomes = outcomes(events, self.options.event_bytes_max);
        let accepted = events.iter().zip(&outcomes).filter(|(_, outcome)| **outcome == PublishOutcome::Accepted);
        let rows = write::event_rows(accepted.map(|(event, _)| event));
        let subscribers = self.subscribers();
        let now_ms = self.now_ms();
        let woken = self
            .writer
            .write(move |connection| {
                Box::pin(async move { write::publish(connection, &rows, &subscribers, now_ms).await })
            })
            .await?;
        for consumer in woken {
            self.desk(&consumer).wake.notify_one();
        }
        Ok(outcomes)
    }

    async fn fetch(&self, consumer: &ComponentId, max: u16, patience: Duration) -> Result<Vec<Delivery>, EventsError> {
        let desk = self.desk(consumer);
        let deadline = Instant::now() + patience;
        loop {
            let nothing_for = match self.look(consumer, &desk, max).await? {
                Found::Deliveries(deliveries) => return Ok(deliveries),
                Found::NothingFor(duration) => duration,
            };
            if Instant::now() >= deadline {
                return Ok(Vec::new());
            }
            let look_again = deadline.min(Instant::now() + nothing_for.min(self.options.poll));
            tokio::select! {
                () = desk.wake.notified() => {}
                () = tokio::time::sleep_until(look_again) => {}
            }
        }
    }

    async fn settle(
        &self,
        consumer: &ComponentId,
        settlements: &[(DeliveryToken, Settlement)],
    ) -> Result<(), EventsError> {
        let settled = write::Settled::new(settlements, self.now_ms());
        if !settled.is_empty() {
            let consumer = consumer.clone();
            self.writer
                .write(move |connection| {
                    Box::pin(async move { write::settle(connection, consumer.as_str(), &settled).await })
                })
                .await?;
        }
        // After the commit: until then nobody else may have them.
        let desk = self.desk(consumer);
        let mut in_flight = lock(&desk.in_flight);
        for (token, _) in settlements {
            in_flight.remove(&token.0);
        }
        Ok(())
    }

    async fn dead_letters(&self, consumer: Option<&ComponentId>, max: u32) -> Result<Vec<DeadLetter>, EventsError> {
        read::dead_letters(&self.readers, consumer, max).await.map_err(|e| unavailable("reading dead letters", &e))
    }

    async fn dead_letter(&self, consumer: &ComponentId, event: EventId) -> Result<Option<DeadLetter>, EventsError> {
        read::dead_letter(&self.readers, consumer, event).await.map_err(|e| unavailable("reading a dead letter", &e))
    }

    async fn replay(&self, consumer: &ComponentId, event: EventId) -> Result<bool, EventsError> {
        let name = consumer.clone();
        let replayed = self
            .writer
            .write(move |connection| Box::pin(async move { write::replay(connection, name.as_str(), event).await }))
            .await?;
        self.desk(consumer).wake.notify_one();
        Ok(replayed)
    }

    async fn discard(&self, consumer: &ComponentId, event: EventId) -> Result<bool, EventsError> {
        let name = consumer.clone();
        self.writer
            .write(move |connection| Box::pin(async move { write::discard(connection, name.as_str(), event).await }))
            .await
    }

    async fn counts(&self) -> Result<Vec<ConsumerCounts>, EventsError> {
        read::counts(&self.readers).await.map_err(|e| unavailable("counting deliveries", &e))
    }

    /// Removes events that everybody has and that are older than the de-duplication window.
    async fn purge(&self) -> Result<u64, EventsError> {
        let window_ms = i64::try_from(self.options.deduplication_window.as_millis()).unwrap_or(i64::MAX);
        let before_ms = self.now_ms().saturating_sub(window_ms);
        purge::purge(&self.writer, before_ms, self.options.purge_batch_max).await
    }
}

/// What becomes of each of `events`: only its length can be wrong with one.
fn outcomes(events: &[Event], bytes_max: usize) -> Vec<PublishOutcome> {
    let mut refused = HashSet::new();
    let outcome = |event: &Event| {
        let bytes = event.payload.len() + event.kind.len() + event.aggregate_type.len() + event.aggregate_id.len();
        if refused.contains(&event.aggregate_key()) {
            PublishOutcome::Withheld
        } else if bytes > bytes_max {
            refused.insert(event.aggregate_key());
            PublishOutcome::Refused(format!("event is {bytes} bytes long, the bus takes at most {bytes_max}"))
        } else {
            PublishOutcome::Accepted
        }
    };
    events.iter().map(outcome).collect()
}

fn unavailable(what: impl std::fmt::Display, error: &sqlx::Error) -> EventsError {
    EventsError::unavailable(format_args!("embedded bus failed at {what}"), error)
}

/// Nothing that is done under these locks can leave them half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
