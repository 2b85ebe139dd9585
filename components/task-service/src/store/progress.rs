//! The steps of a task, each one conditional update.

use crate::domain::AssignmentId;
use crate::domain::task::{PROGRESS_PERCENT_MAX, TaskStatus};
use mutrapro_sdk::sql::{Error, Transaction, params};
use mutrapro_sdk::time::Instant;

/// From one open status to another. `false` when the task is not in the status `from`.
pub(crate) fn move_assignment(
    tx: &Transaction<'_>,
    id: AssignmentId,
    (from, to): (TaskStatus, TaskStatus),
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE task_assignments SET status = $3, updated_at = $4 WHERE id = $1 AND status = $2",
        params![id, from, to, now],
    )?;
    Ok(changed == 1)
}

/// Takes an offer up in the place `slot` of its specialist. `false` when it is none any more, or its deadline has passed.
///
/// The constraint [`SLOT_KEY`](super::SLOT_KEY) refuses a place that another task has.
pub(crate) fn accept_offer(tx: &Transaction<'_>, id: AssignmentId, slot: u32, now: Instant) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE task_assignments SET status = $4, slot = $2, rush_responded_at = $3, updated_at = $3
         WHERE id = $1 AND status = $5 AND rush_response_deadline > $3",
        params![id, slot, now, TaskStatus::Accepted, TaskStatus::RushOffered],
    )?;
    Ok(changed == 1)
}

/// `false` when it is no offer any more, or its deadline has passed.
pub(crate) fn decline_offer(
    tx: &Transaction<'_>,
    id: AssignmentId,
    reason: Option<&str>,
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE task_assignments SET status = $4, rush_decline_reason = $2, rush_responded_at = $3, updated_at = $3
         WHERE id = $1 AND status = $5 AND rush_response_deadline > $3",
        params![id, reason, now, TaskStatus::Rejected, TaskStatus::RushOffered],
    )?;
    Ok(changed == 1)
}

/// `false` when it is no offer any more, or can still be answered.
pub(crate) fn expire_offer(tx: &Transaction<'_>, id: AssignmentId, now: Instant) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE task_assignments SET status = $3, updated_at = $2
         WHERE id = $1 AND status = $4 AND rush_response_deadline <= $2",
        params![id, now, TaskStatus::Rejected, TaskStatus::RushOffered],
    )?;
    Ok(changed == 1)
}

/// `false` when nobody is at it.
pub(crate) fn report_progress(
    tx: &Transaction<'_>,
    id: AssignmentId,
    (progress_percent, notes): (u8, Option<&str>),
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE task_assignments SET progress_percent = $2, progress_notes = COALESCE($3, progress_notes), updated_at = $4
         WHERE id = $1 AND status = $5",
        params![id, progress_percent, notes, now, TaskStatus::InProgress],
    )?;
    Ok(changed == 1)
}

/// `false` when nobody is at it.
pub(crate) fn complete_assignment(
    tx: &Transaction<'_>,
    id: AssignmentId,
    actual_minutes: Option<u32>,
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE task_assignments SET status = $4, slot = NULL, actual_minutes = $2, progress_percent = $5,
            completed_at = $3, updated_at = $3
         WHERE id = $1 AND status = $6",
        params![id, actual_minutes, now, TaskStatus::Completed, PROGRESS_PERCENT_MAX, TaskStatus::InProgress],
    )?;
    Ok(changed == 1)
}

/// Ends whatever is open or offered, how far it may have come meanwhile. `false` when it has ended.
pub(crate) fn cancel_assignment(tx: &Transaction<'_>, id: AssignmentId, now: Instant) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE task_assignments SET status = $3, slot = NULL, updated_at = $2
         WHERE id = $1 AND (slot IS NOT NULL OR status = $4)",
        params![id, now, TaskStatus::Cancelled, TaskStatus::RushOffered],
    )?;
    Ok(changed == 1)
}
