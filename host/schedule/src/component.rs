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
    indices: GuestIndices,
    job_time: Duration,
}

impl ComponentJobs {
    /// The jobs of `component`, each run under `job_time`.
    ///
    /// # Errors
    /// When the component does not export `mutrapro:schedule/job`.
    pub(crate) fn new(component: Arc<Component>, job_time: Duration) -> wasmtime::Result<Self> {
        let indices = GuestIndices::new(component.instance_pre())?;
        Ok(Self { component, indices, job_time })
    }
}

#[async_trait]
impl JobRunner for ComponentJobs {
    async fn run(&self, job: &str, scheduled_at: Timestamp) -> Result<(), String> {
        let call = CallContext::root(Instant::now() + self.job_time);
        let mut lease = self.component.acquire(&call).await.map_err(|error| error.to_string())?;
        let (indices, job, scheduled_at) = (self.indices.clone(), job.to_owned(), canonical_instant(scheduled_at));
        let answer = lease
            .run(call, move |store, instance| {
                Box::pin(async move {
                    let guest = indices.load(&mut *store, instance)?;
                    guest.call_run(&mut *store, &job, &scheduled_at).await
                })
            })
            .await;
        lease.release();
        answer.map_err(|error| error.to_string())?
    }
}
