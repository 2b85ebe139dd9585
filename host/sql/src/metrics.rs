//! What the SQL capability tells Prometheus.

use mutrapro_manifest::ComponentId;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use std::time::Instant;

/// Latencies and refusals of every service's SQL. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SqlMetrics {
    latencies: Family<OperationLabels, Histogram, fn() -> Histogram>,
    refusals: Family<RefusalLabels, Counter>,
}

impl SqlMetrics {
    /// Adds `sql_duration_seconds` and `sql_refusals_total` to `registry`, whose prefix the caller has set.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self { latencies: Family::new_with_constructor(latency_histogram), refusals: Family::default() };
        registry.register_with_unit(
            "sql_duration",
            "How long SQL operations took",
            Unit::Seconds,
            metrics.latencies.clone(),
        );
        registry.register(
            "sql_refusals",
            "Statements that the guard refused before they ran",
            metrics.refusals.clone(),
        );
        metrics
    }

    /// The metrics of one service, looked up once so that a statement costs no lookup.
    pub(crate) fn of(&self, service: &ComponentId) -> ServiceMetrics {
        let latency = |operation| {
            let labels = OperationLabels { service: service.as_str().to_owned(), operation };
            self.latencies.get_or_create(&labels).clone()
        };
        let refusal = |reason| {
            let labels = RefusalLabels { service: service.as_str().to_owned(), reason };
            self.refusals.get_or_create(&labels).clone()
        };
        ServiceMetrics {
            query: latency("query"),
            execute: latency("execute"),
            commit: latency("commit"),
            begin_wait: latency("begin_wait"),
            forbidden: refusal("forbidden"),
            invalid: refusal("invalid"),
        }
    }
}

/// The metrics of one service.
#[derive(Debug, Clone)]
pub(crate) struct ServiceMetrics {
    pub(crate) query: Histogram,
    pub(crate) execute: Histogram,
    pub(crate) commit: Histogram,
    pub(crate) begin_wait: Histogram,
    pub(crate) forbidden: Counter,
    pub(crate) invalid: Counter,
}

/// Observes the time since `started`.
pub(crate) fn observe(histogram: &Histogram, started: Instant) {
    histogram.observe(started.elapsed().as_secs_f64());
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabels {
    service: String,
    operation: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusalLabels {
    service: String,
    reason: &'static str,
}

/// From 50 µs, a read from memory, doubling to some 6.5 s, a statement that ran into its limit.
fn latency_histogram() -> Histogram {
    Histogram::new(exponential_buckets(0.000_05, 2.0, 18))
}
