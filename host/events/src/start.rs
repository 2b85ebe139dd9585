//! Starts and stops everything that moves events: publishers, consumers, purges.

use crate::bus::{Bus, Subscription};
use crate::clock::{Clock, SystemClock};
use crate::consumed;
use crate::consumer::{Consumer, ConsumerParts};
use crate::error::EventsError;
use crate::handler::ComponentHandlers;
use crate::host::EventsCapability;
use crate::limits::EventLimits;
use crate::metrics::EventMetrics;
use crate::outbox::Outbox;
use crate::publisher::{Publisher, PublisherParts};
use jiff::{SignedDuration, Timestamp};
use mutrapro_manifest::Service;
use mutrapro_runtime::Runtime;
use mutrapro_sql::{Database, Databases};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The events of a running host.
pub struct Events {
    gauges: EventGauges,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

/// Counts what waits: for whoever shows metrics or asks whether the bus answers. Cheap to clone.
#[derive(Clone)]
pub struct EventGauges {
    bus: Arc<dyn Bus>,
    outboxes: Arc<[Arc<Outbox>]>,
    metrics: EventMetrics,
}

impl EventGauges {
    /// Brings the gauges up to date: what is pending and dead, and how old the oldest is.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`]; the gauges keep what they had.
    pub async fn refresh(&self) -> Result<(), EventsError> {
        let now = Timestamp::now();
        for counts in self.bus.counts().await? {
            self.metrics.set_consumer(&counts, now);
        }
        for outbox in self.outboxes.iter() {
            self.metrics.set_outbox(outbox.producer(), outbox.counts().await?, now);
        }
        Ok(())
    }
}

impl Events {
    /// Subscribes the services of `runtime` on `bus`, and starts a publisher for each that publishes, a consumer for each
    /// that subscribes, and the purges. `capability` is the one that `runtime` was loaded with.
    ///
    /// # Errors
    /// [`EventsError::Misconfigured`] when a service subscribes without a database; [`EventsError::Unavailable`] when the bus
    /// does not answer. Nothing is started then.
    pub async fn start(
        runtime: &Arc<Runtime>,
        databases: &Databases,
        bus: Arc<dyn Bus>,
        capability: &EventsCapability,
    ) -> Result<Self, EventsError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let (limits, metrics) = (capability.limits().clone(), capability.metrics().clone());
        let publishing = PublisherParts {
            bus: Arc::clone(&bus),
            clock: Arc::clone(&clock),
            limits: limits.clone(),
            metrics: metrics.clone(),
            gap_time: Duration::ZERO,
        };
        let consuming =
            ConsumerParts { bus: Arc::clone(&bus), clock, limits: limits.clone(), metrics: metrics.clone() };
        let consumers = consumers(runtime, databases, &consuming)?;
        bus.subscribe(&subscriptions(runtime)).await?;

        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for consumer in consumers {
            tasks.spawn(consumer.run(stopped.clone()));
        }
        tasks.spawn(purge_bus_until(Arc::clone(&bus), limits.bus_purge_interval, stopped.clone()));
        let mut outboxes = Vec::new();
        for (id, database) in databases.iter() {
            let database = databases.host_side(id).unwrap_or(database);
            let outbox = Arc::new(Outbox::new(id.clone(), Arc::clone(database)));
            outboxes.push(Arc::clone(&outbox));
            if let Some(component) = runtime.component(id) {
                // Also one that no longer publishes: what it emitted before is still to be published.
                let parts = PublisherParts { gap_time: database.gap_time(), ..publishing.clone() };
                let publisher = Publisher::new(Arc::clone(&outbox), parts);
                tasks.spawn(publisher.run(capability.wake(component.service()), stopped.clone()));
            }
            tasks.spawn(purge_until(outbox, Arc::clone(database), limits.clone(), stopped.clone()));
        }
        let gauges = EventGauges { bus, outboxes: outboxes.into(), metrics };
        Ok(Self { gauges, stop, tasks })
    }

