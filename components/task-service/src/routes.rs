//! The HTTP API, and who may use what of it.

pub(crate) mod internal;
pub(crate) mod progress;
pub(crate) mod tasks;
pub(crate) mod workload;

use crate::domain::text::check_text;
use axum::Router;
use axum::routing::{get, post};
use mutrapro_sdk::json::{FieldErrors, Validate};
use serde::Deserialize;
use utoipa::{OpenApi, ToSchema};

/// Every route of the service.
pub(crate) fn router() -> Router {
    Router::new()
        .route("/tasks", get(tasks::list).post(tasks::create))
        .route("/tasks/{id}", get(tasks::show).patch(tasks::change))
        .route("/tasks/{id}/accept", post(progress::accept))
        .route("/tasks/{id}/decline", post(progress::decline))
        .route("/tasks/{id}/start", post(progress::start))
        .route("/tasks/{id}/progress", post(progress::report))
        .route("/tasks/{id}/complete", post(progress::complete))
        .route("/tasks/{id}/cancel", post(tasks::cancel))
        .route("/specialists/{id}/workload", get(workload::show))
        .merge(internal::routes())
        .merge(mutrapro_sdk::openapi::routes::<Document>())
}

#[derive(OpenApi)]
#[openapi(
    info(title = "task-service", description = "Who does what until when"),
    paths(
        tasks::create,
        tasks::list,
        tasks::show,
        tasks::change,
        tasks::cancel,
        progress::accept,
        progress::decline,
        progress::start,
        progress::report,
        progress::complete,
        workload::show,
    ),
    tags(
        (name = "tasks", description = "What specialists do for projects, and until when"),
        (name = "specialists", description = "Who has room for more")
    )
)]
pub(crate) struct Document;

/// Why, in the words of who does it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OptionalReason, example = json!({ "reason": "I am on tour until Friday" }))]
pub(crate) struct OptionalReason {
    /// 1 to 5000 characters.
    #[schema(min_length = 1, max_length = 5000)]
    reason: Option<String>,
}

impl Validate for OptionalReason {
    fn validate(&self, errors: &mut FieldErrors) {
        if let Some(reason) = &self.reason {
            errors.rule("reason", check_text(reason));
        }
    }
}

impl OptionalReason {
    /// Without the white space around it.
    fn text(&self) -> Option<String> {
        self.reason.as_deref().map(trimmed)
    }
}

fn trimmed(text: &str) -> String {
    text.trim().to_owned()
}

#[cfg(test)]
mod tests;
