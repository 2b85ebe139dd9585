//! What other services ask; nothing here can be reached from outside.

use crate::domain::{FileId, RevisionId};
use crate::{revisions, store};
use axum::Router;
use axum::routing::get;
use mutrapro_contracts::answers::{DeliveriesAnswer, RevisionAnswer};
use mutrapro_sdk::identity::{UserId, internal_to_all};
use mutrapro_sdk::json::Json;
use mutrapro_sdk::problem::Result;
use mutrapro_sdk::query::Path;
use mutrapro_sdk::sql::Database;

/// The routes, for every service that may call this one.
pub(crate) fn routes() -> Router {
    internal_to_all(
        Router::new()
            .route("/internal/revisions/{id}", get(revision))
            .route("/internal/files/{id}/deliveries", get(deliveries)),
    )
}

async fn revision(Path(id): Path<RevisionId>) -> Result<Json<RevisionAnswer>> {
    let revision = revisions::found(&Database, id)?;
    Ok(Json(RevisionAnswer {
        id: revision.id.uuid(),
        project_id: revision.project_id.uuid(),
        status: revision.status.to_string(),
    }))
}

/// Nobody, for a file that was never delivered, whether there is one or not.
async fn deliveries(Path(id): Path<FileId>) -> Result<Json<DeliveriesAnswer>> {
    let recipients = store::recipients(&Database, id)?;
    Ok(Json(DeliveriesAnswer { customer_user_ids: recipients.into_iter().map(UserId::uuid).collect() }))
}