    /// The gauges of these events, which outlive them.
    pub fn gauges(&self) -> EventGauges {
        self.gauges.clone()
    }

    /// Lets every consumer finish and settle its batch and every publisher write its marks, and returns when all have and
    /// other hosts may take over.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a task of events ended badly");
            }
        }
        self.gauges.bus.stop().await;
    }
}

fn subscriptions(runtime: &Runtime) -> Vec<Subscription> {
    let services = runtime.components().map(|component| component.service());
    let subscribing = services.filter(|service| !service.subscribes.is_empty());
    let subscription =
        |service: &Arc<Service>| Subscription { consumer: service.id.clone(), patterns: service.subscribes.clone() };
    subscribing.map(subscription).collect()
}

fn consumers(runtime: &Runtime, databases: &Databases, parts: &ConsumerParts) -> Result<Vec<Consumer>, EventsError> {
    let mut consumers = Vec::new();
    for component in runtime.components().filter(|component| !component.service().subscribes.is_empty()) {
        let id = component.service().id.clone();
        let database = databases.of(&id).ok_or_else(|| {
            EventsError::Misconfigured(format!(
                "{id} subscribes to events without a database to mark them in: add `database` to its entry"
            ))
        })?;
        let event_time = runtime.limits().event_time;
        let handlers = ComponentHandlers::new(Arc::clone(component), event_time);
        consumers.push(Consumer::new(id, Arc::clone(database), Box::new(handlers), parts.clone()));
    }
    Ok(consumers)
}

async fn purge_until(
    outbox: Arc<Outbox>,
    database: Arc<dyn Database>,
    limits: EventLimits,
    mut stop: watch::Receiver<bool>,
) {
    while !*stop.borrow_and_update() {
        let purged = tokio::select! {
            purged = purge(&outbox, &database, &limits, Timestamp::now()) => purged,
            _ = stop.changed() => continue,
        };
        if let Err(error) = purged {
            tracing::warn!(service = %outbox.producer(), %error, "purging goes on later");
        }
        tokio::select! {
            () = tokio::time::sleep(limits.purge_interval) => {}
            _ = stop.changed() => {}
        }
    }
}

async fn purge_bus_until(bus: Arc<dyn Bus>, interval: Duration, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow_and_update() {
        tokio::select! {
            () = tokio::time::sleep(interval) => {}
            _ = stop.changed() => continue,
        }
        if let Err(error) = bus.purge().await {
            tracing::warn!(%error, "purging the bus goes on later");
        }
    }
}

/// Removes what is past its retention at `now` from the tables of one database, few rows to a transaction, so that
/// requests get at the writer in between; answers how many rows.
///
/// # Errors
/// [`EventsError::Unavailable`]; what was removed before stays removed.
pub async fn purge(
    outbox: &Outbox,
    database: &Arc<dyn Database>,
    limits: &EventLimits,
    now: Timestamp,
) -> Result<u64, EventsError> {
    let mut removed = 0u64;
    let mut next = Some(0);
    while let Some(after) = next {
        let page = outbox.purge(before(now, limits.published_retention), after, limits.purge_batch_max).await?;
        removed = removed.saturating_add(page.removed);
        next = page.next;
    }
    loop {
        let marks = consumed::purge(database, before(now, limits.consumed_retention), limits.purge_batch_max).await;
        let marks = marks.map_err(|error| {
            EventsError::Unavailable(format!("purging consumed events of {} failed: {error:?}", outbox.producer()))
        })?;
        removed = removed.saturating_add(marks);
        if marks < u64::from(limits.purge_batch_max) {
            return Ok(removed);
        }
    }
}

fn before(now: Timestamp, retention: Duration) -> Timestamp {
    let retention = SignedDuration::try_from(retention).unwrap_or(SignedDuration::MAX);
    now.checked_sub(retention).unwrap_or(Timestamp::MIN)
}
