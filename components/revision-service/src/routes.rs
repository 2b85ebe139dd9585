//! The HTTP API, and who may use what of it.

pub(crate) mod eligibility;
pub(crate) mod internal;
pub(crate) mod packages;
pub(crate) mod revisions;

use crate::domain::text::{TEXT_CHARACTERS_MAX, check_text};
use axum::Router;
use axum::routing::{delete, get, post};
use mutrapro_sdk::json::{FieldErrors, Validate};
use serde::Deserialize;
use utoipa::{OpenApi, ToSchema};

/// Every route of the service.
pub(crate) fn router() -> Router {
    Router::new()
        .route("/revisions", get(revisions::list).post(revisions::create))
        .route("/revisions/{id}", get(revisions::show))
        .route("/revisions/{id}/approve", post(revisions::approve))
        .route("/revisions/{id}/reject", post(revisions::reject))
        .route("/revisions/{id}/complete", post(revisions::complete))
        .route("/projects/{id}/revision-eligibility", get(eligibility::show))
        .route("/packages", get(packages::list).post(packages::create))
        .route("/packages/{id}", get(packages::show))
        .route("/packages/{id}/files", post(packages::files::add))
        .route("/packages/{id}/files/{file_id}", delete(packages::files::remove))
        .route("/packages/{id}/ready", post(packages::ready))
        .route("/packages/{id}/deliver", post(packages::deliver))
        .route("/packages/{id}/approve", post(packages::approve))
        .route("/packages/{id}/reject", post(packages::reject))
        .merge(internal::routes())
        .merge(mutrapro_sdk::openapi::routes::<Document>())
}

#[derive(OpenApi)]
#[openapi(
    info(title = "revision-service", description = "Packages that are delivered, and revisions of them"),
    paths(
        revisions::create,
        revisions::list,
        revisions::show,
        revisions::approve,
        revisions::reject,
        revisions::complete,
        eligibility::show,
        packages::create,
        packages::list,
        packages::show,
        packages::files::add,
        packages::files::remove,
        packages::ready,
        packages::deliver,
        packages::approve,
        packages::reject,
    ),
    tags(
        (name = "revisions", description = "What customers want changed, and whether it costs something"),
        (name = "packages", description = "What coordinators deliver, and whether customers take it")
    )
)]
pub(crate) struct Document;

/// Why not, in the words of who does it; they have to say it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Rejection, example = json!({ "reason": "The second voice is not what we agreed on" }))]
pub(crate) struct Rejection {
    /// 1 to 5000 characters.
    #[schema(min_length = 1, max_length = 5000)]
    pub(crate) reason: String,
}

impl Validate for Rejection {
    fn validate(&self, errors: &mut FieldErrors) {
        errors.rule("reason", check_text(&self.reason, 1, TEXT_CHARACTERS_MAX));
    }
}

impl Rejection {
    /// Without the space around it.
    pub(crate) fn reason(&self) -> &str {
        self.reason.trim()
    }
}

#[cfg(test)]
mod tests;
