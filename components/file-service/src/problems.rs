//! The problems of this service that clients tell apart by their code.

use crate::domain::content::Refused;
use crate::domain::file::{FILE_BYTES_MAX, Source};
use axum::http::StatusCode;
use mutrapro_sdk::problem::Problem;

pub(crate) fn too_large() -> Problem {
    let detail = format!("a file has at most {FILE_BYTES_MAX} bytes");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "file_too_large", detail)
}

pub(crate) fn over_quota(quota_bytes: u64, left_bytes: u64) -> Problem {
    let detail =
        format!("of your {quota_bytes} bytes {left_bytes} are left: delete something, and wait until it is gone");
    Problem::conflict("quota_exceeded", detail)
}

pub(crate) fn refused(refused: Refused) -> Problem {
    match refused {
        Refused::Empty => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "empty_file", refused.to_string()),
        Refused::Runs | Refused::Unknown => {
            Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "file_type_refused", refused.to_string())
        }
    }
}

pub(crate) fn broken_off(cause: impl std::fmt::Display) -> Problem {
    Problem::bad_request(format!("the upload broke off: {cause}"))
}

pub(crate) fn no_specialist() -> Problem {
    Problem::forbidden("specialist_required", "a demo belongs to the profile of a specialist, and you have none")
}

pub(crate) fn for_others_to_upload(source: Source, thing: &str) -> Problem {
    Problem::forbidden("source_not_allowed", format!("a {source} is for others to upload to the {thing}"))
}

pub(crate) fn task_closed(status: &str) -> Problem {
    Problem::conflict("task_closed", format!("the task is {status} and takes no files"))
}

pub(crate) fn file_is_final() -> Problem {
    Problem::conflict("file_is_final", "the file was delivered and accepted: only an administrator deletes it")
}

pub(crate) fn uploaded_at_once() -> Problem {
    Problem::conflict("version_taken", "another upload of this name ended at the same time: send it again")
}
