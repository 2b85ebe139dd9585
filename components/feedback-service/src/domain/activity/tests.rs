//! Of events that producers of today emit, and of any other.

use super::*;
use mutrapro_contracts::Event;
use mutrapro_contracts::auth::SessionStarted;
use mutrapro_contracts::feedback::FeedbackCreated;
use mutrapro_contracts::notification::NotificationSent;
use mutrapro_contracts::project::{Project, ProjectStarted};
use mutrapro_contracts::quotation::{Milestone, MilestoneDue};
use mutrapro_contracts::user::{RoleGranted, UserRegistered, UserUpdated};
use proptest::prelude::*;
use serde_json::json;
use std::time::Duration;

const LAN: Uuid = Uuid::from_u128(7);
const ADMIN: Uuid = Uuid::from_u128(8);
const THU: Uuid = Uuid::from_u128(11);

fn incoming(kind: &str, payload: impl Into<String>) -> Incoming {
    Incoming {
        id: Uuid::from_u128(1),
        kind: kind.into(),
        aggregate_type: kind.split('.').next().unwrap().into(),
        aggregate_id: "the aggregate".into(),
        payload: payload.into(),
        occurred_at: Instant::UNIX_EPOCH.plus(Duration::from_secs(60)),
        producer: "some-service".into(),
        trace_id: Some("4bf92f3577b34da6a3ce929d0e0e4736".into()),
        correlation_id: None,
    }
}

fn activity(kind: &str, payload: Value) -> Activity {
    Activity::of(&incoming(kind, payload.to_string())).unwrap()
}

/// What the log keeps of an event that a producer of today emits.
fn logged<E: Event>(event: &E) -> Activity {
    activity(E::KIND, serde_json::to_value(event).unwrap())
}

fn project(project_id: Uuid, request_id: Uuid) -> Project {
    Project {
        project_id,
        request_id,
        quotation_id: Uuid::nil(),
        name: "Diễm xưa".into(),
        customer_id: Uuid::nil(),
        customer_user_id: LAN,
        coordinator_id: Uuid::nil(),
        coordinator_user_id: ADMIN,
    }
}

fn milestone(request_id: Uuid) -> Milestone {
    Milestone {
        milestone_id: Uuid::nil(),
        quotation_id: Uuid::nil(),
        request_id,
        title: "Diễm xưa".into(),
        milestone_type: "deposit".into(),
        name: "Deposit".into(),
        amount: 80_000,
        currency: "VND".into(),
        due_at: None,
        customer_id: Uuid::nil(),
        customer_user_id: LAN,
        coordinator_id: Uuid::nil(),
        coordinator_user_id: ADMIN,
        revision_id: None,
    }
}

fn registered() -> UserRegistered {
    UserRegistered {
        user_id: LAN,
        email: "lan@example.com".into(),
        username: "lan".into(),
        full_name: "Lan Trần".into(),
        role: "customer".into(),
        customer_id: Some(Uuid::from_u128(9)),
    }
}

