//! Packages: coordinators prepare and deliver them, customers take them or not.

pub(crate) mod files;

use super::Rejection;
use crate::dependencies;
use crate::domain::package::{DeliveryType, PackageStatus};
use crate::domain::project::{Standing, check_coordinates, check_open, is_customer, scope, standing_in};
use crate::domain::text::{NAME_CHARACTERS_MAX, TEXT_CHARACTERS_MAX, check_line, check_text};
use crate::domain::{PackageId, ProjectId};
use crate::packages;
use crate::store::{self, Package, PackageFile, PackageFilter};
use axum::http::StatusCode;
use mutrapro_contracts::answers::ProjectAnswer;
use mutrapro_sdk::identity::{Role, User};
use mutrapro_sdk::json::{FieldErrors, Json, Validate};
use mutrapro_sdk::page::{Page, Paging, PagingParameters};
use mutrapro_sdk::problem::{Details, Problem, Result};
use mutrapro_sdk::query::{Path, Query};
use mutrapro_sdk::sql::{Database, Transaction, transaction};
use mutrapro_sdk::time::Instant;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A package to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "project_id": "0190f3a0-0000-7000-8000-000000000001", "name": "Score", "delivery_type": "final",
    "description": "For piano, as MusicXML and PDF"
}))]
pub(crate) struct NewPackage {
    /// A project that you see through.
    project_id: ProjectId,
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// For the customer: at most 5000 characters.
    #[schema(min_length = 1, max_length = 5000)]
    description: Option<String>,
    /// What it is delivered for.
    delivery_type: DeliveryType,
}

impl Validate for NewPackage {
    fn validate(&self, errors: &mut FieldErrors) {
        errors.rule("name", check_line(&self.name, NAME_CHARACTERS_MAX));
        if let Some(description) = &self.description {
            errors.rule("description", check_text(description, 1, TEXT_CHARACTERS_MAX));
        }
    }
}

/// Which packages to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PackageParameters {
    /// Only those of this project.
    #[param(inline)]
    project: Option<ProjectId>,
    /// Only those that are this far.
    #[param(inline)]
    status: Option<PackageStatus>,
    /// Only those that are delivered for this.
    #[param(inline)]
    delivery_type: Option<DeliveryType>,
}

/// A package with its files.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PackageWithFiles {
    #[serde(flatten)]
    package: Package,
    /// In their order, at most 100.
    files: Vec<PackageFile>,
}

