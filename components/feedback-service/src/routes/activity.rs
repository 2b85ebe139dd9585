//! The log, for administrators.

use crate::store::{self, ActivityFilter, LoggedActivity};
use mutrapro_sdk::identity::{Role, User, UserId};
use mutrapro_sdk::json::{FieldErrors, Json};
use mutrapro_sdk::page::{Page, Paging, PagingParameters};
use mutrapro_sdk::problem::{Details, Result};
use mutrapro_sdk::query::Query;
use mutrapro_sdk::sql::Database;
use mutrapro_sdk::time::Instant;
use serde::Deserialize;
use utoipa::IntoParams;

/// Which rows to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ActivityParameters {
    /// The kind of thing that something happened to, for example `user`.
    entity: Option<String>,
    /// The thing that something happened to.
    entity_id: Option<String>,
    /// Who did it, or whom it happened to.
    user: Option<UserId>,
    /// The fact, for example `role_granted`.
    action: Option<String>,
    /// Only what happened at this instant or later.
    from: Option<Instant>,
    /// Only what happened before this instant.
    to: Option<Instant>,
}

/// What happened in the whole application, newest first. For administrators.
#[utoipa::path(get, path = "/activity", operation_id = "list_activity", tag = "activity",
    params(ActivityParameters, PagingParameters),
    responses(
        (status = 200, body = Page<LoggedActivity>),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(super) async fn list(
    user: User,
    Query(parameters): Query<ActivityParameters>,
    paging: Paging,
) -> Result<Json<Page<LoggedActivity>>> {
    user.require(Role::SystemAdmin)?;
    check(&parameters)?;
    let filter = ActivityFilter {
        entity_type: parameters.entity,
        entity_id: parameters.entity_id,
        user: parameters.user,
        action: parameters.action,
        from: parameters.from,
        to: parameters.to,
    };
    let rows = store::activity(&Database, filter, paging.after()?, paging.rows())?;
    Ok(Json(paging.page(rows, |row| row.position().to_string())))
}

/// Goes on with texts that a database can compare with its own.
fn check(parameters: &ActivityParameters) -> Result<()> {
    let mut errors = FieldErrors::default();
    let texts = [("entity", &parameters.entity), ("entity_id", &parameters.entity_id), ("action", &parameters.action)];
    for (field, text) in texts {
        errors.check(!text.as_deref().is_some_and(|text| text.contains('\0')), field, "must be plain text");
    }
    errors.finish()
}
