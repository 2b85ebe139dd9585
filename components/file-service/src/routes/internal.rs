//! What other services ask; nothing here can be reached from outside.

use crate::dependencies::{MEASURE_PATH, Measurement};
use crate::domain::audio::{AudioMetadata, Bytes, measure};
use crate::domain::file::FileId;
use crate::store;
use crate::views;
use axum::Router;
use axum::routing::{get, post};
use mutrapro_contracts::answers::{FileAnswer, RequestAudioAnswer};
use mutrapro_sdk::blobs::Content;
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::identity::{internal, internal_to_all};
use mutrapro_sdk::json::{Json, Validate};
use mutrapro_sdk::problem::{Problem, Result};
use mutrapro_sdk::query::Path;
use mutrapro_sdk::sql::Database;
use std::io;

/// This service itself.
const FILE_SERVICE: &str = "file-service";
/// How many recordings of one request count.
const RECORDINGS_MAX: i64 = 1000;

/// The routes, each for those who may take it.
pub(crate) fn routes() -> Router {
    let for_all = Router::new()
        .route("/internal/files/{id}", get(show))
        .route("/internal/requests/{id}/audio", get(request_audio));
    let for_self = Router::new().route(MEASURE_PATH, post(measure_content));
    internal_to_all(for_all).merge(internal(for_self, &[FILE_SERVICE]))
}

async fn show(Path(id): Path<FileId>) -> Result<Json<FileAnswer>> {
    let file = store::find(&Database, id)?.ok_or_else(|| Problem::not_found("file"))?;
    Ok(Json(views::answer(&file)))
}

/// A recording whose length is not known counts as none: nobody is to be quoted a price for less than there is.
async fn request_audio(Path(id): Path<Uuid>) -> Result<Json<RequestAudioAnswer>> {
    let recordings = store::request_audio(&Database, id, RECORDINGS_MAX)?;
    let durations = recordings.iter().filter_map(|json| views::read_audio(json.as_deref())?.duration_ms);
    let (files, duration_ms) =
        durations.fold((0_u32, 0_u64), |(files, sum), ms| (files.saturating_add(1), sum.saturating_add(ms)));
    Ok(Json(RequestAudioAnswer { files, duration_ms }))
}

impl Validate for Measurement {}

/// Measures stored content, on an instance that may be lost over it.
async fn measure_content(Json(content): Json<Measurement>) -> Result<Json<Option<AudioMetadata>>> {
    Ok(Json(measure(Stored { blob_key: content.blob_key }, content.size_bytes)))
}

struct Stored {
    blob_key: String,
}

impl Bytes for Stored {
    fn read(&self, offset: u64, length: u64) -> io::Result<Vec<u8>> {
        let mut content =
            Content::open(&self.blob_key, offset..offset.saturating_add(length)).map_err(io::Error::other)?;
        let mut bytes = Vec::new();
        while let Some(chunk) = content.read().map_err(io::Error::other)? {
            bytes.extend(chunk);
        }
        Ok(bytes)
    }
}
