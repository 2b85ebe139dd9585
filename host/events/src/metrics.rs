//! What is counted and timed. Labels are services and a few fixed words: a guest cannot make new series.

use crate::bus::ConsumerCounts;
use crate::outbox::OutboxCounts;
use jiff::Timestamp;
use mutrapro_manifest::ComponentId;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::time::Duration;

/// Cheap to clone; clones count together.
#[derive(Clone)]
pub struct EventMetrics {
    emitted: Family<ServiceLabel, Counter>,
    published: Family<ServiceLabel, Counter>,
    refused: Family<ServiceLabel, Counter>,
    consumed: Family<ConsumedLabel, Counter>,
    pending_outbox: Family<ServiceLabel, Gauge>,
    pending_deliveries: Family<ServiceLabel, Gauge>,
    dead: Family<DeadLabel, Gauge>,
    oldest_pending: Family<StageLabel, Gauge>,
    handler_seconds: Family<ServiceLabel, Histogram, fn() -> Histogram>,
    emitted_to_handled_seconds: Family<ServiceLabel, Histogram, fn() -> Histogram>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ServiceLabel {
    service: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ConsumedLabel {
    service: String,
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DeadLabel {
    service: String,
    stage: &'static str,
}

type StageLabel = DeadLabel;

/// What became of a delivery, as its metric says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsumedResult {
    /// Its effect is committed.
    Handled,
    /// It had been handled before.
    Duplicate,
    /// It failed and comes again.
    Retried,
    /// It failed and is a dead letter.
    Dead,
}

impl ConsumedResult {
    fn as_str(self) -> &'static str {
        match self {
            Self::Handled => "handled",
            Self::Duplicate => "duplicate",
            Self::Retried => "retried",
            Self::Dead => "dead",
        }
    }
}

impl EventMetrics {
    /// Registers every metric of events, under `events` below the prefix that the caller has set.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            emitted: Family::default(),
            published: Family::default(),
            refused: Family::default(),
            consumed: Family::default(),
            pending_outbox: Family::default(),
            pending_deliveries: Family::default(),
            dead: Family::default(),
            oldest_pending: Family::default(),
            handler_seconds: Family::new_with_constructor(seconds),
            emitted_to_handled_seconds: Family::new_with_constructor(seconds),
        };
        let registry = registry.sub_registry_with_prefix("events");
        registry.register("emitted", "Events written to an outbox, committed or not", metrics.emitted.clone());
        registry.register("published", "Events the bus accepted", metrics.published.clone());
        registry.register("refused", "Events the bus refused", metrics.refused.clone());
        registry.register("consumed", "Deliveries by what became of them", metrics.consumed.clone());
        registry.register("outbox_pending", "Events not yet marked as published", metrics.pending_outbox.clone());
        registry.register("deliveries_pending", "Deliveries not yet settled", metrics.pending_deliveries.clone());
        registry.register("dead", "Dead letters", metrics.dead.clone());
        registry.register(
            "oldest_pending_seconds",
            "Age of the oldest event that waits at this stage, 0 when none does",
            metrics.oldest_pending.clone(),
        );
        registry.register("handler_seconds", "Time in a component's handler", metrics.handler_seconds.clone());
        registry.register(
            "emitted_to_handled_seconds",
            "Time from an event's emission to the commit of its effect",
            metrics.emitted_to_handled_seconds.clone(),
        );
        metrics
    }

    /// Counts an event that was written to an outbox.
    pub(crate) fn emitted(&self, service: &ComponentId) {
        self.emitted.get_or_create(&label(service)).inc();
    }

    pub(crate) fn published(&self, service: &ComponentId, accepted: u64, refused: u64) {
        self.published.get_or_create(&label(service)).inc_by(accepted);
        self.refused.get_or_create(&label(service)).inc_by(refused);
    }

    pub(crate) fn consumed(&self, service: &ComponentId, result: ConsumedResult) {
        let labels = ConsumedLabel { service: service.as_str().to_owned(), result: result.as_str() };
        self.consumed.get_or_create(&labels).inc();
    }

    pub(crate) fn handler_took(&self, service: &ComponentId, duration: Duration) {
        self.handler_seconds.get_or_create(&label(service)).observe(duration.as_secs_f64());
    }

    /// Observes the way of an event; one that this host cannot date is left out.
    pub(crate) fn handled(&self, service: &ComponentId, occurred_at: &str, now: Timestamp) {
        if let Ok(occurred_at) = occurred_at.parse::<Timestamp>() {
            let seconds = now.duration_since(occurred_at).as_secs_f64().max(0.0);
            self.emitted_to_handled_seconds.get_or_create(&label(service)).observe(seconds);
        }
    }

    pub(crate) fn set_outbox(&self, service: &ComponentId, counts: OutboxCounts, now: Timestamp) {
        self.pending_outbox.get_or_create(&label(service)).set(gauge(counts.pending));
        self.dead.get_or_create(&stage_label(service, "publish")).set(gauge(counts.dead));
        let age = age_seconds(counts.oldest_pending_since, now);
        self.oldest_pending.get_or_create(&stage_label(service, "publish")).set(age);
    }

    pub(crate) fn set_consumer(&self, counts: &ConsumerCounts, now: Timestamp) {
        let service = &counts.consumer;
        self.pending_deliveries.get_or_create(&label(service)).set(gauge(counts.pending));
        self.dead.get_or_create(&stage_label(service, "deliver")).set(gauge(counts.dead));
        let age = age_seconds(counts.oldest_pending_since, now);
        self.oldest_pending.get_or_create(&stage_label(service, "deliver")).set(age);
    }
}

fn seconds() -> Histogram {
    // 0.25 ms to 32 s.
    Histogram::new(exponential_buckets(0.000_25, 2.0, 18))
}

fn label(service: &ComponentId) -> ServiceLabel {
    ServiceLabel { service: service.as_str().to_owned() }
}

fn stage_label(service: &ComponentId, stage: &'static str) -> StageLabel {
    StageLabel { service: service.as_str().to_owned(), stage }
}

fn gauge(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn age_seconds(since: Option<Timestamp>, now: Timestamp) -> i64 {
    since.map_or(0, |since| now.duration_since(since).as_secs().max(0))
}
