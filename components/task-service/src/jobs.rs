//! What happens because time passes.

use crate::announcements as announce;
use crate::assigning;
use crate::domain::deadline::reminder;
use crate::store;
use mutrapro_sdk::jobs::Job;
use mutrapro_sdk::problem::Result;
use mutrapro_sdk::sql::{Database, transaction};
use mutrapro_sdk::time::Instant;

/// How much one tick does; what is left is for the next one.
const ROWS_MAX: i64 = 100;

/// Runs a job of the manifest.
pub(crate) fn run(job: &Job) -> Result<()> {
    let now = Instant::now();
    match job.name.as_str() {
        "confirm-tasks" => confirm_tasks(now),
        "expire-rush-offers" => expire_rush_offers(now),
        "mark-overdue-tasks" => mark_overdue_tasks(now),
        "remind-tasks" => remind_tasks(now),
        _ => Err(job.unknown()),
    }
}

fn confirm_tasks(now: Instant) -> Result<()> {
    for task in store::unconfirmed_tasks(&Database, ROWS_MAX)? {
        assigning::confirm(&task, now)?;
    }
    Ok(())
}

fn expire_rush_offers(now: Instant) -> Result<()> {
    for task in store::expired_offers(&Database, now, ROWS_MAX)? {
        transaction(|tx| {
            if !store::expire_offer(tx, task.id, now)? {
                return Ok(());
            }
            Ok(tx.emit(&announce::task_rejected(&task, None, true))?)
        })?;
    }
    Ok(())
}

fn mark_overdue_tasks(now: Instant) -> Result<()> {
    for task in store::overdue_tasks(&Database, now, ROWS_MAX)? {
        transaction(|tx| {
            if !store::mark_overdue(tx, task.id, now)? {
                return Ok(());
            }
            Ok(tx.emit(&announce::task_overdue(&task))?)
        })?;
    }
    Ok(())
}

fn remind_tasks(now: Instant) -> Result<()> {
    for task in store::tasks_to_remind(&Database, now, ROWS_MAX)? {
        let Some(days_left) = reminder(task.due_at, task.reminded_days_left, now) else {
            continue;
        };
        transaction(|tx| {
            if !store::mark_reminded(tx, &task, days_left, now)? {
                return Ok(());
            }
            Ok(tx.emit(&announce::task_reminded(&task, days_left))?)
        })?;
    }
    Ok(())
}
