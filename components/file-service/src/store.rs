//! All SQL over `files`.

mod lists;
mod sweep;

pub(crate) use lists::{FileFilter, list, request_audio};
pub(crate) use sweep::{Content, deleted_before, forget, mark_purged, unfinished_before};

use crate::access::Place;
use crate::domain::content::{ContentType, Kind};
use crate::domain::file::{FileId, NewFile, Source, Stage};
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::identity::UserId;
use mutrapro_sdk::sql::{Error, FromRow, Reader, Row, Transaction, params, row};
use mutrapro_sdk::time::Instant;

/// No two uploads of one name to one thing have the same version.
pub(crate) const VERSION_ONCE: &str = "files_subject_id_file_name_version_key";

/// The columns of [`File`].
const COLUMNS: &str = "id, owner_user_id, source, request_id, project_id, assignment_id, booking_id, specialist_id, \
     file_name, blob_key, size_bytes, sha256, mime_type, content_type, stage, version, audio_metadata, description, \
     created_at";

row! {
    /// A file whose content is there.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub(crate) struct File {
        pub(crate) id: FileId,
        pub(crate) owner_user_id: Uuid,
        pub(crate) source: Source,
        pub(crate) request_id: Option<Uuid>,
        pub(crate) project_id: Option<Uuid>,
        pub(crate) assignment_id: Option<Uuid>,
        pub(crate) booking_id: Option<Uuid>,
        pub(crate) specialist_id: Option<Uuid>,
        pub(crate) file_name: String,
        pub(crate) blob_key: String,
        pub(crate) size_bytes: i64,
        pub(crate) sha256: String,
        pub(crate) mime_type: String,
        pub(crate) content_type: ContentType,
        pub(crate) stage: Stage,
        pub(crate) version: u32,
        /// JSON.
        pub(crate) audio_metadata: Option<String>,
        pub(crate) description: Option<String>,
        pub(crate) created_at: Instant,
    }
}

/// One number.
pub(crate) struct Number(pub(crate) i64);

impl FromRow for Number {
    fn from_row(row: &Row) -> Result<Self, Error> {
        row.get("number").map(Self)
    }
}

/// An upload that is about to begin.
pub(crate) struct Beginning<'a> {
    pub(crate) id: FileId,
    pub(crate) owner: UserId,
    pub(crate) new: &'a NewFile,
    pub(crate) place: Place,
    pub(crate) blob_key: &'a str,
    /// How much room is kept for it.
    pub(crate) reserved_bytes: i64,
}

/// Writes the row of an upload that is about to begin.
pub(crate) fn insert(transaction: &Transaction<'_>, file: &Beginning<'_>, now: Instant) -> Result<(), Error> {
    let statement = "INSERT INTO files (id, owner_user_id, source, subject_id, request_id, project_id, assignment_id, \
         booking_id, specialist_id, file_name, blob_key, size_bytes, stage, version, description, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, $14, $15, $15)";
    let Beginning { id, owner, new, place, blob_key, reserved_bytes } = file;
    let parameters = params![
        id,
        owner,
        new.source,
        place.subject_id,
        place.request_id,
        place.project_id,
        place.assignment_id,
        place.booking_id,
        place.specialist_id,
        new.file_name,
        blob_key,
        reserved_bytes,
        new.stage,
        new.description,
        now,
    ];
    transaction.execute(statement, parameters).map(drop)
}

/// How many bytes a user's content takes, with the room that is kept for uploads.
pub(crate) fn used_bytes(reader: &impl Reader, owner: UserId) -> Result<i64, Error> {
    let statement = "SELECT CAST(COALESCE(sum(size_bytes), 0) AS BIGINT) AS number FROM files \
         WHERE owner_user_id = $1 AND purged_at IS NULL";
    reader.query_one::<Number>(statement, params![owner]).map(|number| number.0)
}

/// What was found when all of the content had arrived.
pub(crate) struct Arrived<'a> {
    pub(crate) size_bytes: i64,
    pub(crate) sha256: &'a str,
    pub(crate) kind: Kind,
    /// JSON.
    pub(crate) audio_metadata: Option<&'a str>,
}

/// Completes the row of an upload under the next version of its name, and gives it; `None` when the upload was swept.
///
/// The constraint [`VERSION_ONCE`] refuses a version that another upload took at the same time.
pub(crate) fn complete(
    transaction: &Transaction<'_>,
    id: FileId,
    arrived: &Arrived<'_>,
    now: Instant,
) -> Result<Option<File>, Error> {
    let version = "SELECT COALESCE(max(f.version), 0) + 1 AS number FROM files f \
         INNER JOIN files own ON own.subject_id = f.subject_id AND own.file_name = f.file_name WHERE own.id = $1";
    let version = transaction.query_one::<Number>(version, params![id])?.0;
    let statement = format!(
        "UPDATE files SET size_bytes = $2, sha256 = $3, mime_type = $4, content_type = $5, audio_metadata = $6, \
         version = $7, uploaded_at = $8, updated_at = $8 WHERE id = $1 AND uploaded_at IS NULL RETURNING {COLUMNS}"
    );
    let parameters = params![
        id,
        arrived.size_bytes,
        arrived.sha256,
        arrived.kind.mime_type,
        arrived.kind.content_type,
        arrived.audio_metadata.map(ToOwned::to_owned),
        version,
        now,
    ];
    transaction.query_optional(&statement, parameters)
}

/// The file of this id, unless it is deleted or still on its way.
pub(crate) fn find(reader: &impl Reader, id: FileId) -> Result<Option<File>, Error> {
    let statement =
        format!("SELECT {COLUMNS} FROM files WHERE id = $1 AND uploaded_at IS NOT NULL AND deleted_at IS NULL");
    reader.query_optional(&statement, params![id])
}

/// Deletes a file, unless it is already; `false` then. A final one only if `with_final`.
pub(crate) fn delete(transaction: &Transaction<'_>, id: FileId, with_final: bool, now: Instant) -> Result<bool, Error> {
    let statement = "UPDATE files SET deleted_at = $2, updated_at = $2 \
         WHERE id = $1 AND uploaded_at IS NOT NULL AND deleted_at IS NULL AND (stage <> 'final' OR source = 'portfolio_demo' OR $3 = 1)";
    transaction.execute(statement, params![id, now, i64::from(with_final)]).map(|rows| rows > 0)
}

/// Marks a file as what a project was completed with.
pub(crate) fn make_final(transaction: &Transaction<'_>, id: Uuid, project_id: Uuid, now: Instant) -> Result<(), Error> {
    let statement = "UPDATE files SET stage = 'final', project_id = COALESCE(project_id, $2), updated_at = $3 \
         WHERE id = $1 AND uploaded_at IS NOT NULL AND deleted_at IS NULL AND stage <> 'final'";
    transaction.execute(statement, params![id, project_id, now]).map(drop)
}
