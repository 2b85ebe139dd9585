//! Who gets how far: all that is decided before the database or another service is asked.

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

const OUTSIDE: Sender = Sender { caller: None, roles: None };
const NOBODY: Sender = Sender { caller: Some(GATEWAY), roles: None };
const ADMIN: Sender = from_gateway("system_admin");
const ARTIST: Sender = from_gateway("customer,recording_artist");

const fn from_gateway(roles: &'static str) -> Sender {
    Sender { caller: Some(GATEWAY), roles: Some(roles) }
}

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

fn code(answer: &(StatusCode, Value)) -> &str {
    answer.1["code"].as_str().unwrap()
}

/// The fields that were wrong.
fn wrong(sender: &Sender, method: &str, path: &str, body: &Value) -> Vec<String> {
    let (status, problem) = send(sender, method, path, body);
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{method} {path} {body}: {problem}");
    let errors = problem["errors"].as_array().unwrap();
    errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect()
}

fn new_specialist() -> Value {
    json!({ "user_id": ID, "specialization": "recording", "experience_years": 6, "hourly_rate": 150_000 })
}

fn new_demo() -> Value {
    json!({ "role": "both", "title": "Diễm xưa", "file_id": ID })
}

fn with(body: &Value, field: &str, value: Value) -> Value {
    let mut body = body.clone();
    body[field] = value;
    body
}

fn admin_routes() -> Vec<(&'static str, String, Value)> {
    vec![
        ("POST", "/specialists".into(), new_specialist()),
        ("POST", "/skills".into(), json!({ "category_id": ID, "name": "Piano" })),
        ("PATCH", format!("/skills/{ID}"), json!({ "is_active": false })),
        ("POST", "/skill-categories".into(), json!({ "name": "Instruments" })),
        ("PATCH", format!("/skill-categories/{ID}"), json!({ "is_active": false })),
        ("GET", "/skills?active=false".into(), json!(null)),
        ("GET", "/skill-categories?active=false".into(), json!(null)),
    ]
}

fn own_routes() -> Vec<(&'static str, String, Value)> {
    vec![
        ("GET", "/specialists/me".into(), json!(null)),
        ("PATCH", "/specialists/me".into(), json!({ "hourly_rate": 1 })),
        ("PUT", format!("/specialists/me/skills/{ID}"), json!({ "proficiency": "expert" })),
        ("DELETE", format!("/specialists/me/skills/{ID}"), json!(null)),
        ("GET", "/specialists/me/demos".into(), json!(null)),
        ("POST", "/specialists/me/demos".into(), new_demo()),
        ("PATCH", format!("/specialists/me/demos/{ID}"), json!({ "is_public": true })),
        ("DELETE", format!("/specialists/me/demos/{ID}"), json!(null)),
    ]
}

#[test]
fn routes_of_administrators_are_for_no_one_else() {
    for (method, path, body) in admin_routes() {
        for roles in ["customer", "service_coordinator", "recording_artist", ""] {
            let answer = send(&from_gateway(roles), method, &path, &body);
            assert_eq!((answer.0, code(&answer)), (StatusCode::FORBIDDEN, "role_required"), "{method} {path} {roles}");
        }
    }
}

#[test]
fn profiles_are_kept_by_specialists_alone() {
    for (method, path, body) in own_routes() {
        for roles in ["customer", "service_coordinator", "system_admin"] {
            let answer = send(&from_gateway(roles), method, &path, &body);
            assert_eq!((answer.0, code(&answer)), (StatusCode::FORBIDDEN, "role_required"), "{method} {path} {roles}");
        }
    }
}

#[test]
fn everything_is_for_who_is_signed_in() {
    let lists = ["/specialists", "/skills", "/skill-categories"].map(|path| ("GET", path.to_owned(), json!(null)));
    let one = ("GET", format!("/specialists/{ID}"), json!(null));
    for (method, path, body) in lists.into_iter().chain([one]).chain(admin_routes()).chain(own_routes()) {
        // A component that claims to be a user is none.
        let forger = Sender { caller: Some("file-service"), roles: Some("system_admin") };
        for sender in [OUTSIDE, NOBODY, forger] {
            let answer = send(&sender, method, &path, &body);
            assert_eq!((answer.0, code(&answer)), (StatusCode::UNAUTHORIZED, "not_authenticated"), "{method} {path}");
        }
    }
}

