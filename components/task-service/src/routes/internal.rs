//! What other services ask; nothing here can be reached from outside.

use super::workload::open_tasks;
use crate::domain::{AssignmentId, ProjectId, SpecialistId};
use crate::store::{self, OpenTasks};
use crate::tasks;
use axum::Router;
use axum::routing::get;
use mutrapro_contracts::answers::{SpecialistWorkload, TaskAnswer, WorkloadAnswer, WorkloadsAnswer};
use mutrapro_sdk::identity::{UserId, internal_to_all};
use mutrapro_sdk::json::Json;
use mutrapro_sdk::problem::{FieldError, Problem, Result};
use mutrapro_sdk::query::{Path, Query};
use mutrapro_sdk::sql::Database;
use serde::Deserialize;

/// The routes, for every service that may call this one.
pub(crate) fn routes() -> Router {
    internal_to_all(
        Router::new()
            .route("/internal/tasks/{id}", get(task))
            .route("/internal/specialists/{id}/workload", get(workload))
            .route("/internal/workloads", get(workloads))
            .route("/internal/projects/{project_id}/specialists/{user_id}", get(works_in_project)),
    )
}

async fn task(Path(id): Path<AssignmentId>) -> Result<Json<TaskAnswer>> {
    let task = tasks::found(&Database, id)?;
    Ok(Json(TaskAnswer {
        id: task.id.uuid(),
        project_id: task.project_id.uuid(),
        request_id: task.request_id.uuid(),
        specialist_id: task.specialist_id.uuid(),
        specialist_user_id: task.specialist_user_id.uuid(),
        customer_user_id: task.customer_user_id.uuid(),
        coordinator_user_id: task.coordinator_user_id.uuid(),
        task_type: task.task_type.to_string(),
        status: task.status.to_string(),
    }))
}

async fn workload(Path(id): Path<SpecialistId>) -> Result<Json<WorkloadAnswer>> {
    Ok(Json(WorkloadAnswer { open_tasks: open_tasks(id)? }))
}

/// About whom is asked.
#[derive(Debug, Deserialize)]
struct WorkloadsParameters {
    /// Separated by commas.
    specialist_ids: String,
}

/// In the order in which they were asked about, those without open tasks too.
async fn workloads(Query(parameters): Query<WorkloadsParameters>) -> Result<Json<WorkloadsAnswer>> {
    let ids = specialist_ids(&parameters.specialist_ids)?;
    let counted = store::open_tasks(&Database, &ids)?;
    Ok(Json(WorkloadsAnswer { items: ids.iter().map(|id| workload_of(*id, &counted)).collect() }))
}

fn specialist_ids(text: &str) -> Result<Vec<SpecialistId>> {
    let ids: Result<Vec<SpecialistId>, _> = text.split(',').filter(|id| !id.is_empty()).map(str::parse).collect();
    match ids {
        Ok(ids) if ids.len() <= WorkloadsAnswer::SPECIALISTS_MAX => Ok(ids),
        _ => Err(Problem::unprocessable(vec![FieldError {
            field: "specialist_ids".to_owned(),
            code: "invalid".into(),
            message: format!("must be at most {} ids, separated by commas", WorkloadsAnswer::SPECIALISTS_MAX),
        }])),
    }
}

fn workload_of(id: SpecialistId, counted: &[OpenTasks]) -> SpecialistWorkload {
    let open_tasks = counted.iter().find(|counted| counted.specialist_id == id).map_or(0, |counted| counted.open_tasks);
    SpecialistWorkload { specialist_id: id.uuid(), open_tasks }
}

/// Answers `null` when the user has or had a task in the project that was neither declined nor cancelled, and 404 otherwise.
async fn works_in_project(Path((project_id, user_id)): Path<(ProjectId, UserId)>) -> Result<Json<()>> {
    if store::has_task_in_project(&Database, project_id, user_id)? {
        return Ok(Json(()));
    }
    Err(Problem::not_found("specialist of the project"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use mutrapro_sdk::id::Uuid;

    #[test]
    fn everyone_who_was_asked_about_is_answered_about() {
        let id = |id| SpecialistId::from(Uuid::from_u128(id));
        let text = format!("{},{}", id(1), id(2));
        let ids = specialist_ids(&text).unwrap();
        assert_eq!(ids, [id(1), id(2)]);
        let counted = [OpenTasks { specialist_id: id(2), open_tasks: 3 }];
        let answered: Vec<_> = ids.iter().map(|id| workload_of(*id, &counted).open_tasks).collect();
        assert_eq!(answered, [0, 3]);
        assert_eq!(specialist_ids(""), Ok(Vec::new()));
    }

    #[test]
    fn a_page_of_specialists_is_the_most() {
        let ids = |count| vec![Uuid::nil().to_string(); count].join(",");
        assert_eq!(
            specialist_ids(&ids(WorkloadsAnswer::SPECIALISTS_MAX)).map(|ids| ids.len()),
            Ok(WorkloadsAnswer::SPECIALISTS_MAX)
        );
        for wrong in [ids(WorkloadsAnswer::SPECIALISTS_MAX + 1), "7".to_owned(), format!("{} ", Uuid::nil())] {
            assert_eq!(specialist_ids(&wrong).unwrap_err().code(), "invalid_fields", "{wrong}");
        }
    }
}
