//! Who gets how far: all that is decided before the database is asked.

use super::*;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use mutrapro_sdk::identity::{CALLER_HEADER, GATEWAY, ROLES_HEADER, USER_HEADER};
use serde_json::{Value, json};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

const ID: &str = "0190f3a0-0000-7000-8000-000000000001";

struct Sender {
    caller: Option<&'static str>,
    roles: Option<&'static str>,
}

const NOBODY: Sender = Sender { caller: Some(GATEWAY), roles: None };
const CUSTOMER: Sender = Sender { caller: Some(GATEWAY), roles: Some("customer") };
const COORDINATOR: Sender = Sender { caller: Some(GATEWAY), roles: Some("service_coordinator") };
const SPECIALIST: Sender = Sender { caller: Some(GATEWAY), roles: Some("transcription_specialist,recording_artist") };
const FORGER: Sender = Sender { caller: Some("file-service"), roles: Some("system_admin") };

fn send(sender: &Sender, method: &str, path: &str, body: &Value) -> (StatusCode, Value) {
    send_with(sender, method, path, body, None)
}

fn send_with(sender: &Sender, method: &str, path: &str, body: &Value, key: Option<&str>) -> (StatusCode, Value) {
    let mut request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    if let Some(caller) = sender.caller {
        request = request.header(CALLER_HEADER, caller);
    }
    if let Some(roles) = sender.roles {
        request = request.header(USER_HEADER, ID).header(ROLES_HEADER, roles);
    }
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    let request = request.body(Body::from(body.to_string())).unwrap();
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

fn revision() -> Value {
    json!({ "project_id": ID, "type": "minor_adjustment", "description": "A flat in bar 12" })
}

fn package() -> Value {
    json!({ "project_id": ID, "name": "Score", "delivery_type": "final" })
}

fn routes() -> Vec<(&'static str, String, Value)> {
    let reason = json!({ "reason": "No" });
    vec![
        ("POST", "/revisions".into(), revision()),
        ("GET", "/revisions".into(), Value::Null),
        ("GET", format!("/revisions/{ID}"), Value::Null),
        ("POST", format!("/revisions/{ID}/approve"), Value::Null),
        ("POST", format!("/revisions/{ID}/reject"), reason.clone()),
        ("POST", format!("/revisions/{ID}/complete"), Value::Null),
        ("GET", format!("/projects/{ID}/revision-eligibility"), Value::Null),
        ("POST", "/packages".into(), package()),
        ("GET", "/packages".into(), Value::Null),
        ("GET", format!("/packages/{ID}"), Value::Null),
        ("POST", format!("/packages/{ID}/files"), json!({ "file_id": ID })),
        ("DELETE", format!("/packages/{ID}/files/{ID}"), Value::Null),
        ("POST", format!("/packages/{ID}/ready"), Value::Null),
        ("POST", format!("/packages/{ID}/deliver"), Value::Null),
        ("POST", format!("/packages/{ID}/approve"), Value::Null),
        ("POST", format!("/packages/{ID}/reject"), reason),
    ]
}

#[test]
fn everything_is_for_who_is_signed_in() {
    for (method, path, body) in routes() {
        for sender in [NOBODY, FORGER] {
            let (status, problem) = send(&sender, method, &path, &body);
            assert_eq!((status, &problem["code"]), (StatusCode::UNAUTHORIZED, &json!("not_authenticated")), "{path}");
        }
    }
}

#[test]
fn wrong_role_is_told_before_anything_is_looked_at() {
    let eligibility = format!("/projects/{ID}/revision-eligibility");
    for (sender, method, path, body) in [
        (COORDINATOR, "POST", "/revisions", revision()),
        (SPECIALIST, "POST", "/revisions", revision()),
        (SPECIALIST, "GET", "/revisions", Value::Null),
        (SPECIALIST, "GET", eligibility.as_str(), Value::Null),
        (CUSTOMER, "POST", "/packages", package()),
        (SPECIALIST, "POST", "/packages", package()),
        (SPECIALIST, "GET", "/packages", Value::Null),
    ] {
        let (status, problem) = send(&sender, method, path, &body);
        assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("role_required")), "{method} {path}");
    }
}

/// The fields that are wrong, with their codes.
fn errors(sender: &Sender, path: &str, body: &Value) -> Vec<(String, String)> {
    let (status, problem) = send(sender, "POST", path, body);
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{problem}");
    let text = |error: &Value, name: &str| error[name].as_str().unwrap().to_owned();
    problem["errors"].as_array().unwrap().iter().map(|error| (text(error, "field"), text(error, "code"))).collect()
}

fn wrong(field: &str, code: &str) -> Vec<(String, String)> {
    vec![(field.to_owned(), code.to_owned())]
}

/// `body` with one field set.
fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

