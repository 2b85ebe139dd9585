//! Runs the jobs that services export, when the manifest's cron expressions say.
//!
//! Promise: each tick is claimed once, by a mark in the service's own `consumed_events`, however many hosts there are;
//! two ticks of a job never run at the same time in a host; a job that fails, traps or takes too long is logged, counted
//! and has its next tick like any other.
//!
//! Deliberately absent: catching up. A tick that passed while the host was down, or while the job's last tick still ran,
//! is not run: jobs are sweeps that find everything past its date at the next tick. `@reboot` runs at each start of each
//! host, unclaimed. A claimed tick that is cut short by a crash is not run again either.

mod bindings;
mod component;
mod error;
mod job;
mod metrics;
mod start;
mod timetable;

pub use error::ScheduleError;
pub use job::{Job, JobRunner, TickOutcome};
pub use metrics::ScheduleMetrics;
pub use start::Schedules;
pub use timetable::Timetable;
