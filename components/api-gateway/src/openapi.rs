//! The application's OpenAPI document, joined from the parts that services publish.
//!
//! The parts are data: nothing here knows a service's types. Who may take an operation comes from the gateway's own
//! table and not from the parts.

mod frame;
mod merge;

use crate::routes::{self, Routes};
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
/// 503 that names the services which do not tell their part: half a document would pass for the whole. They are asked again
/// the next time.
pub(crate) fn document(routes: &Routes) -> Result<Response> {
    static DOCUMENT: OnceLock<Bytes> = OnceLock::new();
    let document = match DOCUMENT.get() {
        Some(document) => document,
        None => {
            let made = make(routes)?;
            DOCUMENT.get_or_init(|| made)
        }
    };
    Ok(([(header::CONTENT_TYPE, "application/json")], document.clone()).into_response())
}

fn make(routes: &Routes) -> Result<Bytes> {
    let mut parts = all(routes::services(), part)?;
    // What a studio adds need not speak OpenAPI.
    for service in routes.added_services() {
        match part(service) {
            Ok(part) => parts.push(part),
            Err(error) => log::warn!("openapi: the document is without {service}: {error}"),
        }
    }
    let merged = merge(routes, parts);
    for conflict in &merged.conflicts {
        log::error!("openapi: {conflict}");
    }
    serde_json::to_vec(&merged.document).map(Bytes::from).map_err(Problem::internal)
}

/// The parts of all services, or a problem that names every service whose part is missing.
fn all(
    services: Vec<&'static str>,
    part: impl Fn(&'static str) -> std::result::Result<Part, Error>,
) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    let mut missing = Vec::new();
    let mut causes = Vec::new();
    for service in services {
        match part(service) {
            Ok(part) => parts.push(part),
            Err(error) => {
                missing.push(service);
                causes.push(error.to_string());
            }
        }
    }
    if missing.is_empty() {
        return Ok(parts);
    }
    let detail = format!("these do not tell their part of the document: {}", missing.join(", "));
    Err(Problem::unavailable("dependency_unavailable", detail).because(causes.join("; ")))
}

fn part(service: &'static str) -> std::result::Result<Part, Error> {
    Client::new(service).get(openapi::PATH).map(|document| Part { service, document })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn services_that_do_not_answer_are_all_named() {
        let services = || vec!["user-service", "file-service", "task-service"];
        let answers = |down: &'static [&'static str]| {
            move |service| match down.contains(&service) {
                true => Err(Error::Unavailable(service.to_owned())),
                false => Ok(Part { service, document: json!({}) }),
            }
        };
        assert_eq!(all(services(), answers(&[])).map(|parts| parts.len()), Ok(3));
        let problem = all(services(), answers(&["file-service", "task-service"])).map(|_| ()).unwrap_err();
        assert_eq!((problem.status().as_u16(), problem.code()), (503, "dependency_unavailable"));
        assert!(problem.details().detail.ends_with("document: file-service, task-service"), "{problem:?}");
    }
}
