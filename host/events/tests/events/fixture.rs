//! One service with its database, a bus that can be told to fail, and a clock that stands still until it is told.

use crate::contract::{consumer, event, subscription};
use async_trait::async_trait;
use jiff::Timestamp;
use mutrapro_events::{
    Bus, Clock, ConsumerCounts, DeadLetter, Delivery, DeliveryToken, EmbeddedBus, EmbeddedBusOptions, Event, EventId,
    EventLimits, EventMetrics, EventsError, Outbox, PublishOutcome, Publisher, PublisherParts, Settlement,
    Subscription,
};
use mutrapro_manifest::{App, ComponentId, Database, Migration, Service};
use mutrapro_sql::{Databases, SqlMetrics, SqliteConfig, Value};
use prometheus_client::registry::Registry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::{Notify, watch};

/// A clock that stands still until it is told.
pub(crate) struct ManualClock(Mutex<Timestamp>);

impl ManualClock {
    pub(crate) fn start() -> Arc<Self> {
        Arc::new(Self(Mutex::new("2026-01-31T09:30:00Z".parse().unwrap())))
    }

    pub(crate) fn advance(&self, duration: Duration) {
        *self.0.lock().unwrap() += duration;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// An embedded bus whose next operations may be told to fail.
pub(crate) struct ScriptedBus {
    inner: EmbeddedBus,
    /// What the next calls of `publish` do; once it is empty they pass.
    pub(crate) publishing: Mutex<VecDeque<Script>>,
    /// How many calls of `settle` fail.
    pub(crate) settle_failures: Mutex<u32>,
    /// Every event that was handed over, in order.
    pub(crate) published: Mutex<Vec<EventId>>,
    /// Whether this host is the one to publish.
    pub(crate) leads: watch::Sender<bool>,
    /// How often another host was called to publish.
    pub(crate) calls: watch::Sender<u32>,
}

/// What a call of `publish` does.
pub(crate) enum Script {
    Unavailable,
    /// Refuses this event and withholds the later ones of its aggregate.
    Refuse(EventId),
}

fn down() -> EventsError {
    EventsError::Unavailable("down".to_owned())
}

#[async_trait]
impl Bus for ScriptedBus {
    async fn subscribe(&self, subscriptions: &[Subscription]) -> Result<(), EventsError> {
        self.inner.subscribe(subscriptions).await
    }

    async fn publish(&self, events: &[Event]) -> Result<Vec<PublishOutcome>, EventsError> {
        let script = self.publishing.lock().unwrap().pop_front();
        let refused = match script {
            Some(Script::Unavailable) => return Err(down()),
            Some(Script::Refuse(id)) => events.iter().find(|event| event.id == id),
            None => None,
        };
        let mut outcomes = Vec::new();
        for event in events {
            outcomes.push(match refused {
                Some(refused) if refused.id == event.id => PublishOutcome::Refused("not this one".to_owned()),
                Some(refused) if refused.aggregate_key() == event.aggregate_key() => PublishOutcome::Withheld,
                _ => {
                    self.published.lock().unwrap().push(event.id);
                    self.inner.publish(std::slice::from_ref(event)).await?.remove(0)
                }
            });
        }
        Ok(outcomes)
    }

    async fn fetch(&self, consumer: &ComponentId, max: u16, patience: Duration) -> Result<Vec<Delivery>, EventsError> {
        self.inner.fetch(consumer, max, patience).await
    }

    async fn settle(
        &self,
        consumer: &ComponentId,
        settlements: &[(DeliveryToken, Settlement)],
    ) -> Result<(), EventsError> {
        let fails = {
            let mut failures = self.settle_failures.lock().unwrap();
            let fails = *failures > 0;
            *failures = failures.saturating_sub(1);
            fails
        };
        if fails { Err(down()) } else { self.inner.settle(consumer, settlements).await }
    }

    async fn dead_letters(&self, consumer: Option<&ComponentId>, max: u32) -> Result<Vec<DeadLetter>, EventsError> {
        self.inner.dead_letters(consumer, max).await
    }

    async fn dead_letter(&self, consumer: &ComponentId, event: EventId) -> Result<Option<DeadLetter>, EventsError> {
        self.inner.dead_letter(consumer, event).await
    }

    async fn replay(&self, consumer: &ComponentId, event: EventId) -> Result<bool, EventsError> {
        self.inner.replay(consumer, event).await
    }

    async fn discard(&self, consumer: &ComponentId, event: EventId) -> Result<bool, EventsError> {
        self.inner.discard(consumer, event).await
    }

    async fn counts(&self) -> Result<Vec<ConsumerCounts>, EventsError> {
        self.inner.counts().await
    }

    async fn purge(&self) -> Result<u64, EventsError> {
        self.inner.purge().await
    }

    fn attend(&self, _producer: &ComponentId, _wake: Arc<Notify>) -> watch::Receiver<bool> {
        self.leads.subscribe()
    }

    async fn call(&self, _producer: &ComponentId) {
        self.calls.send_modify(|calls| *calls += 1);
    }
}

/// A service that publishes and subscribes to `user.*`, with a table for effects.
pub(crate) struct System {
    _folder: TempDir,
    pub(crate) id: ComponentId,
    pub(crate) databases: Arc<Databases>,
    pub(crate) bus: Arc<ScriptedBus>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) limits: EventLimits,
    pub(crate) metrics: EventMetrics,
}

/// An effect may name a parent that does not exist, which only the commit refuses.
const TABLES: &str = "
    CREATE TABLE parents (id TEXT PRIMARY KEY);
    CREATE TABLE effects (event_id TEXT NOT NULL, parent_id TEXT,
        CONSTRAINT effects_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED);
";

impl System {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = ManualClock::start();
        let id = consumer("user-service");
        let app = app(&id);
        let config = SqliteConfig::new(folder.path().to_owned());
        let databases = Databases::open(&app, &config, SqlMetrics::register(&mut Registry::default())).await.unwrap();
        databases.migrate().await.unwrap();
        let options = EmbeddedBusOptions {
            poll: Duration::from_secs(3600),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            ..EmbeddedBusOptions::default()
        };
        let inner = EmbeddedBus::open(&folder.path().join("bus.sqlite"), options).await.unwrap();
        inner.subscribe(&[subscription("user-service", &["user.*"])]).await.unwrap();
        let bus = ScriptedBus {
            inner,
            publishing: Mutex::default(),
            settle_failures: Mutex::default(),
            published: Mutex::default(),
            leads: watch::channel(true).0,
            calls: watch::channel(0).0,
        };
        // Only wakes move anything, so that a test shows that they do.
        let limits = EventLimits { poll: Duration::from_secs(3600), ..EventLimits::default() };
        let metrics = EventMetrics::register(&mut Registry::default());
        Self { _folder: folder, id, databases, bus: Arc::new(bus), clock, limits, metrics }
    }

