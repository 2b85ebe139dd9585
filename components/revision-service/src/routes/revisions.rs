//! Revisions: customers ask for them, coordinators decide.

use super::Rejection;
use crate::dependencies;
use crate::domain::project::{check_coordinates, check_open, is_customer, scope};
use crate::domain::revision::{RevisionStatus, RevisionType};
use crate::domain::text::{DESCRIPTION_CHARACTERS_MIN, TEXT_CHARACTERS_MAX, check_text};
use crate::domain::{FileId, PackageId, ProjectId, RevisionId};
use crate::revisions::{self, Wish};
use crate::store::{self, Revision, RevisionFilter};
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use mutrapro_sdk::idempotency::{HEADER, IdempotencyKey};
use mutrapro_sdk::identity::{Role, User};
use mutrapro_sdk::json::{FieldErrors, Json, Validate};
use mutrapro_sdk::page::{Page, Paging, PagingParameters};
use mutrapro_sdk::problem::{Details, Problem, Result};
use mutrapro_sdk::query::{Path, Query};
use mutrapro_sdk::sql::{Database, Transaction, transaction};
use mutrapro_sdk::time::Instant;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// A revision to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "project_id": "0190f3a0-0000-7000-8000-000000000001", "type": "minor_adjustment",
    "description": "A flat in bar 12"
}))]
pub(crate) struct NewRevision {
    /// Your project.
    project_id: ProjectId,
    /// The package that is to be changed: one that was delivered.
    package_id: Option<PackageId>,
    /// The file that is to be changed: one that was delivered, in that package if it is named.
    file_id: Option<FileId>,
    /// What is to be changed.
    #[serde(rename = "type")]
    revision_type: RevisionType,
    /// 10 to 5000 characters.
    #[schema(min_length = 10, max_length = 5000)]
    description: String,
}

impl Validate for NewRevision {
    fn validate(&self, errors: &mut FieldErrors) {
        errors.rule("description", check_text(&self.description, DESCRIPTION_CHARACTERS_MIN, TEXT_CHARACTERS_MAX));
    }
}

/// The key under which a client may repeat a request: most revisions are free, so none is demanded.
pub(crate) struct RepeatKey(Option<IdempotencyKey>);

impl<S: Send + Sync> FromRequestParts<S> for RepeatKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        if !parts.headers.contains_key(HEADER) {
            return Ok(Self(None));
        }
        IdempotencyKey::from_request_parts(parts, state).await.map(|key| Self(Some(key)))
    }
}

/// Which revisions to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RevisionParameters {
    /// Only those of this project.
    #[param(inline)]
    project: Option<ProjectId>,
    /// Only those that are this far.
    #[param(inline)]
    status: Option<RevisionStatus>,
}

