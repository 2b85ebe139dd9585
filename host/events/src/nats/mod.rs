//! The bus of any number of hosts: NATS JetStream.
//!
//! Promise: what `publish` answered is kept by as many servers as configured; each service's deliveries go to one host at a
//! time; a host that fails is replaced within the lease time, and nothing is lost or handled twice by that.
//!
//! **Where everything is.** Events lie in one stream, in the order in which they were accepted ([`publishing`]). Where a
//! consumer stands is a document ([`document`]): the sequence up to which it is through, and the few events before that
//! which failed or are held back behind one that failed. Dead letters lie in a stream of their own ([`dead`]).
//!
//! **Who does what.** For each service one host has a lease ([`leases`]) and takes its deliveries ([`desk`], [`attendance`]):
//! it reads the stream after the document's cursor, hands out what is due, and with each settlement writes the document anew.
//!
//! **Why that is safe.** A lease is only a habit: a host that hung may believe in its own long after another one took it. The
//! fence is the document. It is written by compare-and-set, and the first thing a new holder does is to write its name into
//! it. From then on whatever the old one settles is refused, so it throws its state away. The new one delivers everything
//! that the document does not tell settled, in order, also what the old one is still at. The consumer's marks in its database
//! make that harmless: marking waits on the unique index as long as the old one's transaction is open. If it commits, the
//! event is a duplicate; if not, it is handled now. And because unsettled events come again in order, and the old one fetches
//! nothing before it has settled, no event of an aggregate can be handled before the one in front of it.
//!
//! *Deliberately absent:* acknowledgements and redelivery of the server's. They know no aggregates, so a message that fails
//! would be overtaken, or hold back everybody.

mod ahead;
mod attendance;
mod broker;
mod config;
mod dead;
mod desk;
mod document;
mod documents;
mod leases;
mod message;
mod names;
mod plan;
mod position;
mod publishing;
mod reader;
mod streams;

pub use config::{NatsConfig, NatsCredentials, NatsStorage, NatsTls};

use crate::bus::{Bus, ConsumerCounts, Delivery, DeliveryToken, PublishOutcome, Settlement, Subscription};
use crate::clock::Clock;
use crate::dead_letter::DeadLetter;
use crate::error::EventsError;
use crate::event::{Event, EventId};
use crate::limits::NatsLimits;
use crate::nats::broker::Broker;
use crate::nats::desk::{Desk, Standing};
use crate::nats::document::Document;
use crate::nats::documents::Written;
use crate::nats::leases::Leases;
use async_trait::async_trait;
use futures::future::{join_all, try_join_all};
use mutrapro_manifest::ComponentId;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

/// NATS JetStream behind [`Bus`]. Dropping it is like a crash: others take over when the lease time is over.
pub struct NatsBus {
    broker: Arc<Broker>,
    leases: Leases,
    desks: Mutex<HashMap<ComponentId, Arc<Desk>>>,
    /// What runs in the background, as long as this is kept.
    tasks: Mutex<JoinSet<()>>,
    last_purge: tokio::sync::Mutex<Option<Purge>>,
}

/// What a purge saw, for a later one to remove.
struct Purge {
    at: Instant,
    /// The end of the stream.
    end: i64,
    /// Copies of replayed events that nobody needed.
    needless: HashSet<i64>,
}

impl NatsBus {
    /// Connects to NATS, and makes the streams as `config` has them. `clock` tells when a delivery is due.
    ///
    /// # Errors
    /// [`EventsError::Misconfigured`] when the configuration, the server's or ours, has to change;
    /// [`EventsError::Unavailable`] when no server answers.
    pub async fn connect(
        config: &NatsConfig,
        limits: NatsLimits,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>, EventsError> {
        let broker = Arc::new(Broker::connect(config, limits, clock).await?);
        let leases = Leases::new(broker.streams.leases.clone(), broker.host.clone(), config.lease_time);
        let mut tasks = JoinSet::new();
        tasks.spawn(leases.clone().run());
        let (desks, tasks) = (Mutex::default(), Mutex::new(tasks));
        Ok(Arc::new(Self { broker, leases, desks, tasks, last_purge: tokio::sync::Mutex::default() }))
    }

    /// The consumers whose deliveries this host takes now, in order.
    pub fn consumes(&self) -> Vec<ComponentId> {
        let desks = lock(&self.desks);
        let open = desks.values().filter(|desk| desk.seat().standing == Standing::Open);
        let mut consumers: Vec<ComponentId> = open.map(|desk| desk.consumer.clone()).collect();
        consumers.sort();
        consumers
    }

    /// The desk of `consumer`, which this host attends from now on.
    fn desk(&self, consumer: &ComponentId) -> Arc<Desk> {
        let mut desks = lock(&self.desks);
        let desk = desks.entry(consumer.clone()).or_insert_with(|| {
            let desk = Arc::new(Desk::new(consumer.clone(), Arc::clone(&self.broker), self.leases.clone()));
            lock(&self.tasks).spawn(Arc::clone(&desk).attend());
            desk
        });
        Arc::clone(desk)
    }

    /// Makes `patterns` what `consumer` wants from after sequence `end` on.
    async fn subscribe_one(
        &self,
        consumer: &ComponentId,
        patterns: &[String],
        (end, created_ms): (i64, i64),
    ) -> Result<(), EventsError> {
        loop {
            let written = match self.broker.document(consumer).await? {
                None => {
                    let document = Document::new(created_ms, end, patterns.to_vec());
                    self.broker.create_document(consumer, &document).await?
                }
                Some((mut document, revision)) => {
                    if document.belong_to(created_ms) {
                        tracing::error!(%consumer, "the stream of events was made anew: consuming begins at its beginning");
                    }
                    if !document.subscribe(end, patterns) {
                        return Ok(());
                    }
                    self.broker.write_document(consumer, &document, revision).await?
                }
            };
            if let Written::As(_) = written {
                return Ok(());
            }
        }
    }
}

#[async_trait]
impl Bus for NatsBus {
    async fn subscribe(&self, subscriptions: &[Subscription]) -> Result<(), EventsError> {
        let mut wanted: HashMap<ComponentId, Vec<String>> = HashMap::new();
        for (consumer, _) in self.broker.documents().await? {
            wanted.insert(consumer, Vec::new());
        }
        for subscription in subscriptions {
            wanted.insert(subscription.consumer.clone(), names::patterns(&subscription.patterns));
        }
        let end = self.broker.stream_end().await?;
        for (consumer, patterns) in &wanted {
            if let Some(desk) = lock(&self.desks).get(consumer) {
                desk.seat().subscribed = Some(patterns.clone());
            }
        }
        let each = wanted.iter().map(|(consumer, patterns)| self.subscribe_one(consumer, patterns, end));
        try_join_all(each).await?;
        for subscription in subscriptions {
            let desk = self.desk(&subscription.consumer);
            desk.seat().subscribed = wanted.get(&subscription.consumer).cloned();
        }
        let desks: Vec<Arc<Desk>> = lock(&self.desks).values().cloned().collect();
        for desk in desks {
            desk.reconsider().await?;
        }
        Ok(())
    }

