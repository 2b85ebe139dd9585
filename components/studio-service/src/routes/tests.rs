//! Who gets how far, and what is refused: all that is decided before the database is asked.

use super::*;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use mutrapro_sdk::identity::{CALLER_HEADER, GATEWAY, ROLES_HEADER, USER_HEADER};
use serde_json::{Value, json};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

const ID: &str = "0190f3a0-0000-7000-8000-000000000001";
const OTHER_ROLES: [&str; 5] =
    ["customer", "transcription_specialist", "arrangement_specialist", "recording_artist", "service_coordinator"];

struct Sender {
    caller: Option<&'static str>,
    roles: Option<&'static str>,
}

const NOBODY: Sender = Sender { caller: Some(GATEWAY), roles: None };
const ADMIN: Sender = Sender { caller: Some(GATEWAY), roles: Some("system_admin") };

fn send(sender: &Sender, method: &str, path: &str, body: &str) -> (StatusCode, Value) {
    let mut request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    if let Some(caller) = sender.caller {
        request = request.header(CALLER_HEADER, caller);
    }
    if let Some(roles) = sender.roles {
        request = request.header(USER_HEADER, ID).header(ROLES_HEADER, roles);
    }
    let request = request.header("idempotency-key", "k").body(Body::from(body.to_owned())).unwrap();
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

fn fields(answer: &(StatusCode, Value)) -> Vec<&str> {
    assert_eq!(answer.0, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.1);
    answer.1["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect()
}

fn studio() -> Value {
    json!({
        "name": "A", "location": "Hà Nội", "capacity": 8, "hourly_rate": 300_000, "opens_at_minute": 480,
        "closes_at_minute": 1320,
    })
}

fn booking() -> String {
    json!({
        "studio_id": ID, "session_type": "self_recording", "starts_at": "2026-01-31T09:00:00Z",
        "ends_at": "2026-01-31T11:00:00Z",
    })
    .to_string()
}

fn admin_routes() -> [(&'static str, String, String); 8] {
    let equipment = json!({ "category_id": ID, "name": "Microphone", "brand": "Neumann", "model": "U 87" });
    let pieces = json!({ "equipment_id": ID, "studio_id": ID, "quantity": 2 });
    [
        ("POST", "/studios".into(), studio().to_string()),
        ("PATCH", format!("/studios/{ID}"), "{}".into()),
        ("POST", "/equipment-categories".into(), r#"{"name":"Microphones"}"#.into()),
        ("PATCH", format!("/equipment-categories/{ID}"), "{}".into()),
        ("POST", "/equipment".into(), equipment.to_string()),
        ("PATCH", format!("/equipment/{ID}"), "{}".into()),
        ("POST", "/studio-equipment".into(), pieces.to_string()),
        ("PATCH", format!("/studio-equipment/{ID}"), "{}".into()),
    ]
}

fn other_routes() -> [(&'static str, String, String); 16] {
    let get = |path: &str| ("GET", path.to_owned(), String::new());
    let act = |step: &str| ("POST", format!("/bookings/{ID}/{step}"), "{}".to_owned());
    [
        get("/studios"),
        get(&format!("/studios/{ID}")),
        get(&format!("/studios/{ID}/availability")),
        get("/equipment-categories"),
        get("/equipment"),
        get(&format!("/equipment/{ID}")),
        get("/studio-equipment"),
        get(&format!("/studio-equipment/{ID}")),
        get("/bookings"),
        get(&format!("/bookings/{ID}")),
        ("POST", "/bookings".into(), booking()),
        ("POST", "/bookings/quote".into(), booking()),
        act("confirm"),
        act("cancel"),
        act("start"),
        act("complete"),
    ]
}

#[test]
fn nothing_is_for_those_who_are_not_signed_in() {
    for (method, path, body) in admin_routes().into_iter().chain(other_routes()) {
        let (status, problem) = send(&NOBODY, method, &path, &body);
        assert_eq!(
            (status, &problem["code"]),
            (StatusCode::UNAUTHORIZED, &json!("not_authenticated")),
            "{method} {path}"
        );
        // A component that claims to be a user is none.
        let forger = Sender { caller: Some("file-service"), roles: Some("system_admin") };
        assert_eq!(send(&forger, method, &path, &body).0, StatusCode::UNAUTHORIZED, "{method} {path}");
    }
}

#[test]
fn studios_and_equipment_are_kept_by_administrators_alone() {
    for (method, path, body) in admin_routes() {
        for role in OTHER_ROLES {
            let sender = Sender { caller: Some(GATEWAY), roles: Some(role) };
            let (status, problem) = send(&sender, method, &path, &body);
            let expected = (StatusCode::FORBIDDEN, &json!("role_required"));
            assert_eq!((status, &problem["code"]), expected, "{role}: {method} {path}");
        }
    }
}

#[test]
fn specialists_neither_book_nor_ask_what_it_costs() {
    for role in ["transcription_specialist", "arrangement_specialist", "recording_artist"] {
        let sender = Sender { caller: Some(GATEWAY), roles: Some(role) };
        for path in ["/bookings", "/bookings/quote"] {
            let (status, problem) = send(&sender, "POST", path, &booking());
            assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("role_required")), "{role}: {path}");
        }
    }
}

#[test]
fn bookings_are_listed_for_those_who_can_have_some() {
    for role in ["transcription_specialist", "arrangement_specialist"] {
        let sender = Sender { caller: Some(GATEWAY), roles: Some(role) };
        assert_eq!(send(&sender, "GET", "/bookings", "").0, StatusCode::FORBIDDEN, "{role}");
    }
}

#[test]
fn booking_without_a_key_is_asked_for_one() {
    let request = Request::builder().method("POST").uri("/bookings").header("content-type", "application/json");
    let request = request.header(CALLER_HEADER, GATEWAY).header(USER_HEADER, ID).header(ROLES_HEADER, "customer");
    let request = request.body(Body::from(booking())).unwrap();
    let response = ready(mutrapro_sdk::service::answer(router(), request));
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
}

#[test]
fn internal_routes_are_not_for_the_gateway() {
    let path = format!("/internal/bookings/{ID}");
    assert_eq!(send(&ADMIN, "GET", &path, "").0, StatusCode::NOT_FOUND);
    assert_eq!(send(&Sender { caller: None, roles: None }, "GET", &path, "").0, StatusCode::UNAUTHORIZED);
}

#[test]
fn limits_of_studios_are_told_by_field() {
    for (field, value) in [
        ("name", json!(" ")),
        ("location", json!("x".repeat(201))),
        ("capacity", json!(0)),
        ("capacity", json!(1001)),
        ("hourly_rate", json!(-1)),
        ("admin_fee", json!(1_000_000_000_001_i64)),
        ("opens_at_minute", json!(1440)),
        ("closes_at_minute", json!(480)),
        ("closes_at_minute", json!(1921)),
        ("closes_at_minute", json!(2880)),
        ("utc_offset_minutes", json!(-721)),
        ("utc_offset_minutes", json!(841)),
        ("description", json!("")),
    ] {
        let mut body = studio();
        body[field] = value.clone();
        let answer = send(&ADMIN, "POST", "/studios", &body.to_string());
        assert!(fields(&answer).contains(&field), "{field} {value}: {}", answer.1);
    }
}

#[test]
fn limits_of_equipment_are_told_by_field() {
    for (path, body, field) in [
        ("/equipment", json!({ "category_id": ID, "name": "", "brand": "b", "model": "m" }), "name"),
        ("/studio-equipment", json!({ "equipment_id": ID, "studio_id": ID, "quantity": 1001 }), "quantity"),
        ("/equipment-categories", json!({ "name": "a\nb" }), "name"),
    ] {
        assert_eq!(fields(&send(&ADMIN, "POST", path, &body.to_string())), [field], "{path}");
    }
    let patch = json!({ "rental_fee": -1, "condition": "good" }).to_string();
    assert_eq!(fields(&send(&ADMIN, "PATCH", &format!("/studio-equipment/{ID}"), &patch)), ["rental_fee"]);
    let patch = json!({ "specifications": { "note": "x".repeat(16_384) } }).to_string();
    assert_eq!(fields(&send(&ADMIN, "PATCH", &format!("/equipment/{ID}"), &patch)), ["specifications"]);
}

#[test]
fn malformed_filters_are_named() {
    for (path, field) in [
        ("/bookings?status=lost", "status"),
        ("/bookings?studio=7", "studio"),
        ("/bookings?from=soon", "from"),
        ("/studio-equipment?studio=7", "studio"),
        ("/equipment?category=7", "category"),
        ("/studios?active=perhaps", "active"),
    ] {
        assert_eq!(fields(&send(&ADMIN, "GET", path, "")), [field], "{path}");
    }
    let path = format!("/studios/{ID}/availability?from=2026-01-31T00:00:00Z&to=2026-04-02T00:00:00Z");
    assert_eq!(fields(&send(&ADMIN, "GET", &path, "")), ["to"]);
}

#[test]
fn document_tells_every_route_with_an_example_for_each_body() {
    let (status, document) = send(&NOBODY, "GET", "/internal/openapi.json", "");
    assert_eq!(status, StatusCode::OK);
    for (method, path, _) in admin_routes().into_iter().chain(other_routes()) {
        let path = path.replace(ID, "{id}");
        let operation = &document["paths"][&path][method.to_lowercase()];
        assert!(operation["responses"]["401"].is_object(), "{method} {path}");
        let body = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        if let Some(name) = body.as_str().and_then(|reference| reference.strip_prefix("#/components/schemas/")) {
            assert!(document["components"]["schemas"][name]["example"].is_object(), "{method} {path}: {name}");
        }
    }
}
