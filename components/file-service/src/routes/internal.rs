//! What other services ask; nothing here can be reached from outside.

use crate::domain::file::FileId;
use crate::store;
use crate::views;
use axum::Router;
use axum::routing::get;
use mutrapro_contracts::answers::{FileAnswer, RequestAudioAnswer};
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::identity::internal_to_all;
use mutrapro_sdk::json::Json;
use mutrapro_sdk::problem::{Problem, Result};
use mutrapro_sdk::query::Path;
use mutrapro_sdk::sql::Database;

/// How many recordings of one request count.
const RECORDINGS_MAX: i64 = 1000;

/// The routes.
pub(crate) fn routes() -> Router {
    let for_all = Router::new()
        .route("/internal/files/{id}", get(show))
        .route("/internal/requests/{id}/audio", get(request_audio));
    internal_to_all(for_all)
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
