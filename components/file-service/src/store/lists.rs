//! Files, a page at a time.

use super::{COLUMNS, File};
use crate::access::View;
use crate::domain::content::ContentType;
use crate::domain::file::{FileId, Source, Stage};
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::sql::{Error, Filter, Reader, params, row};

/// Which files are meant: all conditions hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct FileFilter {
    pub(crate) request: Option<Uuid>,
    pub(crate) assignment: Option<Uuid>,
    pub(crate) booking: Option<Uuid>,
    pub(crate) source: Option<Source>,
    pub(crate) content_type: Option<ContentType>,
    pub(crate) stage: Option<Stage>,
}

/// At most `rows_max` files that were uploaded before `before`, newest first.
pub(crate) fn list(
    reader: &impl Reader,
    filter: FileFilter,
    view: View,
    before: Option<FileId>,
    rows_max: i64,
) -> Result<Vec<File>, Error> {
    let own = match view {
        View::Own(user) => Some(user),
        View::All | View::Customer => None,
    };
    let (statement, parameters) = Filter::default()
        .when(true, "uploaded_at IS NOT NULL AND deleted_at IS NULL")
        .with("request_id = ", filter.request)
        .with("assignment_id = ", filter.assignment)
        .with("booking_id = ", filter.booking)
        .with("source = ", filter.source)
        .with("content_type = ", filter.content_type)
        .with("stage = ", filter.stage)
        .with("owner_user_id = ", own)
        .when(view == View::Customer, "source = 'customer_upload'")
        .with("id < ", before)
        .statement(&format!("SELECT {COLUMNS} FROM files"), "ORDER BY id DESC", rows_max);
    reader.query(&statement, &parameters)
}

row! {
    struct Recording {
        /// JSON.
        audio_metadata: Option<String>,
    }
}

/// What is known, as JSON, of each of at most `rows_max` recordings that a customer uploaded to a request, newest first.
pub(crate) fn request_audio(
    reader: &impl Reader,
    request_id: Uuid,
    rows_max: i64,
) -> Result<Vec<Option<String>>, Error> {
    let statement = "SELECT audio_metadata FROM files WHERE request_id = $1 AND source = 'customer_upload' \
         AND content_type = 'audio' AND uploaded_at IS NOT NULL AND deleted_at IS NULL ORDER BY id DESC LIMIT $2";
    let rows: Vec<Recording> = reader.query(statement, params![request_id, rows_max])?;
    Ok(rows.into_iter().map(|row| row.audio_metadata).collect())
}
