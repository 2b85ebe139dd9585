//! Why schedules do not start. What goes wrong later is logged and counted, and the next tick comes.

use mutrapro_manifest::ComponentId;

/// The manifest or a component has to change.
#[derive(Debug, thiserror::Error)]
pub enum ScheduleError {
    /// The cron expression is none.
    #[error("{service}: job \"{job}\" has the cron expression \"{cron}\", which is none: {reason}")]
    Cron {
        /// Whose job.
        service: ComponentId,
        /// Its name.
        job: String,
        /// As written.
        cron: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Ticks are claimed in the service's database, and it has none.
    #[error("{0} has schedules but no database to claim their ticks in: add `database` to its entry")]
    NoDatabase(ComponentId),
}
