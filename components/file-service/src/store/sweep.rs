//! Content that nobody needs any more.

use crate::domain::file::FileId;
use mutrapro_sdk::sql::{Error, Reader, Transaction, params, row};
use mutrapro_sdk::time::Instant;

row! {
    /// Content to be removed.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub(crate) struct Content {
        pub(crate) id: FileId,
        pub(crate) blob_key: String,
    }
}

/// At most `rows_max` uploads that began before `instant` and never ended.
pub(crate) fn unfinished_before(reader: &impl Reader, instant: Instant, rows_max: i64) -> Result<Vec<Content>, Error> {
    let statement = "SELECT id, blob_key FROM files WHERE uploaded_at IS NULL AND created_at < $1 \
         ORDER BY created_at LIMIT $2";
    reader.query(statement, params![instant, rows_max])
}

/// Removes the row of an upload that never ended; `false` when it ended meanwhile, or is gone.
pub(crate) fn forget(transaction: &Transaction<'_>, id: FileId) -> Result<bool, Error> {
    let statement = "DELETE FROM files WHERE id = $1 AND uploaded_at IS NULL";
    transaction.execute(statement, params![id]).map(|rows| rows > 0)
}

/// At most `rows_max` files that were deleted before `instant` and still have their content.
pub(crate) fn deleted_before(reader: &impl Reader, instant: Instant, rows_max: i64) -> Result<Vec<Content>, Error> {
    let statement = "SELECT id, blob_key FROM files WHERE deleted_at < $1 AND purged_at IS NULL \
         ORDER BY deleted_at LIMIT $2";
    reader.query(statement, params![instant, rows_max])
}

/// Says that the content of a deleted file is gone.
pub(crate) fn mark_purged(transaction: &Transaction<'_>, id: FileId, now: Instant) -> Result<(), Error> {
    let statement = "UPDATE files SET purged_at = $2, updated_at = $2 \
         WHERE id = $1 AND deleted_at IS NOT NULL AND purged_at IS NULL";
    transaction.execute(statement, params![id, now]).map(drop)
}