#[test]
fn internal_routes_are_not_for_the_gateway() {
    for path in [format!("/internal/specialists/{ID}"), format!("/internal/users/{ID}/specialist")] {
        assert_eq!(send(&ADMIN, "GET", &path, &json!(null)).0, StatusCode::NOT_FOUND);
        assert_eq!(send(&OUTSIDE, "GET", &path, &json!(null)).0, StatusCode::UNAUTHORIZED);
    }
}

#[test]
fn limits_of_a_profile_hold() {
    let too_long = format!("https://example.com/{}", "x".repeat(500));
    for (field, value) in [
        ("experience_years", json!(81)),
        ("hourly_rate", json!(-1)),
        ("hourly_rate", json!(1_000_000_000_001_i64)),
        ("max_concurrent_tasks", json!(0)),
        ("max_concurrent_tasks", json!(51)),
        ("portfolio_url", json!("javascript:alert(1)")),
        ("portfolio_url", json!(too_long)),
    ] {
        assert_eq!(wrong(&ADMIN, "POST", "/specialists", &with(&new_specialist(), field, value.clone())), [field]);
        assert_eq!(wrong(&ARTIST, "PATCH", "/specialists/me", &json!({ field: value })), [field]);
    }
}

#[test]
fn specialists_cannot_change_what_is_not_theirs_to_change() {
    let path = "/specialists/me";
    for field in ["user_id", "full_name", "rating_bp", "rating_count", "total_projects", "is_account_active"] {
        assert_eq!(wrong(&ARTIST, "PATCH", path, &json!({ field: 1 })), [field]);
    }
    for field in ["id", "full_name", "rating_bp", "total_projects"] {
        assert_eq!(wrong(&ADMIN, "POST", "/specialists", &with(&new_specialist(), field, json!(1))), [field]);
    }
    let demo = with(&new_demo(), "specialist_id", json!(ID));
    assert_eq!(wrong(&ARTIST, "POST", "/specialists/me/demos", &demo), ["specialist_id"]);
}

#[test]
fn another_currency_is_another_rate() {
    assert_eq!(wrong(&ARTIST, "PATCH", "/specialists/me", &json!({ "currency": "USD" })), ["hourly_rate"]);
}

#[test]
fn certificates_are_of_the_certified() {
    let path = format!("/specialists/me/skills/{ID}");
    let body = json!({ "proficiency": "expert", "certification_details": "Hanoi Conservatory" });
    assert_eq!(wrong(&ARTIST, "PUT", &path, &body), ["certification_details"]);
    let too_long = json!({ "proficiency": "expert", "years_experience": 81 });
    assert_eq!(wrong(&ARTIST, "PUT", &path, &too_long), ["years_experience"]);
}

#[test]
fn demo_is_heard_in_one_place_and_its_texts_have_bounds() {
    let path = "/specialists/me/demos";
    let both = with(&new_demo(), "preview_url", json!("https://example.com"));
    assert_eq!(wrong(&ARTIST, "POST", path, &both), ["file_id"]);
    assert_eq!(wrong(&ARTIST, "POST", path, &json!({ "role": "both", "title": "Diễm xưa" })), ["file_id"]);
    let both = json!({ "file_id": ID, "preview_url": "https://example.com" });
    assert_eq!(wrong(&ARTIST, "PATCH", &format!("{path}/{ID}"), &both), ["file_id"]);
    for (field, characters) in [("title", 201), ("vocal_range", 101), ("genre", 101), ("description", 5001)] {
        for text in ["ễ".repeat(characters), " ".to_owned()] {
            assert_eq!(wrong(&ARTIST, "POST", path, &with(&new_demo(), field, json!(text))), [field]);
            assert_eq!(wrong(&ARTIST, "PATCH", &format!("{path}/{ID}"), &json!({ field: text })), [field]);
        }
    }
}

