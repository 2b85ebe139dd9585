//! The HTTP API, and who may use what of it.

pub(crate) mod internal;
pub(crate) mod projects;
pub(crate) mod timeline;

use axum::Router;
use axum::routing::{get, post};
use utoipa::OpenApi;

/// Every route of the service.
pub(crate) fn router() -> Router {
    Router::new()
        .route("/projects", get(projects::list))
        .route("/projects/{id}", get(projects::show).patch(projects::change))
        .route("/projects/{id}/cancel", post(projects::cancel))
        .route("/projects/{id}/timeline", get(timeline::list))
        .merge(internal::routes())
        .merge(mutrapro_sdk::openapi::routes::<Document>())
}

#[derive(OpenApi)]
#[openapi(
    info(title = "project-service", description = "Projects, from the approved quotation to the last payment"),
    paths(projects::list, projects::show, projects::change, projects::cancel, timeline::list),
    tags((name = "projects", description = "What approved quotations become"))
)]
pub(crate) struct Document;

#[cfg(test)]
mod tests;
