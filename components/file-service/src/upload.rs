//! How content comes in: room is kept in the user's quota, the bytes stream to the host, and only what has arrived as a
//! whole and is of a known type becomes a file.

use crate::access::{self, Place};
use crate::domain::content::{HEAD_BYTES, Kind, recognise};
use crate::domain::file::{FILE_BYTES_MAX, FileId, NewFile};
use crate::store::{self, Arrived, Beginning, File, VERSION_ONCE};
use crate::{inspection, problems, settings, views};
use axum::body::{Body, BodyDataStream};
use futures::StreamExt;
use multer::bytes::Bytes;
use mutrapro_sdk::blobs::{self, Blob, Upload};
use mutrapro_sdk::identity::User;
use mutrapro_sdk::log;
use mutrapro_sdk::problem::{OnConstraint, Problem, Result};
use mutrapro_sdk::sql::{Database, transaction};
use mutrapro_sdk::time::Instant;

/// Content as it arrives.
pub(crate) enum Incoming {
    /// The body itself.
    Raw(BodyDataStream),
    /// A part of `multipart/form-data`.
    Part(Box<multer::Field<'static>>),
}

impl Incoming {
    pub(crate) fn raw(body: Body) -> Self {
        Self::Raw(body.into_data_stream())
    }

    async fn next(&mut self) -> Result<Option<Bytes>> {
        match self {
            Self::Raw(body) => body.next().await.transpose().map_err(problems::broken_off),
            Self::Part(part) => part.chunk().await.map_err(problems::broken_off),
        }
    }
}

/// Takes `content`, of `length` bytes as far as its sender says, as the file `new` of `user`.
///
/// # Errors
/// As [`access::place`]; 413, 415 and 422 for the content; 409 when it does not fit the quota.
pub(crate) async fn receive(user: &User, new: &NewFile, length: Option<u64>, mut content: Incoming) -> Result<File> {
    if length.is_some_and(|length| length > FILE_BYTES_MAX) {
        return Err(problems::too_large());
    }
    let place = access::place(user, new)?;
    let upload = Upload::create(FILE_BYTES_MAX)?;
    let key = upload.key();
    let (id, room) = begin(user, new, place, &key, length)?;
    let outcome = match store_content(upload, &mut content, room).await {
        Ok((blob, kind)) => complete(id, &key, &blob, kind),
        Err(problem) => Err(problem),
    };
    if outcome.is_err() {
        give_up(id, &key);
    }
    outcome
}

/// How many bytes may come, and what it means when there are more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Room {
    bytes: u64,
    quota_bytes: u64,
}

impl Room {
    /// The room for an upload of `length` bytes, or of any, for one who has used `used_bytes`.
    fn within(quota_bytes: u64, used_bytes: u64, length: Option<u64>) -> Result<Self> {
        let left_bytes = quota_bytes.saturating_sub(used_bytes);
        if left_bytes < length.unwrap_or(1) {
            return Err(problems::over_quota(quota_bytes, left_bytes));
        }
        Ok(Self { bytes: length.unwrap_or(FILE_BYTES_MAX).min(left_bytes), quota_bytes })
    }

    fn exceeded(self) -> Problem {
        if self.bytes >= FILE_BYTES_MAX {
            problems::too_large()
        } else {
            problems::over_quota(self.quota_bytes, self.bytes)
        }
    }
}

/// Keeps room for the upload, with a row that tells of the content before there is any.
fn begin(user: &User, new: &NewFile, place: Place, blob_key: &str, length: Option<u64>) -> Result<(FileId, Room)> {
    let quota_bytes = settings::quota_bytes()?;
    let now = Instant::now();
    let id = FileId::generate();
    let room = transaction(|tx| {
        let used_bytes = u64::try_from(store::used_bytes(tx, user.id)?).unwrap_or(0);
        let room = Room::within(quota_bytes, used_bytes, length)?;
        let reserved_bytes = i64::try_from(room.bytes).map_err(Problem::internal)?;
        store::insert(tx, &Beginning { id, owner: user.id, new, place, blob_key, reserved_bytes }, now)?;
        Ok(room)
    })?;
    // Where writers do not wait for each other, another upload may have taken the same room: then this sees both, or the
    // other does, or both do.
    let used_bytes = store::used_bytes(&Database, user.id)?;
    if u64::try_from(used_bytes).is_ok_and(|used_bytes| used_bytes > quota_bytes) {
        transaction(|tx| Ok(store::forget(tx, id)?))?;
        return Err(problems::over_quota(quota_bytes, 0));
    }
    Ok((id, room))
}

/// Stores what arrives, and says what it is; as soon as that is known to be nothing that is taken, nothing more is read.
async fn store_content(mut upload: Upload, content: &mut Incoming, room: Room) -> Result<(Blob, Kind)> {
    let mut head = Vec::new();
    let mut kind = None;
    let mut size_bytes: u64 = 0;
    while let Some(chunk) = content.next().await? {
        size_bytes = size_bytes.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        if size_bytes > room.bytes {
            return Err(room.exceeded());
        }
        upload.write(&chunk)?;
        if kind.is_none() {
            let missing = HEAD_BYTES.saturating_sub(head.len()).min(chunk.len());
            head.extend(chunk.iter().take(missing));
            if head.len() >= HEAD_BYTES {
                kind = Some(recognise(&head).map_err(problems::refused)?);
            }
        }
    }
    let kind = match kind {
        Some(kind) => kind,
        None => recognise(&head).map_err(problems::refused)?,
    };
    Ok((upload.finish()?, kind))
}

fn complete(id: FileId, blob_key: &str, blob: &Blob, kind: Kind) -> Result<File> {
    let audio = inspection::audio(kind, blob_key);
    let audio = audio.map(|audio| serde_json::to_string(&audio)).transpose().map_err(Problem::internal)?;
    let arrived = Arrived {
        size_bytes: i64::try_from(blob.size_bytes).map_err(Problem::internal)?,
        sha256: &blob.sha256,
        kind,
        audio_metadata: audio.as_deref(),
    };
    let now = Instant::now();
    transaction(|tx| {
        let file = store::complete(tx, id, &arrived, now).on_constraint(VERSION_ONCE, problems::uploaded_at_once)?;
        let file = file.ok_or_else(|| problems::broken_off("it took too long"))?;
        tx.emit(&views::uploaded(&file))?;
        Ok(file)
    })
}

/// Undoes what can be undone at once; the sweep does the rest.
fn give_up(id: FileId, blob_key: &str) {
    let undone =
        blobs::delete(blob_key).map_err(Problem::from).and_then(|()| transaction(|tx| Ok(store::forget(tx, id)?)));
    if let Err(error) = undone {
        log::warn!("an upload that failed is left to the sweep: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upload_of_known_length_takes_that_much_room() {
        assert_eq!(Room::within(100, 40, Some(60)).unwrap().bytes, 60);
        assert_eq!(Room::within(100, 40, Some(61)).unwrap_err().code(), "quota_exceeded");
        assert_eq!(Room::within(100, 140, Some(1)).unwrap_err().code(), "quota_exceeded");
    }

    #[test]
    fn an_upload_of_unknown_length_takes_what_is_left() {
        let room = Room::within(100, 40, None).unwrap();
        assert_eq!((room.bytes, room.exceeded().code()), (60, "quota_exceeded"));
        let room = Room::within(u64::MAX, 0, None).unwrap();
        assert_eq!((room.bytes, room.exceeded().code()), (FILE_BYTES_MAX, "file_too_large"));
        assert_eq!(Room::within(100, 100, None).unwrap_err().code(), "quota_exceeded");
    }
}
