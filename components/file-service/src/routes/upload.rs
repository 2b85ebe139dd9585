//! Content coming in.

use crate::domain::file::UploadParameters;
use crate::upload::{Incoming, receive};
use crate::views::FileView;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use mutrapro_sdk::identity::User;
use mutrapro_sdk::json::{FieldErrors, Json};
use mutrapro_sdk::problem::{Details, Problem, Result};
use mutrapro_sdk::query::Query;
use utoipa::ToSchema;

/// The part that holds the file.
const FILE_PART: &str = "file";
/// How many other parts are skipped before it.
const OTHER_PARTS_MAX: u32 = 8;

/// A file as a browser's form sends it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a form, for the document alone")]
pub(crate) struct FileForm {
    /// The file, with its name.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// The content of a file.
#[derive(ToSchema)]
#[expect(dead_code, reason = "for the document alone")]
#[schema(value_type = String, format = Binary, example = "Bar 12 is too fast.")]
pub(crate) struct FileContent(Vec<u8>);

/// Uploads a file of at most 500 MB. Its content is the body, or the part `file` of a form; what it belongs to is in the
/// query. Its type is found in its content.
#[utoipa::path(
    post,
    path = "/files",
    operation_id = "upload_file",
    tag = "files",
    params(UploadParameters),
    request_body(content(
        (FileContent = "application/octet-stream"),
        (FileForm = "multipart/form-data"),
    )),
    responses(
        (status = 201, body = FileView),
        (status = 400, description = "The upload broke off", body = Details, content_type = "application/problem+json"),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, description = "`source_not_allowed`, `specialist_required`", body = Details, content_type = "application/problem+json"),
        (status = 404, body = Details, content_type = "application/problem+json"),
        (status = 409, description = "`quota_exceeded`, `task_closed`, `version_taken`", body = Details, content_type = "application/problem+json"),
        (status = 413, description = "`file_too_large`", body = Details, content_type = "application/problem+json"),
        (status = 415, description = "`file_type_refused`", body = Details, content_type = "application/problem+json"),
        (status = 422, description = "`invalid_fields`, `empty_file`", body = Details, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create(
    user: User,
    Query(parameters): Query<UploadParameters>,
    request: Request,
) -> Result<(StatusCode, Json<FileView>)> {
    let boundary = boundary(request.headers())?;
    let file = match boundary {
        None => {
            let length = content_length(request.headers());
            let new = parameters.check(None)?;
            receive(&user, &new, length, Incoming::raw(request.into_body())).await?
        }
        Some(boundary) => {
            let body = request.into_body().into_data_stream();
            let part = file_part(multer::Multipart::new(body, boundary)).await?;
            let new = parameters.check(part.file_name().map(ToOwned::to_owned))?;
            receive(&user, &new, None, Incoming::Part(Box::new(part))).await?
        }
    };
    Ok((StatusCode::CREATED, Json(file.into())))
}

/// The boundary between the parts of a form; `None` when the body is the file.
fn boundary(headers: &HeaderMap) -> Result<Option<String>> {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !media_type.trim_start().to_ascii_lowercase().starts_with("multipart/") {
        return Ok(None);
    }
    multer::parse_boundary(media_type).map(Some).map_err(|error| Problem::bad_request(format!("content-type: {error}")))
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn file_part(mut form: multer::Multipart<'static>) -> Result<multer::Field<'static>> {
    for _ in 0..=OTHER_PARTS_MAX {
        let next = form.next_field().await;
        match next.map_err(|error| Problem::bad_request(format!("the form is malformed: {error}")))? {
            Some(part) if part.name() == Some(FILE_PART) => return Ok(part),
            // What a form says beside the file belongs into the query; a part is dropped as it is passed over.
            Some(_) => {}
            None => break,
        }
    }
    let mut errors = FieldErrors::default();
    errors.add(FILE_PART, "required", "is the part of the form that holds the file");
    Err(errors.finish().err().unwrap_or_else(|| Problem::bad_request("the form has no file")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(content_type: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::CONTENT_TYPE, content_type.parse().unwrap())])
    }

    #[test]
    fn a_body_is_the_file_unless_it_is_a_form() {
        assert_eq!(boundary(&HeaderMap::new()), Ok(None));
        assert_eq!(boundary(&headers("audio/wav")), Ok(None));
        assert_eq!(boundary(&headers("Multipart/Form-Data; boundary=abc")), Ok(Some("abc".to_owned())));
        assert_eq!(boundary(&headers("multipart/form-data")).unwrap_err().code(), "bad_request");
    }

    fn form(text: &'static str) -> Result<multer::Field<'static>> {
        let body = futures::stream::iter([Ok::<_, std::convert::Infallible>(text)]);
        futures::FutureExt::now_or_never(file_part(multer::Multipart::new(body, "x"))).unwrap()
    }

    #[test]
    fn the_file_is_found_behind_other_parts() {
        let part = form(
            "--x\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n\
             --x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\nRIFF\r\n--x--\r\n",
        );
        assert_eq!(part.unwrap().file_name(), Some("a.wav"));
    }

    #[test]
    fn a_form_without_a_file_says_what_is_missing() {
        let problem =
            form("--x\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n--x--\r\n").unwrap_err();
        assert_eq!(problem.details().errors[0].field, "file");
        assert_eq!(form("no form at all").unwrap_err().code(), "bad_request");
    }
}