    pub(crate) fn database(&self) -> &Arc<dyn mutrapro_sql::Database> {
        self.databases.of(&self.id).unwrap()
    }

    pub(crate) fn outbox(&self) -> Arc<Outbox> {
        Arc::new(Outbox::new(self.id.clone(), Arc::clone(self.database())))
    }

    pub(crate) fn bus(&self) -> Arc<dyn Bus> {
        Arc::clone(&self.bus) as Arc<dyn Bus>
    }

    pub(crate) fn publisher(&self) -> Publisher {
        self.publisher_of(Duration::ZERO)
    }

    /// A publisher of an outbox whose positions become visible in their order but for `gap_time`.
    pub(crate) fn publisher_of(&self, gap_time: Duration) -> Publisher {
        let parts = PublisherParts {
            bus: self.bus(),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            limits: self.limits.clone(),
            metrics: self.metrics.clone(),
            gap_time,
        };
        Publisher::new(self.outbox(), parts)
    }

    /// Commits events in one transaction, as a service would.
    pub(crate) async fn emit(&self, events: &[Event], wake: &Arc<Notify>) {
        let mut transaction = self.database().begin().await.unwrap();
        for event in events {
            Outbox::insert(&mut transaction, event).await.unwrap();
        }
        transaction.notify_on_commit(wake);
        transaction.commit().await.unwrap();
    }

    /// Emits one event per aggregate id.
    pub(crate) async fn emit_of(&self, aggregate_ids: &[&str]) -> Vec<EventId> {
        let events: Vec<Event> = aggregate_ids.iter().map(|id| event("user.updated", id)).collect();
        self.emit(&events, &Arc::default()).await;
        events.iter().map(|event| event.id).collect()
    }

    /// The one number that `statement` answers.
    pub(crate) async fn number(&self, statement: &str) -> i64 {
        let rows = self.database().query(statement, Vec::new()).await.unwrap();
        match rows.rows[0][0] {
            Value::Integer(number) => number,
            ref other => panic!("{statement} answered {other:?}"),
        }
    }

    pub(crate) async fn fetch(&self) -> Vec<Delivery> {
        self.bus.fetch(&self.id, 100, Duration::ZERO).await.unwrap()
    }
}

fn app(id: &ComponentId) -> App {
    let migration =
        Migration { version: 1, name: "create".to_owned(), sql: TABLES.to_owned(), path: "0001_create.sql".into() };
    let database = Database {
        name: "user_db".to_owned(),
        tables: BTreeSet::from(["parents".to_owned(), "effects".to_owned()]),
        migrations: vec![migration],
    };
    let service = Service { database: Some(database), ..Service::new(id.clone(), "user_service.wasm") };
    App {
        name: "test".to_owned(),
        version: "0.1.0".to_owned(),
        services: BTreeMap::from([(id.clone(), Arc::new(service))]),
        ..App::default()
    }
}
