//! The files of a package while it is being prepared.

use super::{PackageWithFiles, coordinated};
use crate::dependencies;
use crate::domain::package::FILES_MAX;
use crate::domain::project::{check_coordinates, has_file};
use crate::domain::{FileId, PackageId};
use crate::packages::{self, Addition};
use crate::store::Package;
use mutrapro_sdk::identity::User;
use mutrapro_sdk::json::{FieldErrors, Json, Validate};
use mutrapro_sdk::problem::{Details, Result};
use mutrapro_sdk::query::Path;
use mutrapro_sdk::sql::Database;
use mutrapro_sdk::time::Instant;
use serde::Deserialize;
use utoipa::ToSchema;

/// A file for a package.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "file_id": "0190f3a0-0000-7000-8000-000000000001", "is_primary": true, "position": 1
}))]
pub(crate) struct NewPackageFile {
    /// A file of the project.
    file_id: FileId,
    /// Whether it is to be what the package is about, in place of another; the first file is until then.
    is_primary: Option<bool>,
    /// Its place, from 1 on: what is there and after it moves on by one. The end unless given, or if it is beyond that.
    #[schema(minimum = 1, maximum = 100)]
    position: Option<u32>,
}

impl Validate for NewPackageFile {
    fn validate(&self, errors: &mut FieldErrors) {
        let is_place = self.position.is_none_or(|position| (1..=FILES_MAX).contains(&position));
        errors.check(is_place, "position", "must be 1 to 100");
    }
}

/// Puts a file of the project into a package that is being prepared. For the coordinator of the project.
#[utoipa::path(post, path = "/packages/{id}/files", operation_id = "add_package_file", tag = "packages",
    params(("id" = PackageId, Path)), request_body = NewPackageFile,
    responses(
        (status = 200, body = PackageWithFiles),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`not_your_project`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`package_not_preparing`, `file_in_package`, `too_many_files`",
            content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`: also a file that is deleted, or not the project's",
            content_type = "application/problem+json"),
    ))]
pub(crate) async fn add(
    user: User,
    Path(id): Path<PackageId>,
    Json(body): Json<NewPackageFile>,
) -> Result<Json<PackageWithFiles>> {
    let (package, standing) = packages::visible(&Database, id, &user)?;
    check_coordinates(standing)?;
    check_belongs(&package, body.file_id)?;
    let new = Addition { file_id: body.file_id, is_primary: body.is_primary.unwrap_or(false), position: body.position };
    let now = Instant::now();
    coordinated(&user, id, |tx, package| packages::add_file(tx, package.id, new, now))
}

/// Takes a file out of a package that is being prepared. For the coordinator of the project.
#[utoipa::path(delete, path = "/packages/{id}/files/{file_id}", operation_id = "remove_package_file", tag = "packages",
    params(("id" = PackageId, Path), ("file_id" = FileId, Path)),
    responses(
        (status = 200, body = PackageWithFiles),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`not_your_project`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`package_not_preparing`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn remove(
    user: User,
    Path((id, file_id)): Path<(PackageId, FileId)>,
) -> Result<Json<PackageWithFiles>> {
    let now = Instant::now();
    coordinated(&user, id, |tx, package| packages::remove_file(tx, package.id, file_id, now))
}

/// Goes on only for a file of the project that is not deleted. Others are as good as not there.
fn check_belongs(package: &Package, file_id: FileId) -> Result<()> {
    let file = dependencies::file(file_id)?;
    let belongs = file.is_some_and(|file| has_file(package.project_id, package.request_id, &file));
    let mut errors = FieldErrors::default();
    errors.check(belongs, "file_id", "must be a file of the project that is not deleted");
    errors.finish()
}