#[test]
fn nobody_sets_what_is_not_theirs_to_set() {
    for field in ["fee", "is_free", "currency", "status", "revision_number", "requested_by", "customer_id"] {
        let body = with(revision(), field, json!(0));
        assert_eq!(errors(&CUSTOMER, "/revisions", &body), wrong(field, "unknown"));
    }
    for field in ["status", "coordinator_id", "prepared_by", "delivered_at", "customer_notes"] {
        let body = with(package(), field, json!("x"));
        assert_eq!(errors(&COORDINATOR, "/packages", &body), wrong(field, "unknown"));
    }
}

#[test]
fn wrong_fields_are_named() {
    for (field, value) in
        [("description", json!("too short")), ("description", json!("x".repeat(5001))), ("type", json!("whim"))]
    {
        assert_eq!(errors(&CUSTOMER, "/revisions", &with(revision(), field, value)), wrong(field, "invalid"));
    }
    for (field, value) in [
        ("name", json!(" ")),
        ("name", json!("two\nlines")),
        ("name", json!("x".repeat(201))),
        ("description", json!("")),
        ("delivery_type", json!("gift")),
    ] {
        assert_eq!(errors(&COORDINATOR, "/packages", &with(package(), field, value)), wrong(field, "invalid"));
    }
    for position in [0, 101] {
        let body = json!({ "file_id": ID, "position": position });
        assert_eq!(errors(&COORDINATOR, &format!("/packages/{ID}/files"), &body), wrong("position", "invalid"));
    }
    for path in [format!("/revisions/{ID}/reject"), format!("/packages/{ID}/reject")] {
        assert_eq!(errors(&CUSTOMER, &path, &json!({})), wrong("reason", "required"));
        assert_eq!(errors(&CUSTOMER, &path, &json!({ "reason": " " })), wrong("reason", "invalid"));
    }
}

#[test]
fn malformed_key_is_no_key() {
    let (status, problem) = send_with(&CUSTOMER, "POST", "/revisions", &revision(), Some("two words"));
    assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("idempotency_key_required")));
}

#[test]
fn malformed_filters_and_ids_are_told() {
    for path in ["/revisions?status=lost", "/packages?delivery_type=gift", "/packages?project=7", "/revisions?limit=0"]
    {
        assert_eq!(send(&CUSTOMER, "GET", path, &Value::Null).0, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
    }
    for path in ["/revisions/7", "/packages/7", "/projects/7/revision-eligibility"] {
        assert_eq!(send(&CUSTOMER, "GET", path, &Value::Null).0, StatusCode::NOT_FOUND, "{path}");
    }
}

#[test]
fn internal_paths_are_not_for_the_gateway() {
    let outside = Sender { caller: None, roles: None };
    for path in [format!("/internal/revisions/{ID}"), format!("/internal/files/{ID}/deliveries")] {
        assert_eq!(send(&CUSTOMER, "GET", &path, &Value::Null).0, StatusCode::NOT_FOUND);
        assert_eq!(send(&outside, "GET", &path, &Value::Null).0, StatusCode::UNAUTHORIZED);
    }
}

#[test]
fn document_holds_every_public_route_and_its_schemas() {
    let (status, document) = send(&NOBODY, "GET", "/internal/openapi.json", &Value::Null);
    assert_eq!(status, StatusCode::OK);
    for (method, path, _) in routes() {
        let templates = [(format!("/files/{ID}"), "/files/{file_id}"), (format!("/{ID}"), "/{id}")];
        let path = templates.iter().fold(path, |path, (id, template)| path.replace(id, template));
        let operation = &document["paths"][&path][method.to_lowercase()];
        assert!(operation["responses"]["401"].is_object(), "{method} {path}: {operation}");
    }
    let text = document.to_string();
    for reference in text.split("#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(document["components"]["schemas"][name].is_object(), "{name}");
    }
    assert!(document["paths"].as_object().unwrap().keys().all(|path| !path.contains("internal")));
}

#[test]
fn limits_are_those_that_the_document_states() {
    use crate::domain::package::FILES_MAX;
    use crate::domain::revision::REVISIONS_MAX;
    use crate::domain::text::{DESCRIPTION_CHARACTERS_MIN, NAME_CHARACTERS_MAX};
    let (_, document) = send(&NOBODY, "GET", "/internal/openapi.json", &Value::Null);
    let property = |schema: &str, field: &str| document["components"]["schemas"][schema]["properties"][field].clone();
    assert_eq!(property("NewRevision", "description")["minLength"], json!(DESCRIPTION_CHARACTERS_MIN));
    assert_eq!(property("NewRevision", "description")["maxLength"], json!(TEXT_CHARACTERS_MAX));
    assert_eq!(property("NewPackage", "name")["maxLength"], json!(NAME_CHARACTERS_MAX));
    assert_eq!(property("NewPackage", "description")["maxLength"], json!(TEXT_CHARACTERS_MAX));
    assert_eq!(property("Rejection", "reason")["maxLength"], json!(TEXT_CHARACTERS_MAX));
    assert_eq!(property("NewPackageFile", "position")["maximum"], json!(FILES_MAX));
    let conflict = document["paths"]["/revisions"]["post"]["responses"]["409"]["description"].as_str().unwrap();
    assert!(conflict.contains(&format!("at most {REVISIONS_MAX}")), "{conflict}");
}
