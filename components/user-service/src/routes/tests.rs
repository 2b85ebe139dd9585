//! Who gets how far: all that is decided before the database is asked.

use super::*;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use mutrapro_sdk::identity::{CALLER_HEADER, GATEWAY, ROLES_HEADER, USER_HEADER};
use proptest::test_runner::TestRunner;
use proptest::{prop_assert_eq, strategy::Strategy};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

const ID: &str = "0190f3a0-0000-7000-8000-000000000001";

struct Sender {
    caller: Option<&'static str>,
    roles: Option<&'static str>,
}

const NOBODY: Sender = Sender { caller: Some(GATEWAY), roles: None };
const CUSTOMER: Sender = Sender { caller: Some(GATEWAY), roles: Some("customer") };
const AUTH: Sender = Sender { caller: Some("auth-service"), roles: None };

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

fn code(answer: &(StatusCode, serde_json::Value)) -> &str {
    answer.1["code"].as_str().unwrap()
}

fn admin_routes() -> [(&'static str, String, &'static str); 9] {
    [
        ("GET", "/users".into(), ""),
        ("GET", format!("/users/{ID}"), ""),
        ("PATCH", format!("/users/{ID}"), "{}"),
        ("POST", format!("/users/{ID}/deactivate"), ""),
        ("POST", format!("/users/{ID}/activate"), ""),
        ("POST", format!("/users/{ID}/roles"), r#"{"role":"system_admin"}"#),
        ("DELETE", format!("/users/{ID}/roles/customer"), ""),
        ("GET", "/coordinators".into(), ""),
        ("POST", "/coordinators".into(), r#"{"user_id":"0190f3a0-0000-7000-8000-000000000001"}"#),
    ]
}

#[test]
fn routes_of_administrators_are_for_no_one_else() {
    for (method, path, body) in admin_routes() {
        let customer = send(&CUSTOMER, method, &path, body);
        assert_eq!((customer.0, code(&customer)), (StatusCode::FORBIDDEN, "role_required"), "{method} {path}");
        let nobody = send(&NOBODY, method, &path, body);
        assert_eq!((nobody.0, code(&nobody)), (StatusCode::UNAUTHORIZED, "not_authenticated"), "{method} {path}");
    }
}

#[test]
fn own_account_is_for_who_is_logged_in() {
    for path in ["/users/me", "/users/me/customer"] {
        assert_eq!(send(&NOBODY, "GET", path, "").0, StatusCode::UNAUTHORIZED);
    }
    // A component that claims to be a user is none.
    let forger = Sender { caller: Some("file-service"), roles: Some("system_admin") };
    assert_eq!(send(&forger, "GET", "/users/me", "").0, StatusCode::UNAUTHORIZED);
}

#[test]
fn internal_routes_are_not_for_the_gateway() {
    let login = r#"{"email":"a@b.vn","password":"12345678"}"#;
    assert_eq!(send(&NOBODY, "POST", "/internal/credentials/verify", login).0, StatusCode::FORBIDDEN);
    assert_eq!(send(&NOBODY, "POST", "/internal/users", "{}").0, StatusCode::FORBIDDEN);
    assert_eq!(send(&NOBODY, "GET", &format!("/internal/users/{ID}"), "").0, StatusCode::NOT_FOUND);
    let outside = Sender { caller: None, roles: None };
    assert_eq!(send(&outside, "GET", &format!("/internal/users/{ID}"), "").0, StatusCode::UNAUTHORIZED);
}

#[test]
fn registration_tells_every_wrong_field_and_gives_no_role_but_customer() {
    let body = r#"{"email":"a","username":"A B","password":"short","full_name":" "}"#;
    let (status, problem) = send(&AUTH, "POST", "/internal/users", body);
    let fields: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|error| error["field"].clone()).collect();
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(fields, ["email", "username", "password", "full_name"]);

    let body = r#"{"email":"a@b.vn","username":"lan","password":"12345678","full_name":"Lan","role":"system_admin"}"#;
    let (status, problem) = send(&AUTH, "POST", "/internal/users", body);
    assert_eq!((status, &problem["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &"role".into()));
}

#[test]
fn users_cannot_change_what_is_not_theirs_to_change() {
    for field in ["email", "is_active", "primary_role", "password_hash", "roles"] {
        let (status, problem) = send(&CUSTOMER, "PATCH", "/users/me", &format!(r#"{{"{field}":"x"}}"#));
        assert_eq!((status, &problem["errors"][0]["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &"unknown".into()));
    }
}

#[test]
fn unknown_roles_and_malformed_ids_name_nothing() {
    let admin = Sender { caller: Some(GATEWAY), roles: Some("system_admin") };
    for path in [format!("/users/{ID}/roles/king"), "/users/7/roles/customer".to_owned()] {
        assert_eq!(send(&admin, "DELETE", &path, "").0, StatusCode::NOT_FOUND, "{path}");
    }
}

#[test]
fn document_is_for_the_gateway() {
    let (status, document) = send(&NOBODY, "GET", "/internal/openapi.json", "");
    assert_eq!((status, &document["info"]["title"]), (StatusCode::OK, &"user-service".into()));
    assert_eq!(send(&AUTH, "GET", "/internal/openapi.json", "").0, StatusCode::FORBIDDEN);
}

#[test]
fn every_published_operation_has_a_route() {
    let (_, document) = send(&NOBODY, "GET", "/internal/openapi.json", "");
    let mut operations = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let path = path.replace("{id}", ID).replace("{role}", "customer");
            let status = send(&NOBODY, &method.to_uppercase(), &path, "{}").0;
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{method} {path}");
            operations += 1;
        }
    }
    assert_eq!(operations, 14);
}

#[test]
fn no_body_breaks_a_route_open() {
    let body = proptest::arbitrary::any::<String>().prop_map(|text| serde_json::json!({ "role": text }).to_string());
    TestRunner::default()
        .run(&body, |body| {
            let status = send(&NOBODY, "POST", &format!("/users/{ID}/roles"), &body).0;
            prop_assert_eq!(status, StatusCode::UNAUTHORIZED);
            Ok(())
        })
        .unwrap();
}
