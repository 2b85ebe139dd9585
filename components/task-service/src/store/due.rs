//! What has to happen because time passes, and that it did.

use super::tasks::{Assignment, COLUMNS};
use crate::domain::AssignmentId;
use crate::domain::deadline::{REMINDER_DAYS, days};
use crate::domain::task::TaskStatus;
use mutrapro_sdk::sql::{Error, Reader, Transaction, params};
use mutrapro_sdk::time::Instant;

/// At most `rows_max` offers whose deadline has passed at `now`, oldest first.
pub(crate) fn expired_offers(db: &impl Reader, now: Instant, rows_max: i64) -> Result<Vec<Assignment>, Error> {
    db.query(
        &format!(
            "SELECT {COLUMNS} FROM task_assignments WHERE status = $1 AND rush_response_deadline <= $2
             ORDER BY rush_response_deadline LIMIT $3"
        ),
        params![TaskStatus::RushOffered, now, rows_max],
    )
}

/// At most `rows_max` open tasks whose time passed before `now` and of which nobody was told, oldest first.
pub(crate) fn overdue_tasks(db: &impl Reader, now: Instant, rows_max: i64) -> Result<Vec<Assignment>, Error> {
    db.query(
        &format!(
            "SELECT {COLUMNS} FROM task_assignments WHERE slot IS NOT NULL AND due_at < $1 AND overdue_notified_at IS NULL
             ORDER BY due_at LIMIT $2"
        ),
        params![now, rows_max],
    )
}

/// Remembers that people were told. `false` when they were before, or the task is not overdue any more.
pub(crate) fn mark_overdue(tx: &Transaction<'_>, id: AssignmentId, now: Instant) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE task_assignments SET overdue_notified_at = $2, updated_at = $2
         WHERE id = $1 AND slot IS NOT NULL AND due_at < $2 AND overdue_notified_at IS NULL",
        params![id, now],
    )?;
    Ok(changed == 1)
}

/// At most `rows_max` open tasks whose next reminder's time has come at `now`, the most urgent first.
pub(crate) fn tasks_to_remind(db: &impl Reader, now: Instant, rows_max: i64) -> Result<Vec<Assignment>, Error> {
    // So many days are left until one day more is.
    let [three, one, none] = REMINDER_DAYS.map(|days_left| now.plus(days(u32::from(days_left) + 1)));
    db.query(
        &format!(
            "SELECT {COLUMNS} FROM task_assignments
             WHERE slot IS NOT NULL AND due_at >= $1
                AND ((reminded_days_left IS NULL AND due_at < $2) OR (reminded_days_left > 1 AND due_at < $3)
                    OR (reminded_days_left > 0 AND due_at < $4))
             ORDER BY due_at LIMIT $5"
        ),
        params![now, three, one, none, rows_max],
    )
}

/// Remembers a reminder. `false` when since `task` was read another was remembered, its date changed, or it ended.
pub(crate) fn mark_reminded(
    tx: &Transaction<'_>,
    task: &Assignment,
    days_left: u8,
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE task_assignments SET reminded_days_left = $4, updated_at = $5
         WHERE id = $1 AND slot IS NOT NULL AND due_at = $2 AND COALESCE(reminded_days_left, -1) = COALESCE($3, -1)",
        params![task.id, task.due_at, task.reminded_days_left, days_left, now],
    )?;
    Ok(changed == 1)
}

/// At most `rows_max` tasks whose project was not asked about again since they were assigned, oldest first.
pub(crate) fn unconfirmed_tasks(db: &impl Reader, rows_max: i64) -> Result<Vec<Assignment>, Error> {
    db.query(
        &format!("SELECT {COLUMNS} FROM task_assignments WHERE project_confirmed_at IS NULL ORDER BY id LIMIT $1"),
        params![rows_max],
    )
}

/// `false` when it was confirmed before.
pub(crate) fn mark_confirmed(tx: &Transaction<'_>, id: AssignmentId, now: Instant) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE task_assignments SET project_confirmed_at = $2 WHERE id = $1 AND project_confirmed_at IS NULL",
        params![id, now],
    )?;
    Ok(changed == 1)
}
