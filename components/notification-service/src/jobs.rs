//! What happens because time passes: notifications are brought to people.

use crate::delivering;
use mutrapro_sdk::jobs::Job;
use mutrapro_sdk::problem::Result;
use mutrapro_sdk::time::Instant;

const DELIVER_NOTIFICATIONS: &str = "deliver-notifications";

/// Runs a job of the manifest.
pub(crate) fn run(job: &Job) -> Result<()> {
    match job.name.as_str() {
        DELIVER_NOTIFICATIONS => {
            let removed = delivering::remove_old(Instant::now());
            delivering::deliver_due().and(removed)
        }
        _ => Err(job.unknown()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_of_the_manifest_is_known_here() {
        let manifest = include_str!("../../../spin.toml");
        let entry =
            manifest.split("component = \"notification-service\"").nth(1).unwrap().split("[component").next().unwrap();
        let jobs: Vec<_> = entry.split("job = \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(jobs, [DELIVER_NOTIFICATIONS]);
    }

    #[test]
    fn unknown_job_is_an_error() {
        assert!(run(&Job { name: "dust".to_owned(), scheduled_at: Instant::UNIX_EPOCH }).is_err());
    }
}
