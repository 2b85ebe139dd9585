//! What the runtime counts.

use mutrapro_manifest::ComponentId;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::time::Duration;

/// Upper bounds in seconds: from a request answered in memory to one at its time limit.
const LATENCY_BUCKETS: [f64; 14] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0];

/// Requests, latencies, instances and traps, per service. Cheap to clone; all clones count together.
#[derive(Debug, Clone)]
pub struct RuntimeMetrics {
    requests: Family<RequestLabels, Counter>,
    latency: Family<ServiceLabels, Histogram>,
    instances: Family<InstanceLabels, Gauge>,
    traps: Family<TrapLabels, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    service: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ServiceLabels {
    service: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InstanceLabels {
    service: String,
    state: InstanceState,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TrapLabels {
    service: String,
    cause: TrapCause,
}

/// Counts the requests of one service.
pub(crate) struct RequestMeter {
    service: String,
    requests: Family<RequestLabels, Counter>,
    /// The series of most requests, found once.
    ok: Counter,
    latency: Histogram,
}

impl RequestMeter {
    pub(crate) fn count(&self, status: u16, latency: Duration) {
        self.latency.observe(latency.as_secs_f64());
        if status == 200 {
            self.ok.inc();
        } else {
            self.requests.get_or_create(&RequestLabels { service: self.service.clone(), status }).inc();
        }
    }
}

/// What a live instance is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
pub(crate) enum InstanceState {
    Busy,
    Idle,
    Streaming,
}

/// Why an instance was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
pub(crate) enum TrapCause {
    Trap,
    Timeout,
}

impl RuntimeMetrics {
    /// Adds the runtime's metrics to `registry`.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            requests: Family::default(),
            latency: Family::new_with_constructor(|| Histogram::new(LATENCY_BUCKETS)),
            instances: Family::default(),
            traps: Family::default(),
        };
        registry.register("requests", "Requests answered, by service and status", metrics.requests.clone());
        registry.register_with_unit(
            "request_duration",
            "Time from a request's arrival at a service to its response",
            Unit::Seconds,
            metrics.latency.clone(),
        );
        registry.register("instances", "Live instances, by service and state", metrics.instances.clone());
        registry.register("traps", "Instances lost to a trap or a time limit", metrics.traps.clone());
        metrics
    }

    /// The meter of one service's requests, to be kept by its component.
    pub(crate) fn requests(&self, service: &ComponentId) -> RequestMeter {
        let service = service.to_string();
        let latency = self.latency.get_or_create_owned(&ServiceLabels { service: service.clone() });
        let ok = self.requests.get_or_create_owned(&RequestLabels { service: service.clone(), status: 200 });
        RequestMeter { service, requests: self.requests.clone(), ok, latency }
    }

    pub(crate) fn trap(&self, service: &ComponentId, cause: TrapCause) {
        self.traps.get_or_create(&TrapLabels { service: service.to_string(), cause }).inc();
    }

    /// The gauge of a service's instances in one state, to be kept by whoever counts them.
    pub(crate) fn instances(&self, service: &ComponentId, state: InstanceState) -> Gauge {
        self.instances.get_or_create_owned(&InstanceLabels { service: service.to_string(), state })
    }
}
