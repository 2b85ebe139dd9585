//! What customers think of specialists.

use crate::domain::rating::RatingSummary;
use crate::store;
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::identity::User;
use mutrapro_sdk::json::Json;
use mutrapro_sdk::problem::{Details, Result};
use mutrapro_sdk::query::Path;
use mutrapro_sdk::sql::Database;

/// What the ratings of requests that a specialist worked on come to. For everyone who is logged in.
///
/// Whether there is such a specialist only specialist-service knows: one whom nobody has rated has no ratings here.
#[utoipa::path(get, path = "/specialists/{id}/rating", operation_id = "show_specialist_rating", tag = "feedback",
    params(("id" = String, Path, format = "uuid", description = "The specialist")),
    responses(
        (status = 200, body = RatingSummary),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`: no UUID", content_type = "application/problem+json"),
    ))]
pub(super) async fn show(_user: User, Path(id): Path<Uuid>) -> Result<Json<RatingSummary>> {
    Ok(Json(RatingSummary::of(id, &store::tallies(&Database, id)?)))
}
