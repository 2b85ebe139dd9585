//! What happens to a project, each within a transaction that tells of it.

use crate::announcements as announce;
use crate::dependencies;
use crate::domain::facts::Facts;
use crate::domain::project::{
    FREE_REVISIONS, ProjectStatus, Standing, is_specialist, progress_percent, revision_fee, standing,
};
use crate::domain::{MilestoneId, ProjectId};
use crate::store::{self, Key, Project, ProjectChange};
use mutrapro_contracts::quotation::QuotationApproved;
use mutrapro_sdk::identity::{User, UserId};
use mutrapro_sdk::problem::{Problem, Result};
use mutrapro_sdk::sql::{Database, Reader, Transaction};
use mutrapro_sdk::state;
use mutrapro_sdk::time::Instant;

/// The project, and who `user` is to it. It may ask task-service, so no transaction may be open.
///
/// # Errors
/// 404 when `user` may not know of it, 503 and 504 when task-service does not say whether they work on it.
pub(crate) fn visible(id: ProjectId, user: &User) -> Result<(Project, Standing)> {
    let project = found(&Database, Key::Project(id))?;
    if let Some(standing) = standing(user, project.customer_user_id, project.coordinator_user_id) {
        return Ok((project, standing));
    }
    if is_specialist(user) && dependencies::works_in_project(user.id, id)? {
        return Ok((project, Standing::Specialist));
    }
    Err(no_such_project())
}

/// The project, if `user` is who may change it. Who that is never changes.
///
/// # Errors
/// As [`visible`], and 403 for those who may only look.
pub(crate) fn changeable(id: ProjectId, user: &User) -> Result<Project> {
    let (project, standing) = visible(id, user)?;
    if standing.may_change() {
        return Ok(project);
    }
    Err(Problem::forbidden("not_your_project", "only its coordinator may change or cancel a project: ask them"))
}

/// The project, whoever asks.
///
/// # Errors
/// 404.
pub(crate) fn found(db: &impl Reader, key: Key) -> Result<Project> {
    store::project(db, key)?.ok_or_else(no_such_project)
}

/// An approved quotation becomes a project, once.
///
/// # Errors
/// 500 for a currency that this service does not know.
pub(crate) fn create(tx: &Transaction<'_>, quotation: &QuotationApproved, now: Instant) -> Result<()> {
    let project = new_project(quotation, now)?;
    if !store::insert_project(tx, &project)? {
        return Ok(());
    }
    tx.emit(&announce::project_created(&project))?;
    advance(tx, project, now).map(drop)
}

fn new_project(quotation: &QuotationApproved, now: Instant) -> Result<Project> {
    let milestones = quotation.milestone_ids.iter().copied().map(MilestoneId::from);
    Ok(Project {
        id: ProjectId::generate(),
        request_id: quotation.request_id.into(),
        quotation_id: quotation.quotation_id.into(),
        customer_id: quotation.customer_id.into(),
        customer_user_id: quotation.customer_user_id.into(),
        coordinator_id: quotation.coordinator_id.into(),
        coordinator_user_id: quotation.coordinator_user_id.into(),
        name: quotation.title.clone(),
        status: ProjectStatus::Assigned,
        started_at: None,
        ended_at: None,
        progress_percent: 0,
        free_revisions_included: FREE_REVISIONS,
        used_revisions: 0,
        revision_fee: revision_fee(quotation.total_price),
        currency: quotation.currency.parse().map_err(Problem::internal)?,
        notes: None,
        facts: Facts::new(milestones, quotation.deposit_amount > 0),
        created_at: now,
        updated_at: now,
    })
}

/// Changes what its coordinator decides on.
///
/// # Errors
/// 409 when the project has ended.
pub(crate) fn change(tx: &Transaction<'_>, id: ProjectId, change: &ProjectChange, now: Instant) -> Result<Project> {
    if !store::update_project(tx, id, change, now)? {
        let status = found(tx, Key::Project(id))?.status;
        return Err(Problem::conflict("project_ended", format!("a project that is {status} stays as it is")));
    }
    found(tx, Key::Project(id))
}

/// Cancels a project on behalf of the user `by`.
///
/// # Errors
/// 409 when the project has ended.
pub(crate) fn cancel(
    tx: &Transaction<'_>,
    id: ProjectId,
    reason: Option<String>,
    by: UserId,
    now: Instant,
) -> Result<Project> {
    let project = store::hold_project(tx, Key::Project(id))?.ok_or_else(no_such_project)?;
    end(tx, project, reason, Some(by), now)
}

/// Cancels a project that this transaction holds; `by` is `None` when its request was cancelled.
///
/// # Errors
/// 409 when the project has ended.
pub(crate) fn end(
    tx: &Transaction<'_>,
    project: Project,
    reason: Option<String>,
    by: Option<UserId>,
    now: Instant,
) -> Result<Project> {
    let project = enter(tx, project, ProjectStatus::Cancelled, now)?;
    tx.emit(&announce::project_cancelled(&project, reason, by))?;
    Ok(project)
}

