//! What administrators do with accounts.

use super::me::{ADDRESS_CHARS_MAX, NAME_CHARS_MAX};
use crate::accounts;
use crate::domain::account::{check_email, check_line, check_phone, check_text, check_username, normal};
use crate::store::{self, UserChange, UserFilter};
use crate::views::{UserSummaryView, UserView};
use axum::http::StatusCode;
use mutrapro_sdk::identity::{Role, User, UserId};
use mutrapro_sdk::json::{FieldErrors, Json, Patch, Validate};
use mutrapro_sdk::page::{Page, Paging, PagingParameters};
use mutrapro_sdk::problem::{Details, Result};
use mutrapro_sdk::query::{Path, Query};
use mutrapro_sdk::sql::{Database, Transaction, transaction};
use mutrapro_sdk::time::Instant;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// Which users to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParameters {
    /// Who hold this role.
    #[param(inline)]
    role: Option<Role>,
    /// Whose account can be used, or cannot.
    active: Option<bool>,
    /// Part of a name, a username or an e-mail address.
    q: Option<String>,
}

/// What administrators may change of an account; fields that are left out stay, `null` empties.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "full_name": "Lan Nguyễn", "primary_role": "customer" }))]
pub(crate) struct AdminChange {
    /// Unique, whatever the case.
    #[schema(format = "email", max_length = 254)]
    email: Option<String>,
    /// Unique, whatever the case; 3 to 30 characters.
    #[schema(min_length = 3, max_length = 30)]
    username: Option<String>,
    /// 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    full_name: Option<String>,
    /// 6 to 15 digits.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 6, max_length = 30)]
    phone: Patch<String>,
    /// At most 300 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 300)]
    address: Patch<String>,
    /// One of the roles that the user holds.
    primary_role: Option<Role>,
}

impl Validate for AdminChange {
    fn validate(&self, errors: &mut FieldErrors) {
        if let Some(email) = &self.email {
            errors.rule("email", check_email(&normal(email)));
        }
        if let Some(username) = &self.username {
            errors.rule("username", check_username(&normal(username)));
        }
        if let Some(full_name) = &self.full_name {
            errors.rule("full_name", check_line(full_name, NAME_CHARS_MAX));
        }
        if let Some(phone) = self.phone.value() {
            errors.rule("phone", check_phone(phone));
        }
        if let Some(address) = self.address.value() {
            errors.rule("address", check_text(address, ADDRESS_CHARS_MAX));
        }
    }
}

/// A role to grant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "role": "recording_artist" }))]
pub(crate) struct RoleGrant {
    /// One that the user does not hold.
    role: Role,
}

impl Validate for RoleGrant {}

/// Users by the time they registered.
#[utoipa::path(get, path = "/users", tag = "users", params(ListParameters, PagingParameters), responses(
    (status = 200, body = Page<UserSummaryView>),
    (status = 403, body = Details, description = "`role_required`: for administrators"),
    (status = 422, body = Details, description = "`invalid_fields`"),
))]
pub(crate) async fn list(
    user: User,
    paging: Paging,
    Query(parameters): Query<ListParameters>,
) -> Result<Json<Page<UserSummaryView>>> {
    user.require(Role::SystemAdmin)?;
    let text = parameters.q.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let filter = UserFilter { role: parameters.role, is_active: parameters.active, text };
    let users = store::users(&Database, &filter, paging.after()?, paging.rows())?;
    Ok(Json(paging.page(users, |user| user.id.to_string()).map(UserSummaryView::from)))
}

/// A user.
#[utoipa::path(get, path = "/users/{id}", tag = "users", params(("id" = UserId, Path)), responses(
    (status = 200, body = UserView),
    (status = 403, body = Details, description = "`role_required`: for administrators"),
    (status = 404, body = Details, description = "`not_found`"),
))]
pub(crate) async fn show(user: User, Path(id): Path<UserId>) -> Result<Json<UserView>> {
    user.require(Role::SystemAdmin)?;
    Ok(Json(accounts::find(&Database, id)?.into()))
}

