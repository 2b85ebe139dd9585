//! Who gets how far: all that is decided before the database or another service is asked.

use super::*;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use mutrapro_sdk::identity::{CALLER_HEADER, GATEWAY, ROLES_HEADER, USER_HEADER};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

const ID: &str = "0190f3a0-0000-7000-8000-000000000001";
const FEEDBACK: &str =
    r#"{"request_id":"0190f3a0-0000-7000-8000-000000000001","rating":5,"type":"timeliness","comment":"Fine work"}"#;

struct Sender {
    caller: Option<&'static str>,
    roles: Option<&'static str>,
}

const NOBODY: Sender = Sender { caller: Some(GATEWAY), roles: None };
const CUSTOMER: Sender = Sender { caller: Some(GATEWAY), roles: Some("customer") };
const COORDINATOR: Sender = Sender { caller: Some(GATEWAY), roles: Some("service_coordinator") };
const ADMIN: Sender = Sender { caller: Some(GATEWAY), roles: Some("system_admin") };
const WITHOUT_ROLE: Sender = Sender { caller: Some(GATEWAY), roles: Some("") };

fn send(sender: &Sender, method: &str, path: &str, body: &str) -> (StatusCode, serde_json::Value) {
    let mut request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    if let Some(caller) = sender.caller {
        request = request.header(CALLER_HEADER, caller);
    }
    if let Some(roles) = sender.roles {
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

fn refusal(sender: &Sender, method: &str, path: &str, body: &str) -> (u16, String) {
    let (status, problem) = send(sender, method, path, body);
    (status.as_u16(), problem["code"].as_str().unwrap().to_owned())
}

#[test]
fn nothing_is_for_who_is_not_logged_in() {
    let rating = format!("/specialists/{ID}/rating");
    for (method, path, body) in
        [("POST", "/feedback", FEEDBACK), ("GET", "/feedback", ""), ("GET", &rating, ""), ("GET", "/activity", "")]
    {
        assert_eq!(refusal(&NOBODY, method, path, body), (401, "not_authenticated".into()), "{method} {path}");
    }
}

#[test]
fn feedback_is_given_by_customers_alone() {
    assert_eq!(refusal(&COORDINATOR, "POST", "/feedback", FEEDBACK), (403, "role_required".into()));
    assert_eq!(refusal(&WITHOUT_ROLE, "GET", "/feedback", ""), (403, "role_required".into()));
}

#[test]
fn log_is_for_administrators_alone() {
    for sender in [CUSTOMER, COORDINATOR, WITHOUT_ROLE] {
        assert_eq!(refusal(&sender, "GET", "/activity", ""), (403, "role_required".into()));
    }
}

#[test]
fn wrong_fields_are_named() {
    let (status, problem) = send(&CUSTOMER, "POST", "/feedback", &FEEDBACK.replace(":5", ":6"));
    assert_eq!((status.as_u16(), problem["errors"][0]["field"].as_str()), (422, Some("rating")));
    let (status, problem) = send(&CUSTOMER, "GET", "/feedback?request=mine", "");
    assert_eq!((status.as_u16(), problem["errors"][0]["field"].as_str()), (422, Some("request")));
    for (query, field) in
        [("entity=%00", "entity"), ("action=a%00", "action"), ("from=today", "from"), ("user=7", "user")]
    {
        let (status, problem) = send(&ADMIN, "GET", &format!("/activity?{query}"), "");
        assert_eq!((status.as_u16(), problem["errors"][0]["field"].as_str()), (422, Some(field)));
    }
    assert_eq!(refusal(&CUSTOMER, "GET", "/specialists/7/rating", ""), (404, "not_found".into()));
}

#[test]
fn timelines_are_for_project_service_alone() {
    let path = format!("/internal/activity?project={ID}&request={ID}&limit=101");
    for (caller, expected) in [
        (None, (401, "caller_required")),
        (Some(GATEWAY), (403, "caller_not_allowed")),
        (Some("task-service"), (403, "caller_not_allowed")),
        (Some("project-service"), (422, "invalid_fields")),
    ] {
        let sender = Sender { caller, roles: None };
        assert_eq!(refusal(&sender, "GET", &path, ""), (expected.0, expected.1.into()), "{caller:?}");
    }
    let sender = Sender { caller: Some("project-service"), roles: None };
    let (status, problem) = send(&sender, "GET", &format!("/internal/activity?project={ID}"), "");
    assert_eq!((status.as_u16(), problem["errors"][0]["field"].as_str()), (422, Some("request")));
}

#[test]
fn document_has_every_public_path() {
    let (status, document) = send(&NOBODY, "GET", "/internal/openapi.json", "");
    assert_eq!(status, StatusCode::OK);
    let paths: Vec<_> = document["paths"].as_object().unwrap().keys().collect();
    assert_eq!(paths, ["/activity", "/feedback", "/specialists/{id}/rating"]);
    assert!(document["components"]["schemas"]["NewFeedback"]["example"].is_object(), "bodies have examples");
}
