//! Content going out.

use super::files::readable;
use crate::domain::download::{Conditions, Selection, disposition, select};
use crate::domain::file::FileId;
use crate::store::File;
use axum::body::Body;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use mutrapro_sdk::blobs::Content;
use mutrapro_sdk::identity::User;
use mutrapro_sdk::problem::{Details, Problem, Result};
use mutrapro_sdk::query::Path;
use std::ops::Range;

/// A file's content, all of it or one range of its bytes. A browser saves it and never shows it.
#[utoipa::path(
    get,
    path = "/files/{id}/content",
    operation_id = "download_file",
    tag = "files",
    params(
        ("id" = FileId, Path, description = "The file"),
        ("range" = Option<String>, Header, description = "One range of bytes: `bytes=0-1023`"),
        ("if-range" = Option<String>, Header, description = "The range counts only for this `ETag`"),
        ("if-none-match" = Option<String>, Header, description = "The `ETag` of what the client has"),
    ),
    responses(
        (status = 200, description = "All of it, as the file's `mime_type`", content_type = "*/*"),
        (status = 206, description = "The range, as the file's `mime_type`", content_type = "*/*"),
        (status = 304, description = "The client has it"),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 404, body = Details, content_type = "application/problem+json"),
        (status = 416, description = "There are no such bytes; `Content-Range` tells how many there are"),
    )
)]
pub(crate) async fn download(user: User, Path(id): Path<FileId>, headers: HeaderMap) -> Result<Response> {
    let file = readable(&user, id)?;
    let etag = format!("\"{}\"", file.sha256);
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let conditions = Conditions {
        range: text(header::RANGE),
        if_range: text(header::IF_RANGE),
        if_none_match: text(header::IF_NONE_MATCH),
    };
    let size = file.bytes();
    match select(conditions, size, &etag) {
        Selection::NotModified => respond(StatusCode::NOT_MODIFIED, &file, &etag, None),
        Selection::Unsatisfiable => {
            let mut response = respond(StatusCode::RANGE_NOT_SATISFIABLE, &file, &etag, None)?;
            set(&mut response, header::CONTENT_RANGE, format!("bytes */{size}"))?;
            Ok(response)
        }
        Selection::Whole => respond(StatusCode::OK, &file, &etag, Some(0..size)),
        Selection::Part(part) => {
            let range = format!("bytes {}-{}/{size}", part.start, part.end.saturating_sub(1));
            let mut response = respond(StatusCode::PARTIAL_CONTENT, &file, &etag, Some(part))?;
            set(&mut response, header::CONTENT_RANGE, range)?;
            Ok(response)
        }
    }
}

fn respond(status: StatusCode, file: &File, etag: &str, bytes: Option<Range<u64>>) -> Result<Response> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    set(&mut response, header::ETAG, etag.to_owned())?;
    set(&mut response, header::ACCEPT_RANGES, "bytes".to_owned())?;
    // Whoever is asked later may not be allowed any more, so each use is asked for.
    set(&mut response, header::CACHE_CONTROL, "private, no-cache".to_owned())?;
    if let Some(bytes) = bytes {
        set(&mut response, header::CONTENT_LENGTH, bytes.end.saturating_sub(bytes.start).to_string())?;
        set(&mut response, header::CONTENT_TYPE, file.mime_type.clone())?;
        set(&mut response, header::CONTENT_DISPOSITION, disposition(&file.file_name))?;
        set(&mut response, header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned())?;
        set(&mut response, header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned())?;
        *response.body_mut() = Content::open(&file.blob_key, bytes)?.into_body();
    }
    Ok(response)
}

fn set(response: &mut Response, name: HeaderName, value: String) -> Result<()> {
    let value = HeaderValue::try_from(value).map_err(Problem::internal)?;
    response.headers_mut().insert(name, value);
    Ok(())
}