/// Changes a user.
#[utoipa::path(patch, path = "/users/{id}", tag = "users", params(("id" = UserId, Path)), request_body = AdminChange,
    responses(
        (status = 200, body = UserView),
        (status = 403, body = Details, description = "`role_required`: for administrators"),
        (status = 404, body = Details, description = "`not_found`"),
        (status = 409, body = Details, description = "`email_taken`, `username_taken`, `role_not_held`"),
        (status = 422, body = Details, description = "`invalid_fields`"),
    ))]
pub(crate) async fn change(
    user: User,
    Path(id): Path<UserId>,
    Json(body): Json<AdminChange>,
) -> Result<Json<UserView>> {
    let change = UserChange {
        email: body.email.as_deref().map(normal),
        username: body.username.as_deref().map(normal),
        full_name: body.full_name,
        phone: body.phone,
        address: body.address,
        primary_role: body.primary_role,
    };
    administer(&user, id, |tx, now| accounts::update(tx, id, &change, &user, now))
}

/// Closes an account and ends its sessions.
#[utoipa::path(post, path = "/users/{id}/deactivate", tag = "users", params(("id" = UserId, Path)), responses(
    (status = 200, body = UserView),
    (status = 403, body = Details, description = "`role_required`: for administrators"),
    (status = 404, body = Details, description = "`not_found`"),
    (status = 409, body = Details, description = "`already_inactive`, `last_admin`"),
))]
pub(crate) async fn deactivate(user: User, Path(id): Path<UserId>) -> Result<Json<UserView>> {
    administer(&user, id, |tx, now| accounts::deactivate(tx, id, user.id, now))
}

/// Opens an account again.
#[utoipa::path(post, path = "/users/{id}/activate", tag = "users", params(("id" = UserId, Path)), responses(
    (status = 200, body = UserView),
    (status = 403, body = Details, description = "`role_required`: for administrators"),
    (status = 404, body = Details, description = "`not_found`"),
    (status = 409, body = Details, description = "`already_active`"),
))]
pub(crate) async fn activate(user: User, Path(id): Path<UserId>) -> Result<Json<UserView>> {
    administer(&user, id, |tx, now| accounts::activate(tx, id, &user, now))
}

/// Grants a role.
#[utoipa::path(post, path = "/users/{id}/roles", tag = "users", params(("id" = UserId, Path)),
    request_body = RoleGrant, responses(
        (status = 201, body = UserView),
        (status = 403, body = Details, description = "`role_required`: for administrators"),
        (status = 404, body = Details, description = "`not_found`"),
        (status = 409, body = Details, description = "`role_held`"),
        (status = 422, body = Details, description = "`invalid_fields`"),
    ))]
pub(crate) async fn grant_role(
    user: User,
    Path(id): Path<UserId>,
    Json(body): Json<RoleGrant>,
) -> Result<(StatusCode, Json<UserView>)> {
    let granted = administer(&user, id, |tx, now| accounts::grant_role(tx, id, body.role, user.id, now))?;
    Ok((StatusCode::CREATED, granted))
}

/// Revokes a role, unless it is the primary one.
#[utoipa::path(delete, path = "/users/{id}/roles/{role}", tag = "users",
    params(("id" = UserId, Path), ("role" = Role, Path)), responses(
        (status = 200, body = UserView),
        (status = 403, body = Details, description = "`role_required`: for administrators"),
        (status = 404, body = Details, description = "`not_found`"),
        (status = 409, body = Details, description = "`role_not_held`, `role_is_primary`, `last_admin`"),
    ))]
pub(crate) async fn revoke_role(user: User, Path((id, role)): Path<(UserId, Role)>) -> Result<Json<UserView>> {
    administer(&user, id, |tx, now| accounts::revoke_role(tx, id, role, user.id, now))
}

/// Does something to an account on behalf of an administrator, and shows the account as it is then.
fn administer(
    admin: &User,
    id: UserId,
    work: impl Fn(&Transaction<'_>, Instant) -> Result<()>,
) -> Result<Json<UserView>> {
    admin.require(Role::SystemAdmin)?;
    let account = transaction(|tx| {
        work(tx, Instant::now())?;
        accounts::find(tx, id)
    })?;
    Ok(Json(account.into()))
}
