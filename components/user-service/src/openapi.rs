//! The service's part of the application's OpenAPI document: its public paths, as the gateway forwards them.

use crate::routes::{coordinators, me, users};
use utoipa::OpenApi;

/// The document.
#[derive(OpenApi)]
#[openapi(
    info(title = "user-service", description = "Accounts, roles, and the profiles of customers and coordinators"),
    paths(
        me::show,
        me::change,
        me::change_password,
        me::show_customer,
        me::change_customer,
        users::list,
        users::show,
        users::change,
        users::deactivate,
        users::activate,
        users::grant_role,
        users::revoke_role,
        coordinators::list,
        coordinators::add,
    )
)]
pub(crate) struct Document;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_paths_are_published_and_internal_ones_are_not() {
        let document = serde_json::to_value(Document::openapi()).unwrap();
        let paths: Vec<_> = document["paths"].as_object().unwrap().keys().cloned().collect();
        let expected = [
            "/coordinators",
            "/users",
            "/users/me",
            "/users/me/customer",
            "/users/me/password",
            "/users/{id}",
            "/users/{id}/activate",
            "/users/{id}/deactivate",
            "/users/{id}/roles",
            "/users/{id}/roles/{role}",
        ];
        assert_eq!(paths, expected);
    }

    #[test]
    fn schemas_that_are_referred_to_are_there() {
        let document = Document::openapi().to_json().unwrap();
        let value: serde_json::Value = serde_json::from_str(&document).unwrap();
        let schemas = value["components"]["schemas"].as_object().unwrap();
        for reference in document.split("#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(schemas.contains_key(name), "{name} is not among {:?}", schemas.keys());
        }
    }
}
