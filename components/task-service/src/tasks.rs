//! What happens to a task, each within a transaction that tells of it.

use crate::announcements as announce;
use crate::domain::AssignmentId;
use crate::domain::rights;
use crate::domain::task::TaskStatus;
use crate::store::{self, Assignment};
use mutrapro_sdk::identity::{User, UserId};
use mutrapro_sdk::problem::{Problem, Result};
use mutrapro_sdk::sql::{Reader, Transaction};
use mutrapro_sdk::state;
use mutrapro_sdk::time::Instant;

/// The task, whoever asks.
///
/// # Errors
/// 404.
pub(crate) fn found(db: &impl Reader, id: AssignmentId) -> Result<Assignment> {
    store::assignment(db, id)?.ok_or_else(|| Problem::not_found("task"))
}

/// The task, if `user` sees it.
///
/// # Errors
/// 404.
pub(crate) fn visible(db: &impl Reader, id: AssignmentId, user: &User) -> Result<Assignment> {
    let task = found(db, id)?;
    check_visible(&task, user)?;
    Ok(task)
}

/// The task, if `user` is its specialist.
///
/// # Errors
/// 404 for who may not know of it, 403 for everyone else.
pub(crate) fn of_specialist(db: &impl Reader, id: AssignmentId, user: &User) -> Result<Assignment> {
    let task = found(db, id)?;
    check_specialist(&task, user)?;
    Ok(task)
}

/// The task, if `user` sees its project through.
///
/// # Errors
/// 404 for who may not know of it, 403 for everyone else.
pub(crate) fn of_coordinator(db: &impl Reader, id: AssignmentId, user: &User) -> Result<Assignment> {
    let task = found(db, id)?;
    check_coordinator(&task, user)?;
    Ok(task)
}

fn check_visible(task: &Assignment, user: &User) -> Result<()> {
    let sees = rights::coordinates(user, task.coordinator_user_id) || rights::has_task(user, task.specialist_user_id);
    if sees { Ok(()) } else { Err(Problem::not_found("task")) }
}

/// Nobody says in a specialist's place what they do, administrators neither.
fn check_specialist(task: &Assignment, user: &User) -> Result<()> {
    check_visible(task, user)?;
    if !rights::has_task(user, task.specialist_user_id) {
        return Err(Problem::forbidden("not_your_task", "only the specialist whose task it is may do this"));
    }
    rights::check_role(user, task.task_type)
}

fn check_coordinator(task: &Assignment, user: &User) -> Result<()> {
    check_visible(task, user)?;
    if rights::coordinates(user, task.coordinator_user_id) {
        return Ok(());
    }
    Err(Problem::forbidden("not_your_project", "only the coordinator who holds the project may do this"))
}

/// Takes a task that was assigned.
///
/// # Errors
/// 409 when it may not be, or was moved by another.
pub(crate) fn accept(tx: &Transaction<'_>, task: &Assignment, now: Instant) -> Result<Assignment> {
    let task = advance(tx, task, TaskStatus::Accepted, now)?;
    tx.emit(&announce::task_accepted(&task))?;
    Ok(task)
}

/// Declines an offer.
///
/// # Errors
/// 409 when it is none, or its deadline has passed.
pub(crate) fn decline(
    tx: &Transaction<'_>,
    task: &Assignment,
    reason: Option<String>,
    now: Instant,
) -> Result<Assignment> {
    state::check(task.status, TaskStatus::Rejected)?;
    check_offer_stands(task, now)?;
    if !store::decline_offer(tx, task.id, reason.as_deref(), now)? {
        return Err(state::changed_meanwhile("task"));
    }
    let task = found(tx, task.id)?;
    tx.emit(&announce::task_rejected(&task, reason, false))?;
    Ok(task)
}

/// Goes on only while an offer can be answered; what is no offer is let through.
///
/// # Errors
/// 409 `offer_expired`.
pub(crate) fn check_offer_stands(task: &Assignment, now: Instant) -> Result<()> {
    match task.rush_response_deadline {
        Some(deadline) if task.status == TaskStatus::RushOffered && deadline <= now => {
            Err(Problem::conflict("offer_expired", format!("the offer could be answered until {deadline}")))
        }
        _ => Ok(()),
    }
}

/// Begins.
///
/// # Errors
/// 409 when it may not be, or was moved by another.
pub(crate) fn start(tx: &Transaction<'_>, task: &Assignment, now: Instant) -> Result<Assignment> {
    let task = advance(tx, task, TaskStatus::InProgress, now)?;
    tx.emit(&announce::task_in_progress(&task))?;
    Ok(task)
}

/// Moves a task from one open status to another.
fn advance(tx: &Transaction<'_>, task: &Assignment, to: TaskStatus, now: Instant) -> Result<Assignment> {
    state::check(task.status, to)?;
    if !store::move_assignment(tx, task.id, (task.status, to), now)? {
        return Err(state::changed_meanwhile("task"));
    }
    found(tx, task.id)
}

/// Says how far the work is.
///
/// # Errors
/// 409 when nobody is at it.
pub(crate) fn report(
    tx: &Transaction<'_>,
    task: &Assignment,
    (progress_percent, notes): (u8, Option<&str>),
    now: Instant,
) -> Result<Assignment> {
    if !store::report_progress(tx, task.id, (progress_percent, notes), now)? {
        let detail = format!("progress is reported while a task is in_progress; this one is {}", task.status);
        return Err(Problem::conflict("task_not_in_progress", detail));
    }
    found(tx, task.id)
}

/// Completes a task that somebody is at.
///
/// # Errors
/// 409 when it may not be, or was moved by another.
pub(crate) fn complete(
    tx: &Transaction<'_>,
    task: &Assignment,
    actual_minutes: Option<u32>,
    now: Instant,
) -> Result<Assignment> {
    state::check(task.status, TaskStatus::Completed)?;
    if !store::complete_assignment(tx, task.id, actual_minutes, now)? {
        return Err(state::changed_meanwhile("task"));
    }
    let task = found(tx, task.id)?;
    tx.emit(&announce::task_completed(&task))?;
    Ok(task)
}

/// Cancels a task on behalf of `user`.
///
/// # Errors
/// 409 when it has ended.
pub(crate) fn cancel(
    tx: &Transaction<'_>,
    task: &Assignment,
    reason: Option<String>,
    user: &User,
    now: Instant,
) -> Result<Assignment> {
    state::check(task.status, TaskStatus::Cancelled)?;
    if !end(tx, task, reason, Some(user.id), now)? {
        return Err(state::changed_meanwhile("task"));
    }
    found(tx, task.id)
}

/// Cancels a task, how far it may have come since it was read. `false` when it has ended: then nothing is told.
pub(crate) fn end(
    tx: &Transaction<'_>,
    task: &Assignment,
    reason: Option<String>,
    by: Option<UserId>,
    now: Instant,
) -> Result<bool> {
    let is_cancelled = store::cancel_assignment(tx, task.id, now)?;
    if is_cancelled {
        tx.emit(&announce::task_cancelled(task, reason, by))?;
    }
    Ok(is_cancelled)
}

#[cfg(test)]
pub(crate) mod tests;
