//! Who gets how far: all that is decided before the database or another service is asked.

use super::*;
use crate::domain::deadline::{RESPONSE_MINUTES, RESPONSE_MINUTES_MAX, RESPONSE_MINUTES_MIN};
use crate::domain::task::{MINUTES_MAX, PROGRESS_PERCENT_MAX};
use crate::domain::text::TEXT_CHARACTERS_MAX;
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
const SPECIALIST: Sender = Sender { caller: Some(GATEWAY), roles: Some("transcription_specialist,recording_artist") };
const COORDINATOR: Sender = Sender { caller: Some(GATEWAY), roles: Some("service_coordinator") };
const SERVICE: Sender = Sender { caller: Some("specialist-service"), roles: None };

fn send(sender: &Sender, method: &str, path: &str, body: &Value) -> (StatusCode, Value) {
    let mut request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    if let Some(caller) = sender.caller {
        request = request.header(CALLER_HEADER, caller);
    }
    if let Some(roles) = sender.roles {
        request = request.header(USER_HEADER, ID).header(ROLES_HEADER, roles);
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

/// A body that is taken.
fn new_task() -> Value {
    json!({
        "project_id": ID, "specialist_id": ID, "task_type": "transcription", "due_at": "2099-01-31T09:30:00Z",
        "estimated_minutes": 240, "revision_id": null,
    })
}

/// The fields that are wrong with `body`, with the other fields of `whole`.
fn wrong_fields(sender: &Sender, (method, path): (&str, &str), mut whole: Value, body: Value) -> Vec<String> {
    whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
    let (status, problem) = send(sender, method, path, &whole);
    assert_eq!((status, &problem["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &"invalid_fields".into()), "{whole}");
    let errors = problem["errors"].as_array().unwrap();
    errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn tasks_are_assigned_by_coordinators() {
    for sender in [&CUSTOMER, &SPECIALIST] {
        let (status, problem) = send(sender, "POST", "/tasks", &new_task());
        assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &"role_required".into()));
    }
}

#[test]
fn customers_have_nothing_to_do_with_tasks() {
    for path in ["/tasks", &format!("/specialists/{ID}/workload")] {
        let (status, problem) = send(&CUSTOMER, "GET", path, &json!({}));
        assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &"role_required".into()), "{path}");
    }
}

#[test]
fn new_task_tells_every_wrong_field() {
    let of = |body| wrong_fields(&COORDINATOR, ("POST", "/tasks"), new_task(), body);
    assert_eq!(of(json!({ "estimated_minutes": 0, "notes": " " })), ["estimated_minutes", "notes"]);
    assert_eq!(of(json!({ "estimated_minutes": 100_001 })), ["estimated_minutes"]);
    assert_eq!(of(json!({ "due_at": "2020-01-31T09:30:00Z" })), ["due_at"]);
    assert_eq!(of(json!({ "rush_response_minutes": 60 })), ["rush_response_minutes"]);
    for minutes in [0, 14, 1441] {
        let body = json!({ "priority": "rush", "rush_response_minutes": minutes });
        assert_eq!(of(body), ["rush_response_minutes"], "{minutes}");
    }
    assert_eq!(of(json!({ "task_type": "dancing" })), ["task_type"]);
}

#[test]
fn nobody_sets_what_is_not_theirs_to_set() {
    let fields =
        ["status", "slot", "coordinator_user_id", "specialist_user_id", "rush_response_deadline", "assigned_by"];
    for field in fields {
        assert_eq!(wrong_fields(&COORDINATOR, ("POST", "/tasks"), new_task(), json!({ field: "x" })), [field]);
    }
    let task = format!("/tasks/{ID}");
    for field in ["status", "specialist_id", "progress_percent", "actual_minutes", "priority"] {
        assert_eq!(wrong_fields(&COORDINATOR, ("PATCH", &task), json!({}), json!({ field: "x" })), [field]);
    }
}

#[test]
fn changes_and_reports_have_limits() {
    let of = |step: &str, body| {
        let method = if step.is_empty() { "PATCH" } else { "POST" };
        wrong_fields(&SPECIALIST, (method, &format!("/tasks/{ID}{step}")), json!({}), body)
    };
    assert_eq!(of("", json!({ "due_at": "2020-01-31T09:30:00Z" })), ["due_at"]);
    assert_eq!(of("", json!({ "estimated_minutes": 0, "notes": "" })), ["estimated_minutes", "notes"]);
    assert_eq!(of("/progress", json!({ "progress_percent": 101 })), ["progress_percent"]);
    assert_eq!(of("/progress", json!({ "progress_percent": -1 })), ["progress_percent"]);
    assert_eq!(of("/progress", json!({})), ["progress_percent"]);
    assert_eq!(of("/complete", json!({ "actual_minutes": 100_001 })), ["actual_minutes"]);
    assert_eq!(of("/decline", json!({ "reason": "" })), ["reason"]);
    assert_eq!(of("/cancel", json!({ "reason": "x".repeat(5001) })), ["reason"]);
}

#[test]
fn malformed_filters_are_named() {
    for (query, field) in [("status=lost", "status"), ("overdue=perhaps", "overdue"), ("specialist=7", "specialist")] {
        let (status, problem) = send(&COORDINATOR, "GET", &format!("/tasks?{query}"), &json!({}));
        let named = &problem["errors"][0]["field"];
        assert_eq!((status, named), (StatusCode::UNPROCESSABLE_ENTITY, &field.into()));
    }
}

#[test]
fn internal_routes_are_not_for_the_gateway() {
    for path in ["/internal/tasks/7", "/internal/workloads", "/internal/specialists/7/workload"] {
        assert_eq!(send(&NOBODY, "GET", path, &json!({})).0, StatusCode::NOT_FOUND, "{path}");
        let outside = Sender { caller: None, roles: None };
        assert_eq!(send(&outside, "GET", path, &json!({})).0, StatusCode::UNAUTHORIZED, "{path}");
    }
}

#[test]
fn workloads_are_asked_about_by_ids() {
    for query in ["", "?specialist_ids=7", "?specialist_ids=7,8"] {
        let (status, problem) = send(&SERVICE, "GET", &format!("/internal/workloads{query}"), &json!({}));
        let named = &problem["errors"][0]["field"];
        assert_eq!((status, named), (StatusCode::UNPROCESSABLE_ENTITY, &"specialist_ids".into()), "{query}");
    }
}

#[test]
fn document_is_for_the_gateway() {
    let (status, document) = send(&NOBODY, "GET", "/internal/openapi.json", &json!({}));
    assert_eq!((status, &document["info"]["title"]), (StatusCode::OK, &"task-service".into()));
    assert_eq!(send(&SERVICE, "GET", "/internal/openapi.json", &json!({})).0, StatusCode::FORBIDDEN);
}

#[test]
fn every_published_operation_has_a_route_and_needs_a_user() {
    let (_, document) = send(&NOBODY, "GET", "/internal/openapi.json", &json!({}));
    let mut operations = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let status = send(&NOBODY, &method.to_uppercase(), &path.replace("{id}", ID), &json!({})).0;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{method} {path}");
            operations += 1;
        }
    }
    assert_eq!(operations, 11);
}

