//! One job of one service.

use crate::metrics::ScheduleMetrics;
use crate::timetable::Timetable;
use async_trait::async_trait;
use jiff::Timestamp;
use mutrapro_manifest::ComponentId;
use mutrapro_sql::{Database, Error, Value, canonical_instant};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use uuid::Uuid;

/// The longest sleep before the clock is read again: it may have been set meanwhile.
const SLEEP_MAX: Duration = Duration::from_secs(30);

/// Runs a job for a tick.
#[async_trait]
pub trait JobRunner: Send + Sync {
    /// Runs `job` for the tick at `scheduled_at`, under a time limit.
    ///
    /// # Errors
    /// What the component said, or why it could not be asked or did not finish.
    async fn run(&self, job: &str, scheduled_at: Timestamp) -> Result<(), String>;
}

/// One job of one service, with its timetable.
pub struct Job {
    /// Whose job.
    pub service: ComponentId,
    /// Its name, unique within its service.
    pub name: String,
    /// When it runs.
    pub timetable: Timetable,
    /// Where its ticks are claimed.
    pub database: Arc<dyn Database>,
    /// Who runs it.
    pub runner: Arc<dyn JobRunner>,
    /// Where ticks are counted.
    pub metrics: ScheduleMetrics,
}

/// What became of a tick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TickOutcome {
    /// The job ran.
    Done,
    /// The job ran and failed, for the reason given.
    Failed(String),
    /// Another host runs it, or this one did before it was started again.
    ClaimedElsewhere,
    /// Whether it could be claimed is unknown, for the reason given, so it does not run here.
    Unclaimed(String),
}

impl Job {
    /// Runs every tick until `stop` says so, one after the other; the tick at hand is finished.
    pub(crate) async fn run(self, mut stop: watch::Receiver<bool>) {
        if matches!(self.timetable, Timetable::AtStart) {
            self.perform(Timestamp::now()).await;
            return;
        }
        let mut last = Timestamp::now();
        // After the last tick also when the clock was set back: no tick comes twice.
        while let Some(tick) = self.timetable.next_after(last.max(Timestamp::now())) {
            if !sleep_until(tick, &mut stop).await {
                return;
            }
            last = tick;
            self.tick(tick).await;
        }
        tracing::info!(service = %self.service, job = self.name, "job has no next tick");
    }

    /// Claims the tick at `tick` and runs it if nobody else did.
    pub async fn tick(&self, tick: Timestamp) -> TickOutcome {
        let outcome = match self.claim(tick).await {
            Ok(true) => return self.perform(tick).await,
            Ok(false) => TickOutcome::ClaimedElsewhere,
            Err(error) => {
                tracing::warn!(service = %self.service, job = self.name, %tick, ?error, "tick could not be claimed");
                TickOutcome::Unclaimed(format!("{error:?}"))
            }
        };
        self.metrics.tick(&self.service, &self.name, &outcome);
        outcome
    }

    /// Runs the job, whoever claimed the tick.
    async fn perform(&self, tick: Timestamp) -> TickOutcome {
        let started = Instant::now();
        let outcome = match self.runner.run(&self.name, tick).await {
            Ok(()) => TickOutcome::Done,
            Err(error) => {
                tracing::error!(service = %self.service, job = self.name, %tick, error, "job failed");
                TickOutcome::Failed(error)
            }
        };
        self.metrics.took(&self.service, &self.name, started.elapsed());
        self.metrics.tick(&self.service, &self.name, &outcome);
        outcome
    }

    /// Marks the tick as this host's; false when it is marked already.
    async fn claim(&self, tick: Timestamp) -> Result<bool, Error> {
        let mut transaction = self.database.begin().await?;
        let claimed = transaction
            .execute(
                "INSERT INTO consumed_events (event_id, consumer_name, processed_at) VALUES ($1, $2, $3)
                 ON CONFLICT (event_id, consumer_name) DO NOTHING",
                vec![
                    Value::Text(tick_id(&self.service, &self.name, tick).to_string()),
                    Value::Text(format!("job:{}", self.name)),
                    Value::Text(canonical_instant(Timestamp::now())),
                ],
            )
            .await?;
        // Before the job runs: a crash in between loses a tick, which the next one makes good. The other order would let
        // two hosts run it.
        transaction.commit().await?;
        Ok(claimed > 0)
    }
}

/// The id of a tick: the same on every host, and a UUID (version 8), as that column holds.
fn tick_id(service: &ComponentId, job: &str, tick: Timestamp) -> Uuid {
    let digest = Sha256::digest(format!("{service}\n{job}\n{}", canonical_instant(tick)));
    let mut bytes = [0; 16];
    for (byte, from) in bytes.iter_mut().zip(digest) {
        *byte = from;
    }
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// Waits until the clock shows `tick`; false when `stop` came first.
async fn sleep_until(tick: Timestamp, stop: &mut watch::Receiver<bool>) -> bool {
    while !*stop.borrow_and_update() {
        let left = Duration::try_from(tick.duration_since(Timestamp::now())).unwrap_or(Duration::ZERO);
        if left.is_zero() {
            return true;
        }
        tokio::select! {
            () = tokio::time::sleep(left.min(SLEEP_MAX)) => {}
            _ = stop.changed() => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tick_id_is_the_same_on_every_host_and_differs_between_ticks() {
        let (a, b) = (ComponentId::new("a"), ComponentId::new("b"));
        let tick: Timestamp = "2026-01-31T09:30:00Z".parse().unwrap();
        let later: Timestamp = "2026-01-31T09:31:00Z".parse().unwrap();
        let id = tick_id(&a, "sweep", tick);
        assert_eq!(id, tick_id(&a, "sweep", tick));
        assert_eq!(id.get_version_num(), 8);
        for other in [tick_id(&a, "sweep", later), tick_id(&a, "other", tick), tick_id(&b, "sweep", tick)] {
            assert_ne!(id, other);
        }
    }

    #[tokio::test]
    async fn sleep_ends_at_once_for_a_past_tick_or_a_stop() {
        let (stop, mut stopped) = watch::channel(false);
        assert!(sleep_until(Timestamp::UNIX_EPOCH, &mut stopped).await);
        stop.send_replace(true);
        assert!(!sleep_until(Timestamp::MAX, &mut stopped).await);
    }
}
