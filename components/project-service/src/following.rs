//! What happens to projects because of what others tell.
//!
//! Each handler holds the project, notes the fact, and lets the project go where its facts lead. What is told of a project
//! that has ended is noted as well: who completed a task is asked for later.

use crate::domain::project::progress_percent;
use crate::domain::{FileId, RevisionId};
use crate::projects;
use crate::store::{self, Key, Project};
use mutrapro_contracts::quotation::{Milestone, MilestonePaid, RequestCancelled};
use mutrapro_contracts::revision::{PackageApproved, PackageDelivered, RevisionApproved, RevisionRejected};
use mutrapro_contracts::task::TaskCompleted;
use mutrapro_sdk::problem::{Problem, Result};
use mutrapro_sdk::sql::Transaction;
use mutrapro_sdk::time::Instant;

const DEPOSIT: &str = "deposit";
const FINAL: &str = "final";

/// Something is to be paid, for the first time or again.
pub(crate) fn milestone_due(tx: &Transaction<'_>, milestone: &Milestone, now: Instant) -> Result<()> {
    let (id, revision) = (milestone.milestone_id.into(), milestone.revision_id.map(RevisionId::from));
    note(tx, of_milestone(milestone), now, |project| project.facts.milestone_due(id, revision))
}

/// The money is there: the deposit starts the project, and the last payment completes it.
pub(crate) fn milestone_paid(tx: &Transaction<'_>, event: &MilestonePaid, now: Instant) -> Result<()> {
    let (id, is_deposit) = (event.milestone.milestone_id.into(), event.milestone.milestone_type == DEPOSIT);
    note(tx, of_milestone(&event.milestone), now, |project| project.facts.milestone_paid(id, is_deposit))
}

/// Nobody pays it any more, which by itself completes nothing: it happens to the fee of a rejected revision, whose rejection
/// is told as well, and to everything of a request that is cancelled, `happened_at` at the same time.
pub(crate) fn milestone_cancelled(
    tx: &Transaction<'_>,
    milestone: &Milestone,
    happened_at: Instant,
    now: Instant,
) -> Result<()> {
    let project = held(tx, of_milestone(milestone))?;
    // The request was cancelled before there was a project here, so that `request.cancelled` may have found none.
    if happened_at <= project.created_at && project.status.is_open() {
        projects::end(tx, project, None, None, now)?;
    }
    Ok(())
}

/// The request is cancelled, and what came of it with it. Most requests that are cancelled never became a project.
pub(crate) fn request_cancelled(tx: &Transaction<'_>, event: &RequestCancelled, now: Instant) -> Result<()> {
    let project = store::hold_project(tx, Key::Request(event.request_id.into()))?;
    if let Some(project) = project.filter(|project| project.status.is_open()) {
        projects::end(tx, project, event.reason.clone(), None, now)?;
    }
    Ok(())
}

/// There is more to do.
pub(crate) fn task_assigned(tx: &Transaction<'_>, key: Key, now: Instant) -> Result<()> {
    note(tx, key, now, |project| project.facts.task_assigned())
}

/// There is less to do.
pub(crate) fn task_dropped(tx: &Transaction<'_>, key: Key, now: Instant) -> Result<()> {
    note(tx, key, now, |project| project.facts.task_dropped())
}

/// Work is done, maybe all of it.
pub(crate) fn task_completed(
    tx: &Transaction<'_>,
    event: &TaskCompleted,
    happened_at: Instant,
    now: Instant,
) -> Result<()> {
    let task = &event.task;
    let specialist = (task.specialist_id.into(), task.specialist_user_id.into());
    note(tx, Key::Project(task.project_id.into()), now, |project| project.facts.task_completed(specialist, happened_at))
}

/// The customer has something to look at.
pub(crate) fn package_delivered(
    tx: &Transaction<'_>,
    event: &PackageDelivered,
    happened_at: Instant,
    now: Instant,
) -> Result<()> {
    let package = &event.package;
    let (id, is_final) = (package.package_id.into(), package.delivery_type == FINAL);
    note(tx, Key::Project(package.project_id.into()), now, |project| {
        project.facts.package_delivered(id, is_final, happened_at);
    })
}

/// The customer takes a package; the final one completes the project when everything is paid.
pub(crate) fn package_approved(
    tx: &Transaction<'_>,
    event: &PackageApproved,
    happened_at: Instant,
    now: Instant,
) -> Result<()> {
    let package = &event.package;
    if package.delivery_type != FINAL {
        return Ok(());
    }
    let files = package.file_ids.iter().copied().map(FileId::from).collect();
    note(tx, Key::Project(package.project_id.into()), now, |project| {
        project.facts.final_package_approved(package.package_id.into(), files, happened_at);
    })
}

/// Something is done again.
pub(crate) fn revision_approved(
    tx: &Transaction<'_>,
    event: &RevisionApproved,
    happened_at: Instant,
    now: Instant,
) -> Result<()> {
    note(tx, Key::Project(event.revision.project_id.into()), now, |project| {
        project.used_revisions = project.used_revisions.saturating_add(1);
        project.facts.revision_approved(happened_at);
    })
}

/// Its fee is not waited for any more.
pub(crate) fn revision_rejected(tx: &Transaction<'_>, event: &RevisionRejected, now: Instant) -> Result<()> {
    let id = event.revision.revision_id.into();
    note(tx, Key::Project(event.revision.project_id.into()), now, |project| project.facts.revision_rejected(id))
}

/// Milestones know of quotations, not of projects.
fn of_milestone(milestone: &Milestone) -> Key {
    Key::Quotation(milestone.quotation_id.into())
}

/// Notes something of a project, and lets it go where that leads.
fn note(tx: &Transaction<'_>, key: Key, now: Instant, fact: impl FnOnce(&mut Project)) -> Result<()> {
    let mut project = held(tx, key)?;
    fact(&mut project);
    project.progress_percent = progress_percent(project.status, project.facts.tasks());
    project.updated_at = now;
    store::write_facts(tx, &project)?;
    projects::advance(tx, project, now).map(drop)
}

/// The project, held until the transaction ends.
///
/// # Errors
/// 503, which asks for another delivery, while the quotation that it comes from has not been heard of.
fn held(tx: &Transaction<'_>, key: Key) -> Result<Project> {
    store::hold_project(tx, key)?
        .ok_or_else(|| Problem::unavailable("overtaken", format!("there is no project yet for the {key}")))
}