/// Begins a package for a project that is in progress or in review. For its coordinator.
#[utoipa::path(post, path = "/packages", operation_id = "create_package", tag = "packages", request_body = NewPackage,
    responses(
        (status = 201, body = PackageWithFiles),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`, `not_your_project`",
            content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`project_not_open`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn create(user: User, Json(body): Json<NewPackage>) -> Result<(StatusCode, Json<PackageWithFiles>)> {
    user.require_any(&[Role::ServiceCoordinator, Role::SystemAdmin])?;
    let project = dependencies::project(body.project_id)?.ok_or_else(no_such_project)?;
    match standing_in(&user, &project) {
        Standing::Stranger => return Err(no_such_project()),
        standing => check_coordinates(standing)?,
    }
    check_open(&project)?;
    let package = package(&project, body, &user, Instant::now());
    transaction(|tx| Ok(store::insert_package(tx, &package)?))?;
    Ok((StatusCode::CREATED, Json(PackageWithFiles { package, files: Vec::new() })))
}

fn package(project: &ProjectAnswer, body: NewPackage, user: &User, now: Instant) -> Package {
    Package {
        id: PackageId::generate(),
        project_id: project.id.into(),
        request_id: project.request_id.into(),
        quotation_id: project.quotation_id.into(),
        project_name: project.name.clone(),
        customer_id: project.customer_id.into(),
        customer_user_id: project.customer_user_id.into(),
        coordinator_id: project.coordinator_id.into(),
        coordinator_user_id: project.coordinator_user_id.into(),
        name: body.name.trim().to_owned(),
        description: body.description.map(|description| description.trim().to_owned()),
        delivery_type: body.delivery_type,
        status: PackageStatus::Preparing,
        prepared_by: user.id,
        prepared_at: None,
        delivered_at: None,
        decided_at: None,
        customer_notes: None,
        created_at: now,
        updated_at: now,
    }
}

/// Packages, newest first, without their files: customers see what was delivered to them, coordinators what belongs to the
/// projects that they see through, administrators all.
#[utoipa::path(get, path = "/packages", operation_id = "list_packages", tag = "packages",
    params(PackageParameters, PagingParameters),
    responses(
        (status = 200, body = Page<Package>),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    user: User,
    Query(parameters): Query<PackageParameters>,
    paging: Paging,
) -> Result<Json<Page<Package>>> {
    let filter = PackageFilter {
        scope: scope(&user)?,
        project: parameters.project,
        status: parameters.status,
        delivery_type: parameters.delivery_type,
    };
    let rows = store::packages(&Database, filter, paging.after()?, paging.rows())?;
    Ok(Json(paging.page(rows, |package| package.id.to_string())))
}

/// A package with its files; customers see what was delivered to them.
#[utoipa::path(get, path = "/packages/{id}", operation_id = "show_package", tag = "packages",
    params(("id" = PackageId, Path)),
    responses(
        (status = 200, body = PackageWithFiles),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn show(user: User, Path(id): Path<PackageId>) -> Result<Json<PackageWithFiles>> {
    let (package, _) = packages::visible(&Database, id, &user)?;
    let files = store::files(&Database, id)?;
    Ok(Json(PackageWithFiles { package, files }))
}

/// Closes a package that has a file. For the coordinator of the project.
#[utoipa::path(post, path = "/packages/{id}/ready", operation_id = "ready_package", tag = "packages",
    params(("id" = PackageId, Path)),
    responses(
        (status = 200, body = PackageWithFiles),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`not_your_project`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`illegal_transition`, `package_empty`, `file_deleted`, \
            `changed_meanwhile`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn ready(user: User, Path(id): Path<PackageId>) -> Result<Json<PackageWithFiles>> {
    let (_, standing) = packages::visible(&Database, id, &user)?;
    check_coordinates(standing)?;
    check_files(id)?;
    let now = Instant::now();
    coordinated(&user, id, |tx, package| packages::ready(tx, package, user.id, now))
}

/// Hands a package to the customer of a project that is in progress or in review. For its coordinator.
#[utoipa::path(post, path = "/packages/{id}/deliver", operation_id = "deliver_package", tag = "packages",
    params(("id" = PackageId, Path)),
    responses(
        (status = 200, body = PackageWithFiles),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`not_your_project`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`illegal_transition`, `project_not_open`, `file_deleted`, \
            `final_package_approved`, `changed_meanwhile`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn deliver(user: User, Path(id): Path<PackageId>) -> Result<Json<PackageWithFiles>> {
    let (package, standing) = packages::visible(&Database, id, &user)?;
    check_coordinates(standing)?;
    check_open(&dependencies::project(package.project_id)?.ok_or_else(no_such_project)?)?;
    check_files(id)?;
    let now = Instant::now();
    coordinated(&user, id, |tx, package| packages::deliver(tx, package, user.id, now))
}

/// Takes a delivered package. For its customer. A final one is the last thing that was delivered, with no revision left to
/// be done; with it the project ends, once everything is paid.
#[utoipa::path(post, path = "/packages/{id}/approve", operation_id = "approve_package", tag = "packages",
    params(("id" = PackageId, Path)),
    responses(
        (status = 200, body = PackageWithFiles),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`not_your_package`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`illegal_transition`, `newer_package_delivered`, \
            `revision_open`, `final_package_approved`, `changed_meanwhile`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn approve(user: User, Path(id): Path<PackageId>) -> Result<Json<PackageWithFiles>> {
    let now = Instant::now();
    decided(&user, id, |tx, package| packages::approve(tx, package, user.id, now))
}

/// Declines a delivered package. For its customer.
#[utoipa::path(post, path = "/packages/{id}/reject", operation_id = "reject_package", tag = "packages",
    params(("id" = PackageId, Path)), request_body = Rejection,
    responses(
        (status = 200, body = PackageWithFiles),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`not_your_package`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`illegal_transition`, `changed_meanwhile`",
            content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn reject(
    user: User,
    Path(id): Path<PackageId>,
    Json(body): Json<Rejection>,
) -> Result<Json<PackageWithFiles>> {
    let now = Instant::now();
    decided(&user, id, |tx, package| packages::reject(tx, package, body.reason(), user.id, now))
}

/// Goes on only if no file of a package was deleted since it was added.
fn check_files(id: PackageId) -> Result<()> {
    for PackageFile { file_id, .. } in store::files(&Database, id)? {
        if dependencies::file(file_id)?.is_none() {
            let detail = format!("the file {file_id} was deleted: take it out, or prepare another package without it");
            return Err(Problem::conflict("file_deleted", detail));
        }
    }
    Ok(())
}

/// Lets the coordinator of the project change a package, and shows it as it is then.
fn coordinated(
    user: &User,
    id: PackageId,
    change: impl Fn(&Transaction<'_>, &Package) -> Result<Vec<PackageFile>>,
) -> Result<Json<PackageWithFiles>> {
    let changed = transaction(|tx| {
        let (package, standing) = packages::visible(tx, id, user)?;
        check_coordinates(standing)?;
        let files = change(tx, &package)?;
        Ok(PackageWithFiles { package: packages::found(tx, id)?, files })
    })?;
    Ok(Json(changed))
}

/// Lets the customer decide on a package, and shows it as it is then.
fn decided(
    user: &User,
    id: PackageId,
    decide: impl Fn(&Transaction<'_>, &Package) -> Result<Vec<PackageFile>>,
) -> Result<Json<PackageWithFiles>> {
    let decided = transaction(|tx| {
        let (package, _) = packages::visible(tx, id, user)?;
        // Nobody takes a package on a customer's behalf, administrators neither.
        if !is_customer(user, package.customer_user_id) {
            return Err(Problem::forbidden("not_your_package", "only its customer may decide"));
        }
        let files = decide(tx, &package)?;
        Ok(PackageWithFiles { package: packages::found(tx, id)?, files })
    })?;
    Ok(Json(decided))
}

fn no_such_project() -> Problem {
    Problem::not_found("project")
}
