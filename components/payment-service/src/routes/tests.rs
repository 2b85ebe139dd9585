//! Who gets how far: all that is decided before the database, the configuration or another service is asked.

use super::*;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use mutrapro_sdk::idempotency::{HEADER, KEY_CHARACTERS_MAX};
use mutrapro_sdk::identity::{CALLER_HEADER, GATEWAY, ROLES_HEADER, USER_HEADER};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

const ID: &str = "0190f3a0-0000-7000-8000-000000000001";
const BODY: &str = r#"{"milestone_id":"0190f3a0-0000-7000-8000-000000000001","method":"credit_card"}"#;

/// Sends a request through the gateway, with `roles` if somebody is logged in.
fn send(roles: Option<&str>, key: Option<&str>, line: &str, body: impl Into<Body>) -> (u16, String, serde_json::Value) {
    let (method, path) = line.split_once(' ').unwrap();
    let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    let mut request = request.header(CALLER_HEADER, GATEWAY);
    if let Some(roles) = roles {
        request = request.header(USER_HEADER, ID).header(ROLES_HEADER, roles);
    }
    if let Some(key) = key {
        request = request.header(HEADER, key);
    }
    let request = request.body(body.into()).unwrap();
    ready(async {
        let response = mutrapro_sdk::service::answer(router(), request).await;
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
        (status, problem["code"].as_str().unwrap_or_default().to_owned(), problem)
    })
}

/// Nothing here waits.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("a handler waits"),
    }
}

fn refused(roles: Option<&str>, line: &str, body: &str) -> (u16, String) {
    let (status, code, _) = send(roles, Some("key"), line, body.to_owned());
    (status, code)
}

fn wrong_fields(roles: &str, line: &str, body: &str) -> Vec<String> {
    let (status, code, problem) = send(Some(roles), Some("key"), line, body.to_owned());
    assert_eq!((status, code.as_str()), (422, "invalid_fields"), "{problem}");
    let errors = problem["errors"].as_array().unwrap();
    errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn nobody_gets_in_without_a_token() {
    let refund = format!("POST /payments/{ID}/refund");
    let show = format!("GET /payments/{ID}");
    for (line, body) in [("POST /payments", BODY), ("GET /payments", ""), (&show, ""), (&refund, "{}")] {
        assert_eq!(refused(None, line, body), (401, "not_authenticated".into()), "{line}");
    }
}

#[test]
fn customers_pay_and_administrators_give_back() {
    let refund = format!("POST /payments/{ID}/refund");
    for roles in ["customer", "service_coordinator", "customer,service_coordinator,recording_artist"] {
        assert_eq!(refused(Some(roles), &refund, "{}"), (403, "role_required".into()), "{roles}");
    }
    for roles in ["service_coordinator", "system_admin", "transcription_specialist", ""] {
        assert_eq!(refused(Some(roles), "POST /payments", BODY), (403, "role_required".into()), "{roles}");
    }
    for roles in ["transcription_specialist", "recording_artist", ""] {
        assert_eq!(refused(Some(roles), "GET /payments", ""), (403, "role_required".into()), "{roles}");
    }
}

#[test]
fn payment_needs_a_key() {
    let too_long = "k".repeat(KEY_CHARACTERS_MAX + 1);
    for key in [None, Some("two words"), Some(too_long.as_str())] {
        let (status, code, _) = send(Some("customer"), key, "POST /payments", BODY);
        assert_eq!((status, code.as_str()), (400, "idempotency_key_required"), "{key:?}");
    }
}

#[test]
fn what_is_wrong_with_a_payment_is_named() {
    let wrong =
        |fields: &str| wrong_fields("customer", "POST /payments", &format!("{{\"milestone_id\":\"{ID}\",{fields}}}"));
    assert_eq!(wrong(r#""method":"barter""#), ["method"]);
    assert_eq!(wrong(r#""method":"cash","gateway":"nowhere","token":"""#), ["gateway", "token"]);
    assert_eq!(wrong(r#""method":"credit_card","token":"4111111111111111""#), ["token"]);
    // Nobody names an amount, a status or a payer.
    for field in ["amount", "currency", "status", "payer_id"] {
        assert_eq!(wrong(&format!("\"method\":\"cash\",\"{field}\":1")), [field]);
    }
    assert_eq!(wrong_fields("customer", "POST /payments", r#"{"method":"cash"}"#), ["milestone_id"]);
}

#[test]
fn what_is_wrong_with_a_refund_is_named() {
    let refund = format!("POST /payments/{ID}/refund");
    assert_eq!(wrong_fields("system_admin", &refund, r#"{"reason":" "}"#), ["reason"]);
    assert_eq!(wrong_fields("system_admin", &refund, r#"{"amount":1}"#), ["amount"]);
    assert_eq!(refused(Some("system_admin"), "POST /payments/7/refund", "{}"), (404, "not_found".into()));
}

#[test]
fn what_is_wrong_with_a_list_is_named() {
    for (query, field) in [("status=lost", "status"), ("milestone=7", "milestone"), ("limit=0", "limit")] {
        assert_eq!(wrong_fields("customer", &format!("GET /payments?{query}"), ""), [field]);
    }
}

#[test]
fn webhooks_are_taken_without_a_token_up_to_their_limit() {
    let path = "POST /payments/webhooks/nowhere";
    let of = |bytes: usize| send(None, None, path, vec![b' '; bytes]);
    let (status, code, _) = of(BODY_BYTES_MAX + 1);
    assert_eq!((status, code.as_str()), (413, "body_too_large"));
    let (status, code, _) = of(BODY_BYTES_MAX);
    assert_eq!((status, code.as_str()), (404, "not_found"));
    assert_eq!(send(None, None, "GET /payments/webhooks/sandbox", "").0, StatusCode::METHOD_NOT_ALLOWED.as_u16());
}

#[test]
fn document_is_for_the_gateway() {
    let (status, _, document) = send(None, None, "GET /internal/openapi.json", "");
    assert_eq!(status, 200);
    assert_eq!(document["info"]["title"], "payment-service");
}
