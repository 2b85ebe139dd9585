//! What other services ask; nothing here can be reached from outside.

use crate::domain::{ProjectId, RequestId};
use crate::projects;
use crate::store::{Key, Project};
use axum::Router;
use axum::routing::get;
use mutrapro_contracts::answers::ProjectAnswer;
use mutrapro_sdk::identity::{UserId, internal_to_all};
use mutrapro_sdk::json::Json;
use mutrapro_sdk::problem::Result;
use mutrapro_sdk::query::Path;
use mutrapro_sdk::sql::Database;

/// The routes, for every service that may call this one.
pub(crate) fn routes() -> Router {
    internal_to_all(
        Router::new()
            .route("/internal/projects/{id}", get(project))
            .route("/internal/requests/{request_id}/project", get(project_of_request)),
    )
}

async fn project(Path(id): Path<ProjectId>) -> Result<Json<ProjectAnswer>> {
    Ok(Json(answer(projects::found(&Database, Key::Project(id))?)))
}

async fn project_of_request(Path(id): Path<RequestId>) -> Result<Json<ProjectAnswer>> {
    Ok(Json(answer(projects::found(&Database, Key::Request(id))?)))
}

fn answer(project: Project) -> ProjectAnswer {
    let (specialists, users): (Vec<_>, Vec<_>) = project.facts.specialists().unzip();
    ProjectAnswer {
        id: project.id.uuid(),
        request_id: project.request_id.uuid(),
        quotation_id: project.quotation_id.uuid(),
        name: project.name,
        status: project.status.to_string(),
        customer_id: project.customer_id.uuid(),
        customer_user_id: project.customer_user_id.uuid(),
        coordinator_id: project.coordinator_id.uuid(),
        coordinator_user_id: project.coordinator_user_id.uuid(),
        free_revisions_included: project.free_revisions_included,
        used_revisions: project.used_revisions,
        revision_fee: project.revision_fee,
        currency: project.currency.to_string(),
        specialist_ids: specialists.into_iter().map(|specialist| specialist.uuid()).collect(),
        specialist_user_ids: users.into_iter().map(UserId::uuid).collect(),
    }
}