/// Moves a project that this transaction holds to where its facts lead, and tells each step that others hear of.
///
/// # Errors
/// What the database makes of it.
pub(crate) fn advance(tx: &Transaction<'_>, mut project: Project, now: Instant) -> Result<Project> {
    while let Some(to) = project.status.next(&project.facts) {
        let from = project.status;
        project = enter(tx, project, to, now)?;
        match (from, to) {
            (ProjectStatus::Assigned, _) => tx.emit(&announce::project_started(&project))?,
            (_, ProjectStatus::Completed) => tx.emit(&announce::project_completed(&project))?,
            _ => {}
        }
    }
    Ok(project)
}

fn enter(tx: &Transaction<'_>, project: Project, to: ProjectStatus, now: Instant) -> Result<Project> {
    state::check(project.status, to)?;
    let from = project.status;
    let project = entered(project, to, now);
    if !store::move_project(tx, from, &project)? {
        return Err(state::changed_meanwhile("project"));
    }
    Ok(project)
}

/// The project once it has become `to`.
fn entered(project: Project, to: ProjectStatus, now: Instant) -> Project {
    let starts = project.status == ProjectStatus::Assigned && to == ProjectStatus::InProgress;
    Project {
        status: to,
        started_at: if starts { Some(now) } else { project.started_at },
        ended_at: (!to.is_open()).then_some(now),
        progress_percent: progress_percent(to, project.facts.tasks()),
        updated_at: now,
        ..project
    }
}

pub(crate) fn no_such_project() -> Problem {
    Problem::not_found("project")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use mutrapro_sdk::id::Uuid;
    use mutrapro_sdk::money::Currency;
    use mutrapro_sdk::time::Instant;
    use std::time::Duration;

    fn quotation() -> QuotationApproved {
        QuotationApproved {
            quotation_id: Uuid::from_u128(2),
            request_id: Uuid::from_u128(1),
            request_type: "transcription".into(),
            title: "Diễm xưa".into(),
            version: 2,
            priority: "normal".into(),
            customer_id: Uuid::from_u128(3),
            customer_user_id: Uuid::from_u128(4),
            coordinator_id: Uuid::from_u128(5),
            coordinator_user_id: Uuid::from_u128(6),
            total_price: 200_000,
            deposit_amount: 80_000,
            final_amount: 120_000,
            currency: "VND".into(),
            milestone_ids: vec![Uuid::from_u128(7), Uuid::from_u128(8)],
            approved_by: Uuid::from_u128(4),
        }
    }

    /// A project that waits for its deposit.
    pub(crate) fn project() -> Project {
        new_project(&quotation(), Instant::UNIX_EPOCH).unwrap()
    }

    #[test]
    fn new_project_is_what_was_agreed_on() {
        let project = project();
        assert_eq!((project.name.as_str(), project.status), ("Diễm xưa", ProjectStatus::Assigned));
        assert_eq!((project.free_revisions_included, project.used_revisions), (1, 0));
        assert_eq!((project.revision_fee, project.currency), (20_000, Currency::Vnd));
        assert_eq!(project.status.next(&project.facts), None);
    }

    #[test]
    fn new_project_without_a_deposit_starts_at_once() {
        let free = QuotationApproved { deposit_amount: 0, milestone_ids: vec![Uuid::from_u128(8)], ..quotation() };
        let project = new_project(&free, Instant::UNIX_EPOCH).unwrap();
        assert_eq!(project.status.next(&project.facts), Some(ProjectStatus::InProgress));
    }

    #[test]
    fn unknown_currency_is_an_error_and_not_another_one() {
        let foreign = QuotationApproved { currency: "XAU".into(), ..quotation() };
        assert_eq!(new_project(&foreign, Instant::UNIX_EPOCH).unwrap_err().code(), "internal_error");
    }

    #[test]
    fn start_and_end_are_noted_once() {
        let at = |seconds| Instant::UNIX_EPOCH.plus(Duration::from_secs(seconds));
        let started = entered(project(), ProjectStatus::InProgress, at(1));
        assert_eq!((started.started_at, started.ended_at), (Some(at(1)), None));
        let reviewed = entered(started, ProjectStatus::Review, at(2));
        let revised = entered(reviewed.clone(), ProjectStatus::InProgress, at(3));
        assert_eq!((revised.started_at, revised.ended_at), (Some(at(1)), None));
        let completed = entered(reviewed, ProjectStatus::Completed, at(4));
        assert_eq!((completed.started_at, completed.ended_at), (Some(at(1)), Some(at(4))));
        assert_eq!(completed.progress_percent, 100);
        let cancelled = entered(project(), ProjectStatus::Cancelled, at(5));
        assert_eq!((cancelled.started_at, cancelled.ended_at), (None, Some(at(5))));
    }
}
