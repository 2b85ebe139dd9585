//! What the service tells others: events made of its rows.

use crate::domain::FileId;
use crate::store::Project;
use mutrapro_contracts::project as told;
use mutrapro_sdk::identity::UserId;

pub(crate) fn project_created(project: &Project) -> told::ProjectCreated {
    told::ProjectCreated { project: of_project(project) }
}

pub(crate) fn project_started(project: &Project) -> told::ProjectStarted {
    told::ProjectStarted { project: of_project(project) }
}

pub(crate) fn project_completed(project: &Project) -> told::ProjectCompleted {
    let (specialists, users): (Vec<_>, Vec<_>) = project.facts.specialists().unzip();
    told::ProjectCompleted {
        project: of_project(project),
        specialist_ids: specialists.into_iter().map(|specialist| specialist.uuid()).collect(),
        specialist_user_ids: users.into_iter().map(UserId::uuid).collect(),
        deliverable_file_ids: project.facts.deliverables().iter().copied().map(FileId::uuid).collect(),
    }
}

/// `by` is `None` when the request was cancelled, and the project with it.
pub(crate) fn project_cancelled(
    project: &Project,
    reason: Option<String>,
    by: Option<UserId>,
) -> told::ProjectCancelled {
    told::ProjectCancelled {
        project: of_project(project),
        was_started: project.started_at.is_some(),
        reason,
        cancelled_by: by.map(UserId::uuid),
    }
}

/// What every event of a project tells of it.
fn of_project(project: &Project) -> told::Project {
    told::Project {
        project_id: project.id.uuid(),
        request_id: project.request_id.uuid(),
        quotation_id: project.quotation_id.uuid(),
        name: project.name.clone(),
        customer_id: project.customer_id.uuid(),
        customer_user_id: project.customer_user_id.uuid(),
        coordinator_id: project.coordinator_id.uuid(),
        coordinator_user_id: project.coordinator_user_id.uuid(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::facts::Facts;
    use crate::projects::tests::project;
    use mutrapro_sdk::id::Uuid;
    use mutrapro_sdk::time::Instant;
    use std::time::Duration;

    #[test]
    fn completion_names_who_did_it_and_what_was_taken() {
        let at = |seconds| Instant::UNIX_EPOCH.plus(Duration::from_secs(seconds));
        let mut facts = Facts::new([], false);
        for number in [9, 8] {
            let of = |number| Uuid::from_u128(number);
            facts.task_completed((of(number).into(), of(number + 100).into()), at(1));
        }
        facts.package_delivered(Uuid::from_u128(20).into(), true, at(2));
        facts.final_package_approved(Uuid::from_u128(20).into(), vec![Uuid::from_u128(30).into()], at(3));
        let told = project_completed(&crate::store::Project { facts, ..project() });
        assert_eq!(told.specialist_ids, [8, 9].map(Uuid::from_u128));
        assert_eq!(told.specialist_user_ids, [108, 109].map(Uuid::from_u128));
        assert_eq!(told.deliverable_file_ids, [Uuid::from_u128(30)]);
    }

    #[test]
    fn cancellation_tells_whether_work_may_have_begun() {
        let started = crate::store::Project { started_at: Some(Instant::UNIX_EPOCH), ..project() };
        assert!(!project_cancelled(&project(), None, None).was_started);
        let told = project_cancelled(&started, Some("moved".into()), Some(Uuid::from_u128(7).into()));
        assert!(told.was_started);
        assert_eq!((told.reason.as_deref(), told.cancelled_by), (Some("moved"), Some(Uuid::from_u128(7))));
    }
}
