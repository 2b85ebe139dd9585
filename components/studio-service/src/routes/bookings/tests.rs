//! What is wrong with a booking before anybody is asked, and whose bookings are listed.

use super::*;
use crate::booking::tests::booked;
use crate::domain::booking::ARTISTS_MAX;
use mutrapro_sdk::id::Uuid;
use serde_json::{Value, json};

fn body() -> Value {
    json!({
        "studio_id": Uuid::from_u128(1), "session_type": "hybrid",
        "starts_at": "2026-01-31T09:00:00+07:00", "ends_at": "2026-01-31T11:00:00+07:00",
        "artists": [{ "specialist_id": Uuid::from_u128(7), "role": "vocalist" }],
        "equipment": [{ "studio_equipment_id": Uuid::from_u128(9) }],
    })
}

/// The fields that are wrong when `changes` are made to a body that is right.
fn wrong(changes: &Value) -> Vec<String> {
    let mut body = body();
    for (field, value) in changes.as_object().unwrap() {
        body[field] = value.clone();
    }
    let mut errors = FieldErrors::default();
    serde_json::from_value::<NewBooking>(body).unwrap().validate(&mut errors);
    let problem = errors.finish().err();
    let errors = problem.map(|problem| problem.details().errors.clone()).unwrap_or_default();
    errors.into_iter().map(|error| error.field).collect()
}

fn parts(count: usize) -> Value {
    (0..count).map(|index| json!({ "specialist_id": Uuid::from_u128(index as u128), "role": "vocalist" })).collect()
}

#[test]
fn body_that_is_right_is_taken() {
    assert!(wrong(&json!({})).is_empty());
    assert!(wrong(&json!({ "session_type": "self_recording", "artists": [], "equipment": [] })).is_empty());
    assert!(wrong(&json!({ "artists": parts(ARTISTS_MAX) })).is_empty());
}

#[test]
fn wrong_fields_are_named() {
    let id = Uuid::from_u128(3);
    let lines: Value =
        (0..=EQUIPMENT_LINES_MAX).map(|n| json!({ "studio_equipment_id": Uuid::from_u128(n as u128) })).collect();
    for (changes, field) in [
        (json!({ "starts_at": "2026-01-31T09:00:01+07:00" }), "starts_at"),
        (json!({ "ends_at": "2026-01-31T09:00:00+07:00" }), "ends_at"),
        (json!({ "ends_at": "2026-02-01T09:01:00+07:00" }), "ends_at"),
        (json!({ "project_id": id, "request_id": id }), "request_id"),
        (json!({ "session_type": "self_recording" }), "artists"),
        (json!({ "artists": [] }), "artists"),
        (json!({ "artists": parts(ARTISTS_MAX + 1) }), "artists"),
        (json!({ "equipment": lines }), "equipment"),
        (json!({ "equipment": [{ "studio_equipment_id": id, "quantity": 0 }] }), "equipment[0].quantity"),
        (json!({ "equipment": [{ "studio_equipment_id": id, "quantity": 1001 }] }), "equipment[0].quantity"),
        (json!({ "purpose": " " }), "purpose"),
        (json!({ "special_instructions": "x".repeat(5001) }), "special_instructions"),
    ] {
        assert_eq!(wrong(&changes), [field], "{changes}");
    }
}

#[test]
fn nothing_is_asked_for_twice() {
    let singer = json!({ "specialist_id": Uuid::from_u128(7), "role": "vocalist" });
    assert_eq!(wrong(&json!({ "artists": [singer, singer] })), ["artists[1].specialist_id"]);
    let pianist = json!({
        "specialist_id": Uuid::from_u128(7), "role": "instrumentalist", "instrument_skill_id": Uuid::from_u128(8),
    });
    assert!(wrong(&json!({ "artists": [singer, pianist] })).is_empty());
    let microphone = json!({ "studio_equipment_id": Uuid::from_u128(9), "quantity": 2 });
    assert_eq!(wrong(&json!({ "equipment": [microphone, microphone] })), ["equipment[1].studio_equipment_id"]);
}

#[test]
fn no_client_says_what_a_session_costs() {
    for field in ["total_cost", "artist_fee", "studio_rate", "status", "customer_id", "hold_expires_at"] {
        let mut body = body();
        body[field] = json!(1);
        assert!(serde_json::from_value::<NewBooking>(body).is_err(), "{field}");
    }
    let mut body = body();
    body["artists"][0]["fee"] = json!(1);
    assert!(serde_json::from_value::<NewBooking>(body).is_err());
}

#[test]
fn times_of_several_clocks_are_the_same_wish() {
    let wish = |starts_at: &str| {
        let mut body = body();
        body["starts_at"] = json!(starts_at);
        serde_json::from_value::<NewBooking>(body).unwrap().wish()
    };
    assert_eq!(wish("2026-01-31T09:00:00+07:00"), wish("2026-01-31T02:00:00Z"));
}

fn user(roles: &[Role]) -> User {
    User { id: Uuid::from_u128(1).into(), roles: roles.to_vec(), session_id: None }
}

#[test]
fn each_role_shows_its_bookings() {
    use Role::{Customer, RecordingArtist, ServiceCoordinator, SystemAdmin, TranscriptionSpecialist};
    let id = user(&[]).id;
    let of = |roles: &[Role]| scopes(&user(roles)).unwrap();
    assert_eq!(of(&[Customer]), [Scope::Customer(id)]);
    assert_eq!(of(&[Customer, RecordingArtist]), [Scope::Customer(id), Scope::Artist(id)]);
    assert_eq!(of(&[ServiceCoordinator]), [Scope::Coordinator(id)]);
    assert_eq!(of(&[Customer, SystemAdmin]), [Scope::All]);
    assert_eq!(scopes(&user(&[TranscriptionSpecialist])).unwrap_err().code(), "role_required");
}

#[test]
fn booking_that_two_roles_show_is_listed_once() {
    let now = Instant::now();
    let [first, second, third] = [booked(now), booked(now), booked(now)];
    let rows = vec![second.clone(), first.clone(), third.clone(), second.clone()];
    assert_eq!(newest_first(rows), [third, second, first]);
}
