//! What is counted of jobs.

use crate::job::TickOutcome;
use mutrapro_manifest::ComponentId;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::time::Duration;

/// Cheap to clone; clones count together.
#[derive(Clone)]
pub struct ScheduleMetrics {
    ticks: Family<TickLabels, Counter>,
    seconds: Family<JobLabels, Histogram, fn() -> Histogram>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TickLabels {
    service: String,
    job: String,
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct JobLabels {
    service: String,
    job: String,
}

impl ScheduleMetrics {
    /// Registers every metric of schedules, under `schedule` below the prefix that the caller has set.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self { ticks: Family::default(), seconds: Family::new_with_constructor(seconds) };
        let registry = registry.sub_registry_with_prefix("schedule");
        registry.register("ticks", "Ticks of jobs by what became of them", metrics.ticks.clone());
        registry.register("job_seconds", "Time that jobs ran", metrics.seconds.clone());
        metrics
    }

    pub(crate) fn tick(&self, service: &ComponentId, job: &str, outcome: &TickOutcome) {
        let result = match outcome {
            TickOutcome::Done => "done",
            TickOutcome::Failed(_) => "failed",
            TickOutcome::ClaimedElsewhere => "claimed_elsewhere",
            TickOutcome::Unclaimed(_) => "unclaimed",
        };
        let labels = TickLabels { service: service.as_str().to_owned(), job: job.to_owned(), result };
        self.ticks.get_or_create(&labels).inc();
    }

    pub(crate) fn took(&self, service: &ComponentId, job: &str, duration: Duration) {
        let labels = JobLabels { service: service.as_str().to_owned(), job: job.to_owned() };
        self.seconds.get_or_create(&labels).observe(duration.as_secs_f64());
    }
}

fn seconds() -> Histogram {
    // 1 ms to 65 s.
    Histogram::new(exponential_buckets(0.001, 2.0, 17))
}
