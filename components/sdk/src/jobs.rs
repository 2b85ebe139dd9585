//! Jobs: what the host runs at the times in the manifest.
//!
//! A job is a sweep: it opens its own transactions, may be cut short, and goes on at the next tick.

use crate::problem::{Problem, Result};
use crate::time::Instant;

/// A tick of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The job's name in the manifest.
    pub name: String,
    /// The time that the schedule gave, which is a little before the present.
    pub scheduled_at: Instant,
}

impl Job {
    /// The error for a job that is in the manifest and not in the service.
    pub fn unknown(&self) -> Problem {
        Problem::internal(format!("there is no job {:?} in this service", self.name))
    }
}

/// What `service!` exports for jobs.
#[doc(hidden)]
pub fn run(job: fn(&Job) -> Result<()>, name: String, scheduled_at: &str) -> std::result::Result<(), String> {
    let scheduled_at = scheduled_at.parse().map_err(|error| format!("malformed time of the tick: {error}"))?;
    job(&Job { name, scheduled_at }).map_err(|problem| problem.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_of_a_job_tells_the_cause() {
        let error = run(|job| Err(job.unknown()), "sweep".into(), "2026-01-31T09:30:00Z").unwrap_err();
        assert!(error.contains("there is no job \"sweep\""), "{error}");
    }

    #[test]
    fn malformed_tick_does_not_run() {
        assert!(run(|_| Ok(()), "sweep".into(), "soon").is_err());
        assert_eq!(run(|_| Ok(()), "sweep".into(), "2026-01-31T09:30:00Z"), Ok(()));
    }
}
