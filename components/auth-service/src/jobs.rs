//! What the host runs at set times.

use crate::sessions;
use mutrapro_sdk::jobs::Job;
use mutrapro_sdk::problem::Result;

const PURGE_EXPIRED: &str = "purge-expired";

pub(crate) fn run(job: &Job) -> Result<()> {
    match job.name.as_str() {
        PURGE_EXPIRED => sessions::purge(job.scheduled_at),
        _ => Err(job.unknown()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mutrapro_sdk::time::Instant;

    #[test]
    fn unknown_job_is_an_error() {
        let job = Job { name: "sweep".into(), scheduled_at: Instant::UNIX_EPOCH };
        assert!(run(&job).is_err());
    }
}