#[test]
fn row_tells_what_happened_to_what_and_when() {
    let activity = logged(&registered());
    assert_eq!(activity.event_id, Uuid::from_u128(1));
    assert_eq!((activity.entity_type.as_str(), activity.entity_id.as_str()), ("user", "the aggregate"));
    assert_eq!(activity.action, "registered");
    assert_eq!(activity.user_id, Some(LAN.into()));
    assert_eq!(activity.description, "user registered (role: customer)");
    assert_eq!(activity.trace_id.as_deref(), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
    assert_eq!(activity.occurred_at.to_string(), "1970-01-01T00:01:00.000000Z");
}

#[test]
fn private_values_do_not_reach_the_log() {
    let description = logged(&registered()).description;
    assert!(!description.contains("lan") && !description.contains("Lan"), "{description}");
}

#[test]
fn who_did_it_comes_before_whom_it_happened_to() {
    let granted = |granted_by| {
        logged(&RoleGranted { user_id: LAN, role: "recording_artist".into(), granted_by, is_primary: false })
    };
    assert_eq!(granted(Some(ADMIN)).user_id, Some(ADMIN.into()));
    assert_eq!(granted(None).user_id, Some(LAN.into()));
    assert_eq!(granted(None).action, "role_granted");
}

#[test]
fn only_the_field_of_the_fact_names_who_did_it() {
    let payload = json!({ "replaced_by": ADMIN, "user_id": LAN });
    assert_eq!(activity("session.revoked", payload).user_id, Some(LAN.into()));
    let payload = json!({ "prepared_by": ADMIN, "customer_user_id": LAN });
    assert_eq!(activity("package.prepared", payload).user_id, Some(ADMIN.into()));
    let payload = json!({ "published_by": ADMIN });
    assert_eq!(activity("artist.demo.published", payload).user_id, Some(ADMIN.into()));
}

#[test]
fn person_in_a_role_is_named_unless_there_are_several() {
    let one = json!({ "customer_user_id": LAN, "customer_id": Uuid::from_u128(9) });
    assert_eq!(activity("request.created", one).user_id, Some(LAN.into()));
    let both = json!({ "customer_user_id": LAN, "coordinator_user_id": ADMIN });
    assert_eq!(activity("milestone.due", both).user_id, None);
    assert_eq!(activity("skill.updated", json!({})).user_id, None);
}

#[test]
fn deeds_of_one_role_are_its_holders() {
    let people = json!({
        "customer_user_id": LAN, "payer_user_id": LAN, "coordinator_user_id": ADMIN, "specialist_user_id": THU,
    });
    for (kind, user) in
        [("task.accepted", THU), ("payment.failed", LAN), ("quotation.sent", ADMIN), ("feedback.created", LAN)]
    {
        assert_eq!(activity(kind, people.clone()).user_id, Some(user.into()), "{kind}");
    }
    let mut cancelled = people;
    cancelled["cancelled_by"] = json!(ADMIN);
    assert_eq!(activity("task.cancelled", cancelled).user_id, Some(ADMIN.into()), "who did it comes first");
}

#[test]
fn project_and_request_that_an_event_names_are_kept() {
    let (project, request) = (Uuid::from_u128(21), Uuid::from_u128(22));
    let ids = |payload| {
        let activity = activity("task.completed", payload);
        (activity.project_id, activity.request_id)
    };
    assert_eq!(ids(json!({ "project_id": project, "request_id": request })), (Some(project), Some(request)));
    assert_eq!(ids(json!({ "project_id": null, "request_id": request })), (None, Some(request)));
    assert_eq!(ids(json!({ "project": project })), (None, None));
    let started = ProjectStarted { project: self::project(project, request) };
    assert_eq!((logged(&started).project_id, logged(&started).request_id), (Some(project), Some(request)));
    let due = logged(&MilestoneDue { milestone: milestone(request) });
    assert_eq!((due.project_id, due.request_id), (None, Some(request)), "fields of flattened payloads count");
}

#[test]
fn client_is_kept_where_the_event_tells_it() {
    let started = SessionStarted {
        session_id: Uuid::from_u128(3),
        user_id: LAN,
        ip_address: Some("192.0.2.1".into()),
        user_agent: Some("browser".into()),
    };
    let activity = logged(&started);
    assert_eq!((activity.ip_address.as_deref(), activity.user_agent.as_deref()), (Some("192.0.2.1"), Some("browser")));
}

#[test]
fn description_tells_plain_values_and_lists() {
    let updated = UserUpdated {
        user_id: LAN,
        updated_by: LAN,
        session_id: None,
        changed: vec!["phone".into(), "address".into()],
        full_name: "Lan Trần".into(),
        primary_role: None,
        is_active: true,
    };
    assert_eq!(logged(&updated).description, "user updated (changed: phone and address)");
    let sent = NotificationSent {
        notification_id: Uuid::from_u128(4),
        user_id: LAN,
        notification_type: "project_update".into(),
        event_id: Uuid::from_u128(5),
        reference_type: None,
        reference_id: None,
    };
    assert_eq!(logged(&sent).description, "notification sent (type: project_update)");
}

#[test]
fn own_feedback_is_logged_with_its_customer() {
    let created = FeedbackCreated {
        feedback_id: Uuid::from_u128(6),
        request_id: Uuid::from_u128(5),
        customer_id: Uuid::from_u128(9),
        customer_user_id: LAN,
        project_id: None,
        rating: 4,
        feedback_type: "timeliness".into(),
        specialist_ids: Vec::new(),
        specialist_user_ids: vec![THU],
        coordinator_user_id: Some(ADMIN),
        title: Some("Diễm xưa".into()),
    };
    let activity = logged(&created);
    assert_eq!(activity.user_id, Some(LAN.into()));
    assert_eq!(activity.description, "feedback created (type: timeliness, rating: 4)");
}

#[test]
fn kind_without_a_dot_is_its_own_action() {
    let restarted = activity("restarted", json!({}));
    assert_eq!((restarted.kind.as_str(), restarted.action.as_str()), ("restarted", "restarted"));
}

#[test]
fn payload_that_is_no_object_is_rejected_for_good() {
    for payload in ["", "[]", "null", "{"] {
        let outcome = Activity::of(&incoming("user.updated", payload));
        assert!(matches!(outcome, Err(Refusal::Reject(_))), "{payload}");
    }
}

#[test]
fn text_that_is_no_position_is_refused() {
    for text in ["", "/", "2026-01-31T09:30:00Z", "now/0190f3a0-0000-7000-8000-000000000001"] {
        assert_eq!(text.parse::<Position>(), Err(MalformedPosition), "{text}");
    }
}

proptest! {
    #[test]
    fn description_is_never_too_long(kind in "[a-z_.ễ]{0,600}", reason in "\\PC{0,600}") {
        let description = activity(&kind, json!({ "reason": reason })).description;
        prop_assert!(description.chars().count() <= DESCRIPTION_CHARACTERS_MAX);
    }

    #[test]
    fn description_that_fits_is_whole(reason in "\\PC{0,480}") {
        let description = activity("a.b", json!({ "reason": reason })).description;
        prop_assert_eq!(description, format!("a b (reason: {reason})"));
    }

    #[test]
    fn position_is_read_as_it_was_written(seconds in 0_u64..4_000_000_000, id: u128) {
        let created_at = Instant::UNIX_EPOCH.plus(Duration::from_secs(seconds));
        let position = Position { created_at, id: Uuid::from_u128(id).into() };
        let text = position.to_string();
        prop_assert_eq!(text.parse::<Position>(), Ok(position));
        // What a query may hold as it is (RFC 3986, section 3.4), and no plus, which forms read as a space.
        prop_assert!(text.chars().all(|c| c.is_ascii_alphanumeric() || "-._:/".contains(c)), "{text}");
        prop_assert!(position.created_at > Position::start().created_at || seconds == 0);
    }
}
