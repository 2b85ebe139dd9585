//! What administrators do with coordinators.

use super::me::NAME_CHARS_MAX;
use crate::accounts;
use crate::domain::account::check_line;
use crate::problems::no_such_user;
use crate::store::{self, CoordinatorId, MAX_CONCURRENT_PROJECTS_DEFAULT, NewCoordinator};
use crate::views::CoordinatorView;
use axum::http::StatusCode;
use mutrapro_sdk::identity::{Role, User, UserId};
use mutrapro_sdk::json::{FieldErrors, Json, Validate};
use mutrapro_sdk::page::{Page, Paging, PagingParameters};
use mutrapro_sdk::problem::{Details, Result};
use mutrapro_sdk::sql::{Database, transaction};
use mutrapro_sdk::time::Instant;
use serde::Deserialize;
use utoipa::ToSchema;

/// The most projects that one person can be asked to see through at once.
const MAX_CONCURRENT_PROJECTS_MAX: u16 = 100;

/// A coordinator to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "user_id": "0190f3a0-0000-7000-8000-000000000001", "department": "Production" }))]
pub(crate) struct CoordinatorBody {
    /// A user who is no coordinator yet.
    user_id: UserId,
    /// 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    department: Option<String>,
    /// 1 to 100; 10 unless given.
    #[schema(minimum = 1, maximum = 100)]
    max_concurrent_projects: Option<u16>,
}

impl Validate for CoordinatorBody {
    fn validate(&self, errors: &mut FieldErrors) {
        if let Some(department) = &self.department {
            errors.rule("department", check_line(department, NAME_CHARS_MAX));
        }
        let is_possible =
            self.max_concurrent_projects.is_none_or(|max| (1..=MAX_CONCURRENT_PROJECTS_MAX).contains(&max));
        errors.check(is_possible, "max_concurrent_projects", "must be 1 to 100");
    }
}

/// Active coordinators.
#[utoipa::path(get, path = "/coordinators", tag = "coordinators", params(PagingParameters), responses(
    (status = 200, body = Page<CoordinatorView>),
    (status = 403, body = Details, description = "`role_required`: for administrators"),
    (status = 422, body = Details, description = "`invalid_fields`"),
))]
pub(crate) async fn list(user: User, paging: Paging) -> Result<Json<Page<CoordinatorView>>> {
    user.require(Role::SystemAdmin)?;
    let coordinators = store::coordinators(&Database, paging.after()?, paging.rows())?;
    Ok(Json(paging.page(coordinators, |coordinator| coordinator.id.to_string()).map(CoordinatorView::from)))
}

/// Makes a coordinator of a user, and grants the role.
#[utoipa::path(post, path = "/coordinators", tag = "coordinators", request_body = CoordinatorBody, responses(
    (status = 201, body = CoordinatorView),
    (status = 403, body = Details, description = "`role_required`: for administrators"),
    (status = 404, body = Details, description = "`not_found`: there is no such user"),
    (status = 409, body = Details, description = "`coordinator_exists`"),
    (status = 422, body = Details, description = "`invalid_fields`"),
))]
pub(crate) async fn add(user: User, Json(body): Json<CoordinatorBody>) -> Result<(StatusCode, Json<CoordinatorView>)> {
    user.require(Role::SystemAdmin)?;
    let new = NewCoordinator {
        id: CoordinatorId::generate(),
        user_id: body.user_id,
        department: body.department,
        max_concurrent_projects: body.max_concurrent_projects.unwrap_or(MAX_CONCURRENT_PROJECTS_DEFAULT),
    };
    let coordinator = transaction(|tx| {
        accounts::add_coordinator(tx, &new, user.id, Instant::now())?;
        store::coordinator(tx, new.user_id)?.ok_or_else(no_such_user)
    })?;
    Ok((StatusCode::CREATED, Json(coordinator.into())))
}
