//! Events for tests: of any kind, with people who are easy to tell apart.

use crate::domain::Message;
use mutrapro_sdk::events::Incoming;
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::time::Instant;
use serde_json::{Map, Value, json};

pub(super) const CUSTOMER: Uuid = Uuid::from_u128(1);
pub(super) const COORDINATOR: Uuid = Uuid::from_u128(2);
pub(super) const SPECIALIST: Uuid = Uuid::from_u128(3);
pub(super) const ARTIST: Uuid = Uuid::from_u128(4);
/// Who has part in nothing, and may do everything.
pub(super) const ADMIN: Uuid = Uuid::from_u128(5);
/// Every id that is no person's.
pub(super) const THING: Uuid = Uuid::from_u128(6);

/// The fields of a payload that name who did it.
pub(super) const ACTORS: [&str; 15] = [
    "granted_by",
    "revoked_by",
    "updated_by",
    "cancelled_by",
    "revised_by",
    "approved_by",
    "rejected_by",
    "assigned_by",
    "created_by",
    "confirmed_by",
    "refunded_by",
    "requested_by",
    "completed_by",
    "prepared_by",
    "delivered_by",
];

/// An event whose payload is `payload`.
pub(super) fn incoming(kind: &str, payload: &impl ToString) -> Incoming {
    Incoming {
        id: Uuid::from_u128(10),
        kind: kind.into(),
        aggregate_type: kind.split('.').next().unwrap_or_default().into(),
        aggregate_id: THING.to_string(),
        payload: payload.to_string(),
        occurred_at: Instant::UNIX_EPOCH,
        producer: "some-service".into(),
        trace_id: None,
        correlation_id: None,
    }
}

/// Every field that some kind has, so that it is a payload of each: readers ignore what they do not know. Whatever was
/// done, an administrator did.
pub(super) fn payload() -> Value {
    let things = [
        "request",
        "quotation",
        "milestone",
        "project",
        "assignment",
        "booking",
        "studio",
        "payment",
        "refund",
        "revision",
        "package",
        "feedback",
        "customer",
        "coordinator",
        "specialist",
    ];
    let ids = things.map(|thing| (format!("{thing}_id"), json!(THING)));
    let actors = ACTORS.map(|actor| (actor.to_owned(), json!(ADMIN)));
    let values = [people(), names(), numbers(), lists_and_times()].into_iter().flat_map(fields);
    values.chain(ids).chain(actors).collect()
}

fn people() -> Value {
    json!({
        "user_id": CUSTOMER, "email": "lan@example.com", "username": "lan", "full_name": "Lan Trần", "role": "customer",
        "is_primary": true, "customer_user_id": CUSTOMER, "payer_user_id": CUSTOMER,
        "coordinator_user_id": COORDINATOR, "specialist_user_id": SPECIALIST, "specialist_user_ids": [SPECIALIST],
        "artist_user_ids": [ARTIST],
    })
}

fn names() -> Value {
    json!({
        "title": "Diễm xưa", "name": "Diễm xưa", "project_name": "Diễm xưa", "package_name": "Score",
        "milestone_name": "Deposit", "studio_name": "Studio A", "priority": "normal", "request_type": "transcription",
        "task_type": "transcription", "milestone_type": "deposit", "revision_type": "minor_adjustment",
        "delivery_type": "final", "session_type": "hybrid", "type": "timeliness", "status": "pending",
        "reason": "too dear", "failure_reason": "card_declined", "method": "credit_card", "gateway": "sandbox",
    })
}

fn numbers() -> Value {
    json!({
        "version": 2, "total_price": 200_000, "deposit_amount": 80_000, "final_amount": 120_000, "amount": 80_000,
        "fee": 20_000, "total_cost": 500_000, "currency": "VND", "days_left": 1, "rating": 4, "is_free": false,
        "is_expired": false, "was_started": true, "revision_number": 2,
    })
}

fn lists_and_times() -> Value {
    json!({
        "changed": ["deadline"], "milestone_ids": [], "file_ids": [THING], "specialist_ids": [THING],
        "artist_ids": [THING], "deliverable_file_ids": [], "valid_until": INSTANT, "due_at": INSTANT,
        "starts_at": INSTANT, "ends_at": "2026-01-31T11:00:00.000000Z", "hold_expires_at": INSTANT,
    })
}

fn fields(object: Value) -> Map<String, Value> {
    match object {
        Value::Object(fields) => fields,
        other => panic!("{other} is no object"),
    }
}

const INSTANT: &str = "2026-01-31T09:30:00.000000Z";

/// [`payload`] with other values.
pub(super) fn with(changes: Value) -> Value {
    fields(payload()).into_iter().chain(fields(changes)).collect()
}

/// What is said because of an event of `kind`.
pub(super) fn said(kind: &str, payload: &Value) -> Vec<Message> {
    super::super::messages(&incoming(kind, payload)).unwrap_or_else(|refusal| panic!("{kind}: {refusal}"))
}

/// Who is told of an event of `kind`, in order.
pub(super) fn told(kind: &str, payload: &Value) -> Vec<Uuid> {
    said(kind, payload).iter().map(|message| message.user_id.uuid()).collect()
}

/// What the user is told.
pub(super) fn said_to(user: Uuid, kind: &str, payload: &Value) -> Message {
    let messages = said(kind, payload);
    messages.into_iter().find(|message| message.user_id.uuid() == user).unwrap_or_else(|| panic!("{kind}: not told"))
}
