//! The HTTP API, and who may use what of it.

pub(crate) mod content;
pub(crate) mod files;
mod internal;
pub(crate) mod upload;

use crate::openapi::Document;
use axum::Router;
use axum::routing::{get, post};
use mutrapro_sdk::streaming::streaming;

/// Every route of the service.
pub(crate) fn router() -> Router {
    Router::new()
        .route("/files", streaming(post(upload::create)).get(files::list))
        .route("/files/{id}", get(files::show).delete(files::delete))
        .route("/files/{id}/content", streaming(get(content::download)))
        .merge(internal::routes())
        .merge(mutrapro_sdk::openapi::routes::<Document>())
}