#[test]
fn names_of_the_catalogue_have_bounds() {
    for name in [String::new(), "two\nlines".into(), "ễ".repeat(101)] {
        assert_eq!(wrong(&ADMIN, "POST", "/skills", &json!({ "category_id": ID, "name": name })), ["name"]);
        assert_eq!(wrong(&ADMIN, "PATCH", &format!("/skills/{ID}"), &json!({ "name": name })), ["name"]);
        assert_eq!(wrong(&ADMIN, "POST", "/skill-categories", &json!({ "name": name })), ["name"]);
        assert_eq!(wrong(&ADMIN, "PATCH", &format!("/skill-categories/{ID}"), &json!({ "name": name })), ["name"]);
    }
}

#[test]
fn malformed_filters_are_named() {
    for (query, field) in [
        ("min_rating=5.1", "min_rating"),
        ("min_rating=four", "min_rating"),
        ("specialization=juggling", "specialization"),
        ("skill=piano", "skill"),
        ("available=perhaps", "available"),
        ("limit=101", "limit"),
    ] {
        assert_eq!(wrong(&ARTIST, "GET", &format!("/specialists?{query}"), &json!(null)), [field]);
    }
}

#[test]
fn malformed_ids_name_nothing() {
    for path in ["/specialists/7", "/internal/specialists/7"] {
        let caller = if path.starts_with("/internal") { "task-service" } else { GATEWAY };
        let sender = Sender { caller: Some(caller), roles: Some("customer") };
        assert_eq!(send(&sender, "GET", path, &json!(null)).0, StatusCode::NOT_FOUND);
    }
}

#[test]
fn openapi_covers_every_public_route_with_examples() {
    let document = serde_json::to_value(Document::openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let operations: Vec<_> = paths.values().flat_map(|path| path.as_object().unwrap().values()).collect();
    assert_eq!(operations.len(), 17, "{:?}", paths.keys().collect::<Vec<_>>());
    for operation in operations {
        let id = &operation["operationId"];
        let responses = operation["responses"].as_object().unwrap();
        assert!(responses.contains_key("401"), "{id}");
        if let Some(schema) = operation.pointer("/requestBody/content/application~1json/schema/$ref") {
            let pointer = schema.as_str().unwrap().trim_start_matches('#').to_owned();
            assert!(document.pointer(&pointer).unwrap().get("example").is_some(), "{id} has no example");
            assert!(responses.contains_key("422"), "{id}");
        }
    }
}

#[test]
fn openapi_states_the_limits() {
    use crate::domain::profile::{CONCURRENT_TASKS_DEFAULT, CONCURRENT_TASKS_MAX, EXPERIENCE_YEARS_MAX};
    use crate::domain::text::{TITLE_CHARACTERS_MAX, URL_CHARACTERS_MAX};
    let document = serde_json::to_value(Document::openapi()).unwrap();
    let stated = |schema: &str, field: &str, limit: &str| {
        let pointer = format!("/components/schemas/{schema}/properties/{field}/{limit}");
        document.pointer(&pointer).unwrap_or_else(|| panic!("{pointer}")).as_u64().unwrap()
    };
    for schema in ["NewSpecialist", "ProfilePatch"] {
        assert_eq!(stated(schema, "max_concurrent_tasks", "maximum"), u64::from(CONCURRENT_TASKS_MAX));
        assert_eq!(stated(schema, "experience_years", "maximum"), u64::from(EXPERIENCE_YEARS_MAX));
        assert_eq!(stated(schema, "portfolio_url", "maxLength"), URL_CHARACTERS_MAX as u64);
    }
    assert_eq!(stated("NewSpecialist", "max_concurrent_tasks", "default"), u64::from(CONCURRENT_TASKS_DEFAULT));
    for schema in ["NewDemo", "DemoPatch"] {
        assert_eq!(stated(schema, "title", "maxLength"), TITLE_CHARACTERS_MAX as u64);
        assert_eq!(stated(schema, "genre", "maxLength"), NAME_CHARACTERS_MAX as u64);
        assert_eq!(stated(schema, "description", "maxLength"), TEXT_CHARACTERS_MAX as u64);
    }
    assert_eq!(stated("SkillBody", "years_experience", "maximum"), u64::from(EXPERIENCE_YEARS_MAX));
}
