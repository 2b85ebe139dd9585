//! What calls into plugins count.

use mutrapro_manifest::{ComponentId, PluginContract};
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use std::time::Duration;

/// Upper bounds in seconds: from a plugin that adds a number to one that waits for a server elsewhere.
const LATENCY_BUCKETS: [f64; 12] =
    [0.000_025, 0.000_05, 0.0001, 0.000_25, 0.0005, 0.001, 0.005, 0.025, 0.1, 0.5, 2.0, 10.0];

/// Calls, failures and latencies, per plugin and contract. Cheap to clone; all clones count together.
#[derive(Debug, Clone)]
pub struct PluginMetrics {
    calls: Family<CallLabels, Counter>,
    latency: Family<PluginLabels, Histogram>,
    rests: Family<PluginLabels, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PluginLabels {
    plugin: String,
    contract: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    plugin: String,
    contract: &'static str,
    outcome: Outcome,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
pub(crate) enum Outcome {
    Answered,
    CannotSay,
    Failed,
    TimedOut,
    Overloaded,
    Resting,
}

impl PluginMetrics {
    /// Adds the metrics of plugins to `registry`.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            calls: Family::default(),
            latency: Family::new_with_constructor(|| Histogram::new(LATENCY_BUCKETS)),
            rests: Family::default(),
        };
        registry.register("plugin_calls", "Calls into plugins, by contract and outcome", metrics.calls.clone());
        registry.register_with_unit(
            "plugin_call_duration",
            "Time that a plugin took for an answer or a failure",
            Unit::Seconds,
            metrics.latency.clone(),
        );
        registry.register("plugin_rests", "How often a plugin began to rest after failures", metrics.rests.clone());
        metrics
    }

    /// The meter of one plugin's calls for one contract.
    pub(crate) fn of(&self, plugin: &ComponentId, contract: PluginContract) -> CallMeter {
        let labels = PluginLabels { plugin: plugin.to_string(), contract: contract.as_str() };
        CallMeter {
            answered: self.calls.get_or_create_owned(&labels.with(Outcome::Answered)),
            calls: self.calls.clone(),
            latency: self.latency.get_or_create_owned(&labels),
            rests: self.rests.get_or_create_owned(&labels),
            labels,
        }
    }
}

impl PluginLabels {
    fn with(&self, outcome: Outcome) -> CallLabels {
        CallLabels { plugin: self.plugin.clone(), contract: self.contract, outcome }
    }
}

/// Counts the calls of one plugin for one contract.
#[derive(Debug)]
pub(crate) struct CallMeter {
    labels: PluginLabels,
    calls: Family<CallLabels, Counter>,
    /// The series of most calls, found once.
    answered: Counter,
    latency: Histogram,
    rests: Counter,
}

impl CallMeter {
    /// Counts a call that reached the plugin.
    pub(crate) fn count(&self, outcome: Outcome, took: Duration) {
        self.latency.observe(took.as_secs_f64());
        self.count_only(outcome);
    }

    /// Counts a call, whether or not it reached the plugin.
    pub(crate) fn count_only(&self, outcome: Outcome) {
        if outcome == Outcome::Answered {
            self.answered.inc();
        } else {
            self.calls.get_or_create(&self.labels.with(outcome)).inc();
        }
    }

    /// Counts that the plugin began to rest.
    pub(crate) fn rests(&self) {
        self.rests.inc();
    }
}
