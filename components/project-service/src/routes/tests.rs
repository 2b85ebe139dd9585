//! Who gets how far: all that is decided before the database is asked.

use super::*;
use crate::domain::project::FREE_REVISIONS_MAX;
use crate::domain::text::{NAME_CHARACTERS_MAX, TEXT_CHARACTERS_MAX};
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use mutrapro_sdk::identity::{CALLER_HEADER, GATEWAY, ROLES_HEADER, USER_HEADER};
use mutrapro_sdk::money::AMOUNT_MAX;
use serde_json::{Value, json};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

const ID: &str = "0190f3a0-0000-7000-8000-000000000001";

fn send(caller: &str, roles: Option<&str>, (method, path, body): (&str, &str, &str)) -> (StatusCode, Value) {
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    let mut request = request.header(CALLER_HEADER, caller);
    if let Some(roles) = roles {
        request = request.header(USER_HEADER, ID).header(ROLES_HEADER, roles);
    }
    let request = request.body(Body::from(body.to_owned())).unwrap();
    ready(async {
        let response = mutrapro_sdk::service::answer(router(), request).await;
        let status = response.status();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    })
}

/// Nothing here waits.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a handler waits"),
    }
}

fn public_routes() -> [(&'static str, String, &'static str); 5] {
    [
        ("GET", "/projects".into(), ""),
        ("GET", format!("/projects/{ID}"), ""),
        ("PATCH", format!("/projects/{ID}"), "{}"),
        ("POST", format!("/projects/{ID}/cancel"), "{}"),
        ("GET", format!("/projects/{ID}/timeline"), ""),
    ]
}

#[test]
fn nobody_gets_in_without_a_token() {
    for (method, path, body) in public_routes() {
        // Neither without a user, nor with one whom another component claims to be.
        for (caller, roles) in [(GATEWAY, None), ("file-service", Some("system_admin"))] {
            let (status, problem) = send(caller, roles, (method, &path, body));
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{method} {path}");
            assert_eq!(problem["code"], "not_authenticated");
        }
    }
}

#[test]
fn specialists_list_no_projects() {
    let (status, problem) = send(GATEWAY, Some("recording_artist"), ("GET", "/projects", ""));
    assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("role_required")));
}

#[test]
fn internal_routes_are_not_for_the_gateway() {
    for path in [format!("/internal/projects/{ID}"), format!("/internal/requests/{ID}/project")] {
        assert_eq!(send(GATEWAY, Some("system_admin"), ("GET", &path, "")).0, StatusCode::NOT_FOUND, "{path}");
    }
}

#[test]
fn wrong_fields_are_named() {
    let fields = |method, path: &str, body: &str| {
        let (status, problem) = send(GATEWAY, Some("service_coordinator"), (method, path, body));
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
        problem["errors"].as_array().unwrap().iter().map(|error| error["field"].clone()).collect::<Vec<_>>()
    };
    let project = format!("/projects/{ID}");
    assert_eq!(
        fields("PATCH", &project, r#"{"name":"","free_revisions_included":21}"#),
        ["name", "free_revisions_included"]
    );
    // What follows from events is set by nobody.
    for field in ["status", "progress_percent", "customer_id", "used_revisions", "currency"] {
        assert_eq!(fields("PATCH", &project, &json!({ field: 1 }).to_string()), [field]);
    }
    assert_eq!(fields("POST", &format!("{project}/cancel"), r#"{"reason":" "}"#), ["reason"]);
    assert_eq!(fields("GET", "/projects?status=lost", ""), ["status"]);
    assert_eq!(fields("GET", "/projects?customer=me", ""), ["customer"]);
    assert_eq!(fields("GET", &format!("{project}/timeline?limit=101"), ""), ["limit"]);
}

#[test]
fn document_states_the_limits_that_hold() {
    let (status, document) = send(GATEWAY, None, ("GET", "/internal/openapi.json", ""));
    assert_eq!(status, StatusCode::OK);
    let of = |schema: &str, field: &str, limit: &str| {
        document.pointer(&format!("/components/schemas/{schema}/properties/{field}/{limit}")).cloned()
    };
    assert_eq!(of("ProjectPatch", "name", "maxLength"), Some(json!(NAME_CHARACTERS_MAX)));
    assert_eq!(of("ProjectPatch", "notes", "maxLength"), Some(json!(TEXT_CHARACTERS_MAX)));
    assert_eq!(of("ProjectPatch", "revision_fee", "maximum"), Some(json!(AMOUNT_MAX)));
    assert_eq!(of("ProjectPatch", "free_revisions_included", "maximum"), Some(json!(FREE_REVISIONS_MAX)));
    assert_eq!(of("ProjectCancellation", "reason", "maxLength"), Some(json!(TEXT_CHARACTERS_MAX)));
    for (method, path, _) in public_routes() {
        let path = path.replace(ID, "{id}").replace('/', "~1");
        let operation = document.pointer(&format!("/paths/{path}/{}", method.to_lowercase()));
        assert!(operation.is_some_and(|operation| operation["responses"]["401"].is_object()), "{method} {path}");
    }
}