#[test]
fn limits_are_those_that_are_published() {
    let (_, document) = send(&NOBODY, "GET", "/internal/openapi.json", &json!({}));
    let limits = |schema: &str, field: &str| {
        let field = &document["components"]["schemas"][schema]["properties"][field];
        (field["minimum"].as_u64(), field["maximum"].as_u64().map(u32::try_from))
    };
    assert_eq!(limits("NewTask", "estimated_minutes"), (Some(1), Some(Ok(MINUTES_MAX))));
    assert_eq!(limits("TaskPatch", "estimated_minutes"), (Some(1), Some(Ok(MINUTES_MAX))));
    assert_eq!(limits("Completion", "actual_minutes").1, Some(Ok(MINUTES_MAX)));
    assert_eq!(limits("Progress", "progress_percent").1, Some(Ok(PROGRESS_PERCENT_MAX.into())));
    let response = (Some(u64::from(RESPONSE_MINUTES_MIN)), Some(Ok(RESPONSE_MINUTES_MAX)));
    assert_eq!(limits("NewTask", "rush_response_minutes"), response);
    let told =
        document["components"]["schemas"]["NewTask"]["properties"]["rush_response_minutes"]["description"].clone();
    assert!(told.as_str().unwrap().contains(&format!("{RESPONSE_MINUTES} unless given")), "{told}");
    for (schema, field) in
        [("NewTask", "notes"), ("TaskPatch", "notes"), ("Progress", "notes"), ("OptionalReason", "reason")]
    {
        let most = document["components"]["schemas"][schema]["properties"][field]["maxLength"].as_u64();
        assert_eq!(most.map(usize::try_from), Some(Ok(TEXT_CHARACTERS_MAX)), "{schema}.{field}");
    }
}

#[test]
fn what_is_for_the_service_alone_is_not_published() {
    let (_, document) = send(&NOBODY, "GET", "/internal/openapi.json", &json!({}));
    let schemas = document["components"]["schemas"].to_string();
    for column in ["slot", "customer_user_id", "reminded_days_left", "project_confirmed_at"] {
        assert!(!schemas.contains(&format!("\"{column}\"")), "{column}");
    }
    assert!(schemas.contains("\"is_overdue\"") && schemas.contains("\"due_at\""));
}
