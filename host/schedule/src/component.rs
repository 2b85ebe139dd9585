//! Runs jobs that a component exports.

use crate::bindings::job::GuestIndices;
use crate::job::JobRunner;
use async_trait::async_trait;
use jiff::Timestamp;
use mutrapro_runtime::{CallContext, Component};
use mutrapro_sql::canonical_instant;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The jobs of one component.
pub(crate) struct ComponentJobs {
    component: Arc<Component>,
    job_time: Duration,
}

impl ComponentJobs {
    /// The jobs of `component`, each run under `job_time`. That it exports `mutrapro:schedule/job` is checked when it is
    /// loaded, as it has schedules.
    pub(crate) fn new(component: Arc<Component>, job_time: Duration) -> Self {
        Self { component, job_time }
    }
}

#[async_trait]
impl JobRunner for ComponentJobs {
    async fn run(&self, job: &str, scheduled_at: Timestamp) -> Result<(), String> {
        let call = CallContext::root(Instant::now() + self.job_time);
        let mut lease = self.component.acquire(&call).await.map_err(|error| error.to_string())?;
        let (pre, job, scheduled_at) = (lease.instance_pre().clone(), job.to_owned(), canonical_instant(scheduled_at));
        let answer = lease
            .run(call, move |store, instance| {
                Box::pin(async move {
                    let guest = GuestIndices::new(&pre)?.load(&mut *store, instance)?;
                    guest.call_run(&mut *store, &job, &scheduled_at).await
                })
            })
            .await;
        lease.release();
        answer.map_err(|error| error.to_string())?
    }
}
