//! The application's OpenAPI document, joined from the parts that services publish.
//!
//! The parts are data: nothing here knows a service's types. Who may take an operation comes from the gateway's own
//! table and not from the parts.

mod merge;

use crate::routes;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use merge::{Part, merge};
use mutrapro_sdk::client::{Client, Error};
use mutrapro_sdk::problem::{Problem, Result};
use mutrapro_sdk::{log, openapi};
use std::sync::OnceLock;

/// Where it is, below the public prefix.
pub(crate) const PATH: &str = "/openapi.json";

/// The document; made at the first request of an instance and kept.
///
/// # Errors
/// 503 when a service does not tell its part; it is asked again the next time.
pub(crate) fn document() -> Result<Response> {
    static DOCUMENT: OnceLock<Bytes> = OnceLock::new();
    let document = match DOCUMENT.get() {
        Some(document) => document,
        None => {
            let made = make()?;
            DOCUMENT.get_or_init(|| made)
        }
    };
    Ok(([(header::CONTENT_TYPE, "application/json")], document.clone()).into_response())
}

fn make() -> Result<Bytes> {
    let parts = routes::services().into_iter().map(part).collect::<Result<Vec<_>>>()?;
    let merged = merge(parts);
    for conflict in &merged.conflicts {
        log::error!("openapi: {conflict}");
    }
    serde_json::to_vec(&merged.document).map(Bytes::from).map_err(Problem::internal)
}

fn part(service: &'static str) -> Result<Part> {
    let document = Client::new(service).get(openapi::PATH).map_err(|error: Error| {
        Problem::unavailable("dependency_unavailable", format!("{service} does not tell its part")).because(error)
    })?;
    Ok(Part { service, document })
}
