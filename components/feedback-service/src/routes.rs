//! The HTTP API, and who may use what of it.

mod activity;
mod feedback;
mod internal;
mod ratings;
#[cfg(test)]
mod tests;

use axum::Router;
use axum::routing::get;
use utoipa::OpenApi;

/// Every route of the service.
pub(crate) fn router() -> Router {
    Router::new()
        .route("/feedback", get(feedback::list).post(feedback::create))
        .route("/specialists/{id}/rating", get(ratings::show))
        .route("/activity", get(activity::list))
        .merge(internal::routes())
        .merge(mutrapro_sdk::openapi::routes::<Document>())
}

#[derive(OpenApi)]
#[openapi(
    info(title = "feedback-service", description = "Feedback of customers, and the log of everything that happened"),
    paths(feedback::create, feedback::list, ratings::show, activity::list),
    tags(
        (name = "feedback", description = "What customers say of finished requests"),
        (name = "activity", description = "What happened in the whole application")
    )
)]
struct Document;
