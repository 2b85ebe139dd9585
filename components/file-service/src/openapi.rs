//! The service's part of the application's OpenAPI document: its public paths, as the gateway forwards them.

use crate::routes::{content, files, upload};
use utoipa::OpenApi;

/// The document.
#[derive(OpenApi)]
#[openapi(
    info(title = "file-service", description = "Files and what is known of their content"),
    paths(upload::create, files::list, files::show, files::delete, content::download),
    tags((name = "files", description = "Files of requests, tasks, bookings and specialists"))
)]
pub(crate) struct Document;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_public_path_is_published_and_no_internal_one() {
        let document = serde_json::to_value(Document::openapi()).unwrap();
        let paths: Vec<_> = document["paths"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(paths, ["/files", "/files/{id}", "/files/{id}/content"]);
    }

    #[test]
    fn schemas_that_are_referred_to_are_there() {
        let text = Document::openapi().to_json().unwrap();
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        for reference in text.split("#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name} is not among {:?}", schemas.keys());
        }
    }
}