/// Asks for a revision of a project that is in progress or in review. For its customer. It is free while the project
/// includes free ones; otherwise the fee falls due, and its payment approves the revision.
#[utoipa::path(post, path = "/revisions", operation_id = "create_revision", tag = "revisions",
    params(("Idempotency-Key" = Option<String>, Header,
        description = "1 to 255 visible characters; the same request under the same key is one revision",
        pattern = "^[!-~]{1,255}$")),
    request_body = NewRevision,
    responses(
        (status = 201, body = Revision),
        (status = 400, body = Details, description = "`idempotency_key_required`: the key is malformed",
            content_type = "application/problem+json"),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`project_not_open`, `final_package_approved`, \
            `too_many_revisions` (a project has at most 100), `requested_meanwhile`, `idempotency_key_reused`",
            content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn create(
    user: User,
    RepeatKey(key): RepeatKey,
    Json(body): Json<NewRevision>,
) -> Result<(StatusCode, Json<Revision>)> {
    user.require(Role::Customer)?;
    let project = dependencies::project(body.project_id)?;
    let project = project
        .filter(|project| is_customer(&user, project.customer_user_id.into()))
        .ok_or_else(|| Problem::not_found("project"))?;
    let wish = Wish {
        file_id: body.file_id,
        package_id: body.package_id,
        revision_type: body.revision_type,
        description: body.description.trim().to_owned(),
        by: user.id,
        idempotency_key: key.map(|IdempotencyKey(key)| key),
    };
    Ok((StatusCode::CREATED, Json(revisions::request(&project, &wish, Instant::now())?)))
}

/// Revisions, newest first: customers see those of their projects, coordinators those of the projects that they see
/// through, administrators all.
#[utoipa::path(get, path = "/revisions", operation_id = "list_revisions", tag = "revisions",
    params(RevisionParameters, PagingParameters),
    responses(
        (status = 200, body = Page<Revision>),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    user: User,
    Query(parameters): Query<RevisionParameters>,
    paging: Paging,
) -> Result<Json<Page<Revision>>> {
    let filter = RevisionFilter { scope: scope(&user)?, project: parameters.project, status: parameters.status };
    let rows = store::revisions(&Database, filter, paging.after()?, paging.rows())?;
    Ok(Json(paging.page(rows, |revision| revision.id.to_string())))
}

/// A revision.
#[utoipa::path(get, path = "/revisions/{id}", operation_id = "show_revision", tag = "revisions",
    params(("id" = RevisionId, Path)),
    responses(
        (status = 200, body = Revision),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn show(user: User, Path(id): Path<RevisionId>) -> Result<Json<Revision>> {
    Ok(Json(revisions::visible(&Database, id, &user)?.0))
}

/// Agrees to a free revision; one with a fee is approved by its payment. For the coordinator of the project.
#[utoipa::path(post, path = "/revisions/{id}/approve", operation_id = "approve_revision", tag = "revisions",
    params(("id" = RevisionId, Path)),
    responses(
        (status = 200, body = Revision),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`not_your_project`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`illegal_transition`, `fee_not_paid`, `project_not_open`, \
            `changed_meanwhile`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn approve(user: User, Path(id): Path<RevisionId>) -> Result<Json<Revision>> {
    let (revision, standing) = revisions::visible(&Database, id, &user)?;
    check_coordinates(standing)?;
    // A revision that was asked for while its project was cancelled is there still, and is not to be done.
    let project = dependencies::project(revision.project_id)?.ok_or_else(|| Problem::not_found("project"))?;
    check_open(&project)?;
    let now = Instant::now();
    coordinated(&user, id, |tx, revision| revisions::approve(tx, revision, user.id, now))
}

/// Declines a revision; its fee is not due any more, and given back if it was paid meanwhile. For the coordinator of the
/// project.
#[utoipa::path(post, path = "/revisions/{id}/reject", operation_id = "reject_revision", tag = "revisions",
    params(("id" = RevisionId, Path)), request_body = Rejection,
    responses(
        (status = 200, body = Revision),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`not_your_project`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`illegal_transition`, `changed_meanwhile`",
            content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn reject(
    user: User,
    Path(id): Path<RevisionId>,
    Json(body): Json<Rejection>,
) -> Result<Json<Revision>> {
    let now = Instant::now();
    coordinated(&user, id, |tx, revision| revisions::reject(tx, revision, body.reason(), user.id, now))
}

/// Says that an approved revision is done, which its task says otherwise. For the coordinator of the project.
#[utoipa::path(post, path = "/revisions/{id}/complete", operation_id = "complete_revision", tag = "revisions",
    params(("id" = RevisionId, Path)),
    responses(
        (status = 200, body = Revision),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`not_your_project`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`illegal_transition`, `changed_meanwhile`",
            content_type = "application/problem+json"),
    ))]
pub(crate) async fn complete(user: User, Path(id): Path<RevisionId>) -> Result<Json<Revision>> {
    let now = Instant::now();
    coordinated(&user, id, |tx, revision| revisions::complete(tx, revision, user.id, now))
}

/// Lets the coordinator of the project change a revision, and shows it as it is then.
fn coordinated(
    user: &User,
    id: RevisionId,
    change: impl Fn(&Transaction<'_>, &Revision) -> Result<Revision>,
) -> Result<Json<Revision>> {
    let revision = transaction(|tx| {
        let (revision, standing) = revisions::visible(tx, id, user)?;
        check_coordinates(standing)?;
        change(tx, &revision)
    })?;
    Ok(Json(revision))
}
