//! Giving a task to a specialist who has room for it.
//!
//! Other services are asked before the transaction, so what they said may be old when it commits. For the specialist's room
//! the unique index answers; for a project that ended meanwhile, [`confirm`] does afterwards.

use crate::announcements as announce;
use crate::dependencies;
use crate::domain::deadline::response_deadline;
use crate::domain::rights;
use crate::domain::task::{Priority, TaskStatus, TaskType, project_takes_tasks, revision_takes_tasks};
use crate::domain::workload::free_slot;
use crate::domain::{ProjectId, RevisionId, SpecialistId};
use crate::store::{self, Assignment};
use crate::tasks;
use mutrapro_contracts::answers::{ProjectAnswer, SpecialistAnswer};
use mutrapro_sdk::identity::User;
use mutrapro_sdk::problem::{FieldError, OnConstraint, Problem, Result};
use mutrapro_sdk::sql::{self, Reader, Transaction, transaction};
use mutrapro_sdk::state;
use mutrapro_sdk::time::Instant;

/// The project, if `user` may assign tasks in it.
///
/// # Errors
/// 404 when `user` may not know of it, 409 when it takes no tasks.
pub(crate) fn project(user: &User, id: ProjectId) -> Result<ProjectAnswer> {
    let project = dependencies::project(id)?;
    let project = project.filter(|project| rights::coordinates(user, project.coordinator_user_id.into()));
    let project = project.ok_or_else(|| Problem::not_found("project"))?;
    if project_takes_tasks(&project.status) {
        return Ok(project);
    }
    let detail = format!("the project is {}: tasks are assigned while it is in_progress or in review", project.status);
    Err(Problem::conflict("project_not_open", detail))
}

/// The specialist, if they do tasks of this type.
///
/// # Errors
/// 422.
pub(crate) fn specialist(id: SpecialistId, task_type: TaskType) -> Result<SpecialistAnswer> {
    let specialist = dependencies::specialist(id)?;
    let specialist = specialist.ok_or_else(|| wrong("specialist_id", "there is no such specialist".to_owned()))?;
    if task_type.is_for(&specialist.specialization) {
        return Ok(specialist);
    }
    let message = format!("does {}: choose a specialist for {task_type}", specialist.specialization);
    Err(wrong("specialist_id", message))
}

/// Goes on only if a task in `project` can work off the revision.
///
/// # Errors
/// 422 when there is none such in the project, 409 when it is not approved, or done.
pub(crate) fn check_revision(id: RevisionId, project: &ProjectAnswer) -> Result<()> {
    let revision = dependencies::revision(id)?.filter(|revision| revision.project_id == project.id);
    let revision =
        revision.ok_or_else(|| wrong("revision_id", "there is no such revision of the project".to_owned()))?;
    if revision_takes_tasks(&revision.status) {
        return Ok(());
    }
    let detail = format!("the revision is {}: only one that is approved or in_progress is worked off", revision.status);
    Err(Problem::conflict("revision_not_approved", detail))
}

/// The task as it is assigned at once or offered, depending on how urgent it is.
pub(crate) fn in_its_first_state(task: Assignment, response_minutes: u32) -> Assignment {
    match task.priority {
        Priority::Normal => Assignment { status: TaskStatus::Assigned, ..task },
        Priority::Rush => Assignment {
            status: TaskStatus::RushOffered,
            rush_offered_at: Some(task.assigned_at),
            rush_response_deadline: Some(response_deadline(task.assigned_at, response_minutes, task.due_at)),
            ..task
        },
    }
}

/// Assigns a task, or offers it, to a specialist who takes on `max_concurrent_tasks` at once.
///
/// # Errors
/// 409 `specialist_busy`.
pub(crate) fn assign(tx: &Transaction<'_>, task: Assignment, max_concurrent_tasks: u32) -> Result<Assignment> {
    let slot = room(tx, task.specialist_id, max_concurrent_tasks)?;
    // An offer takes up no place, but who has none is offered nothing.
    let task = Assignment { slot: task.status.is_open().then_some(slot), ..task };
    store::insert_assignment(tx, &task).on_constraint(store::SLOT_KEY, another_was_quicker)?;
    tx.emit(&announce::task_assigned(&task))?;
    Ok(task)
}

/// Takes an offer up on behalf of its specialist, who takes on `max_concurrent_tasks` at once.
///
/// # Errors
/// 409 when it is no offer any more, when its deadline has passed, and `specialist_busy`.
pub(crate) fn accept_offer(
    tx: &Transaction<'_>,
    offer: &Assignment,
    max_concurrent_tasks: u32,
    now: Instant,
) -> Result<Assignment> {
    tasks::check_offer_stands(offer, now)?;
    let slot = room(tx, offer.specialist_id, max_concurrent_tasks)?;
    let is_taken = store::accept_offer(tx, offer.id, slot, now).on_constraint(store::SLOT_KEY, another_was_quicker)?;
    if !is_taken {
        return Err(state::changed_meanwhile("task"));
    }
    let task = tasks::found(tx, offer.id)?;
    tx.emit(&announce::task_accepted(&task))?;
    Ok(task)
}

/// Asks project-service again about the project of a new task, and cancels the task if it ended: between the first answer and
/// the assignment it may have been cancelled, and the event of that have come before there was anything to cancel.
///
/// # Errors
/// When project-service does not answer; then the task is looked at again at the next tick.
pub(crate) fn confirm(task: &Assignment, now: Instant) -> Result<()> {
    let project = dependencies::project(task.project_id)?;
    let is_open = project.is_some_and(|project| project_takes_tasks(&project.status));
    transaction(|tx| {
        if store::mark_confirmed(tx, task.id, now)? && !is_open {
            tasks::end(tx, task, None, None, now)?;
        }
        Ok(())
    })
}

/// The place for one more task of a specialist.
fn room(db: &impl Reader, id: SpecialistId, max_concurrent_tasks: u32) -> Result<u32> {
    let taken = store::taken_slots(db, id)?;
    free_slot(&taken, max_concurrent_tasks).ok_or_else(|| {
        let detail = format!(
            "the specialist has {} open tasks, of at most {max_concurrent_tasks}: choose another, or wait until one is done",
            taken.len()
        );
        Problem::conflict("specialist_busy", detail)
    })
}

/// Lets the unit of work run again, which finds the place taken and looks for the next one.
fn another_was_quicker() -> Problem {
    sql::Error::Conflict.into()
}

fn wrong(field: &str, message: String) -> Problem {
    Problem::unprocessable(vec![FieldError { field: field.to_owned(), code: "invalid".into(), message }])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tasks::tests::task;
    use std::time::Duration;

    #[test]
    fn what_is_urgent_is_offered_and_everything_else_assigned() {
        let assigned = in_its_first_state(task(TaskStatus::Accepted, Priority::Normal), 60);
        assert_eq!((assigned.status, assigned.rush_offered_at), (TaskStatus::Assigned, None));
        assert_eq!(assigned.rush_response_deadline, None);

        let offered = in_its_first_state(task(TaskStatus::Accepted, Priority::Rush), 60);
        assert_eq!((offered.status, offered.rush_offered_at), (TaskStatus::RushOffered, Some(offered.assigned_at)));
        let deadline = offered.assigned_at.plus(Duration::from_secs(3600));
        assert_eq!(offered.rush_response_deadline, Some(deadline));
    }

    #[test]
    fn who_was_slower_looks_again() {
        // What the unit of work returns so that it runs again.
        assert_eq!(another_was_quicker(), Problem::from(sql::Error::Conflict));
    }
}
