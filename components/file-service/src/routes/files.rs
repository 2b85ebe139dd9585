//! What is known of files.

use crate::access::{self, View};
use crate::domain::content::ContentType;
use crate::domain::file::{FileId, Source, Stage};
use crate::problems;
use crate::store::{self, File, FileFilter};
use crate::views::{self, FileView};
use axum::http::StatusCode;
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::identity::{Role, User};
use mutrapro_sdk::json::Json;
use mutrapro_sdk::page::{Page, Paging, PagingParameters};
use mutrapro_sdk::problem::{Details, Problem, Result};
use mutrapro_sdk::query::{Path, Query};
use mutrapro_sdk::sql::{Database, transaction};
use mutrapro_sdk::time::Instant;
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FileParameters {
    /// The request that they belong to.
    #[param(format = "uuid", value_type = Option<String>)]
    request: Option<Uuid>,
    /// The task that they belong to.
    #[param(format = "uuid", value_type = Option<String>)]
    assignment: Option<Uuid>,
    /// The booking that they belong to.
    #[param(format = "uuid", value_type = Option<String>)]
    booking: Option<Uuid>,
    /// Where they come from.
    source: Option<Source>,
    /// What they are.
    content_type: Option<ContentType>,
    /// How far the work on them is.
    stage: Option<Stage>,
}

/// Files, newest first: of a request, a task or a booking that the caller may see, or without any of these the caller's
/// own. What was delivered to a customer is in their packages.
#[utoipa::path(
    get,
    path = "/files",
    operation_id = "list_files",
    tag = "files",
    params(FileParameters, PagingParameters),
    responses(
        (status = 200, body = Page<FileView>),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 404, body = Details, content_type = "application/problem+json"),
        (status = 422, body = Details, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    user: User,
    Query(parameters): Query<FileParameters>,
    paging: Paging,
) -> Result<Json<Page<FileView>>> {
    let before = paging.after()?;
    let view = view(&user, &parameters)?;
    let filter = FileFilter {
        request: parameters.request,
        assignment: parameters.assignment,
        booking: parameters.booking,
        source: parameters.source,
        content_type: parameters.content_type,
        stage: parameters.stage,
    };
    let rows = store::list(&Database, filter, view, before, paging.rows())?;
    Ok(Json(paging.page(rows, |file| file.id.to_string()).map(FileView::from)))
}

/// What the caller sees of what is asked for: each thing that is named must be theirs to see.
fn view(user: &User, parameters: &FileParameters) -> Result<View> {
    if let Some(id) = parameters.assignment {
        access::check_task(user, id)?;
    }
    if let Some(id) = parameters.booking {
        access::check_booking(user, id)?;
    }
    match parameters.request {
        Some(id) => access::view_of_request(user, id),
        None if parameters.assignment.is_some() || parameters.booking.is_some() => Ok(View::All),
        None => Ok(access::view_without_subject(user)),
    }
}

/// What is known of a file.
#[utoipa::path(
    get,
    path = "/files/{id}",
    operation_id = "show_file",
    tag = "files",
    params(("id" = FileId, Path, description = "The file")),
    responses(
        (status = 200, body = FileView),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 404, body = Details, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn show(user: User, Path(id): Path<FileId>) -> Result<Json<FileView>> {
    Ok(Json(readable(&user, id)?.into()))
}

/// A file that `user` may read.
///
/// # Errors
/// 404.
pub(crate) fn readable(user: &User, id: FileId) -> Result<File> {
    let not_found = || Problem::not_found("file");
    let file = store::find(&Database, id)?.ok_or_else(not_found)?;
    if access::may_read(user, &file)? { Ok(file) } else { Err(not_found()) }
}

/// Deletes a file. For who uploaded it, and administrators; what was delivered and accepted is for administrators alone.
/// Its content is removed some time later.
#[utoipa::path(
    delete,
    path = "/files/{id}",
    operation_id = "delete_file",
    tag = "files",
    params(("id" = FileId, Path, description = "The file")),
    responses(
        (status = 204),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, description = "`owner_required`", body = Details, content_type = "application/problem+json"),
        (status = 404, body = Details, content_type = "application/problem+json"),
        (status = 409, description = "`file_is_final`", body = Details, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn delete(user: User, Path(id): Path<FileId>) -> Result<StatusCode> {
    let file = readable(&user, id)?;
    let is_admin = user.is(Role::SystemAdmin);
    if file.owner_user_id != user.id.uuid() && !is_admin {
        return Err(Problem::forbidden("owner_required", "only who uploaded a file deletes it"));
    }
    let now = Instant::now();
    transaction(|tx| {
        if store::delete(tx, id, is_admin, now)? {
            return Ok(tx.emit(&views::deleted(&file, user.id))?);
        }
        // It was there a moment ago: deleted meanwhile, or final.
        Err(if store::find(tx, id)?.is_some() { problems::file_is_final() } else { Problem::not_found("file") })
    })?;
    Ok(StatusCode::NO_CONTENT)
}
