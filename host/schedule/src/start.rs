//! Starts and stops the jobs of an application.

use crate::component::ComponentJobs;
use crate::error::ScheduleError;
use crate::job::{Job, JobRunner};
use crate::metrics::ScheduleMetrics;
use crate::timetable::Timetable;
use mutrapro_runtime::{Component, Runtime};
use mutrapro_sql::Databases;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The jobs of a running host.
pub struct Schedules {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Schedules {
    /// Starts every job of every component of `runtime`. Nothing waits for `@reboot` jobs.
    ///
    /// # Errors
    /// [`ScheduleError`]: nothing is started then.
    pub fn start(
        runtime: &Arc<Runtime>,
        databases: &Databases,
        metrics: &ScheduleMetrics,
    ) -> Result<Self, ScheduleError> {
        let mut jobs = Vec::new();
        for component in runtime.components().filter(|component| !component.service().schedules.is_empty()) {
            jobs.extend(jobs_of(component, databases, runtime.limits().job_time, metrics)?);
        }
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for job in jobs {
            tasks.spawn(job.run(stopped.clone()));
        }
        Ok(Self { stop, tasks })
    }

    /// Starts no further tick, and returns when those at hand have ended, or after `patience`: what still runs then is
    /// cut short.
    pub async fn stop(mut self, patience: Duration) {
        self.stop.send_replace(true);
        let ended = async {
            while let Some(ended) = self.tasks.join_next().await {
                if let Err(error) = ended {
                    tracing::error!(%error, "a job's task ended badly");
                }
            }
        };
        if tokio::time::timeout(patience, ended).await.is_err() {
            tracing::warn!(jobs = self.tasks.len(), "jobs are cut short");
            self.tasks.shutdown().await;
        }
    }
}

fn jobs_of(
    component: &Arc<Component>,
    databases: &Databases,
    job_time: Duration,
    metrics: &ScheduleMetrics,
) -> Result<Vec<Job>, ScheduleError> {
    let service = component.service();
    let database = databases.of(&service.id).ok_or_else(|| ScheduleError::NoDatabase(service.id.clone()))?;
    let runner: Arc<dyn JobRunner> = Arc::new(ComponentJobs::new(Arc::clone(component), job_time));
    let job = |schedule: &mutrapro_manifest::Schedule| {
        let timetable = Timetable::parse(&schedule.cron).map_err(|reason| ScheduleError::Cron {
            service: service.id.clone(),
            job: schedule.job.clone(),
            cron: schedule.cron.clone(),
            reason,
        })?;
        Ok(Job {
            service: service.id.clone(),
            name: schedule.job.clone(),
            timetable,
            database: Arc::clone(database),
            runner: Arc::clone(&runner),
            metrics: metrics.clone(),
        })
    };
    service.schedules.iter().map(job).collect()
}