    async fn publish(&self, events: &[Event]) -> Result<Vec<PublishOutcome>, EventsError> {
        self.broker.publish_events(events).await
    }

    async fn fetch(&self, consumer: &ComponentId, max: u16, patience: Duration) -> Result<Vec<Delivery>, EventsError> {
        self.desk(consumer).fetch(max, patience).await
    }

    async fn settle(
        &self,
        consumer: &ComponentId,
        settlements: &[(DeliveryToken, Settlement)],
    ) -> Result<(), EventsError> {
        self.desk(consumer).settle(settlements).await
    }

    async fn dead_letters(&self, consumer: Option<&ComponentId>, max: u32) -> Result<Vec<DeadLetter>, EventsError> {
        self.broker.dead_letters(consumer, max).await
    }

    async fn dead_letter(&self, consumer: &ComponentId, event: EventId) -> Result<Option<DeadLetter>, EventsError> {
        self.broker.dead_letter(consumer, event).await
    }

    /// Another host that takes the consumer's deliveries notices within [`NatsLimits::poll`].
    async fn replay(&self, consumer: &ComponentId, event: EventId) -> Result<bool, EventsError> {
        let replayed = self.broker.replay(consumer, event).await?;
        let desk = lock(&self.desks).get(consumer).cloned();
        if let Some(desk) = desk {
            desk.look_again().await?;
        }
        Ok(replayed)
    }

    async fn discard(&self, consumer: &ComponentId, event: EventId) -> Result<bool, EventsError> {
        self.broker.discard(consumer, event).await
    }

    async fn counts(&self) -> Result<Vec<ConsumerCounts>, EventsError> {
        self.broker.counts().await
    }

    /// Removes what was accepted before an earlier purge, [`NatsLimits::purge_delay`] ago at least: the answers that it is
    /// built on may come from a replica that lags behind a little.
    async fn purge(&self) -> Result<u64, EventsError> {
        let mut last = self.last_purge.lock().await;
        let (end, _) = self.broker.stream_end().await?;
        let this = Purge { at: Instant::now(), end, needless: self.broker.needless_copies().await? };
        let delay = self.broker.limits.purge_delay;
        let earlier = match last.take() {
            Some(earlier) if earlier.at.elapsed() < delay => {
                *last = Some(earlier);
                return Ok(0);
            }
            earlier => earlier,
        };
        let mut removed = 0;
        if let Some(earlier) = &earlier {
            removed = self.broker.purge_to(earlier.end).await?;
            self.broker.remove_copies(earlier.needless.intersection(&this.needless).copied()).await?;
        }
        *last = Some(this);
        Ok(removed)
    }

    fn attend(&self, producer: &ComponentId, wake: Arc<Notify>) -> watch::Receiver<bool> {
        let (leads, led) = watch::channel(false);
        let (broker, leases) = (Arc::clone(&self.broker), self.leases.clone());
        lock(&self.tasks).spawn(publishing::attend(broker, leases, producer.clone(), (leads, wake)));
        led
    }

    async fn call(&self, producer: &ComponentId) {
        let called = self.broker.client.publish(self.broker.names.call(producer), Default::default());
        match timeout(self.broker.limits.request_time, called).await {
            Ok(Ok(())) => {}
            // Whoever publishes looks into the outbox now and then.
            Ok(Err(error)) => tracing::debug!(%producer, %error, "the host that publishes was not called"),
            Err(_) => tracing::debug!(%producer, "the host that publishes was not called: no connection"),
        }
    }

    /// Gives back the leases, so that other hosts take over at once.
    async fn stop(&self) {
        let desks: Vec<Arc<Desk>> = lock(&self.desks).values().cloned().collect();
        let mut tasks = std::mem::take(&mut *lock(&self.tasks));
        tasks.shutdown().await;
        join_all(desks.iter().map(|desk| async { desk.close(Standing::Closed) })).await;
        let stopping = async {
            self.leases.stop().await;
            self.broker.client.flush().await
        };
        match timeout(self.broker.limits.stop_time, stopping).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "other hosts take over when the lease time is over"),
            Err(_) => tracing::warn!("other hosts take over when the lease time is over: NATS does not answer"),
        }
    }
}

/// Nothing that is done under these locks can leave them half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
