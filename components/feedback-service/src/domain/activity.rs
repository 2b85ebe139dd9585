//! What the log keeps of an event.
//!
//! A row is worked out from an event of any kind, so a new kind needs nothing here as long as its payload follows the
//! conventions: `<fact>_by` for who did it, `user_id` or one `<role>_user_id` for whom it is about. Nothing here touches
//! the database.

use mutrapro_sdk::events::{Incoming, Refusal};
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::identity::UserId;
use mutrapro_sdk::time::Instant;
use serde_json::{Map, Value};
use std::fmt;
use std::str::FromStr;

/// The longest description, in characters; what is longer is cut.
const DESCRIPTION_CHARACTERS_MAX: usize = 500;

/// Fields whose values a description tells: what says more about the fact, and nothing private.
const TELLING_FIELDS: [&str; 6] = ["role", "reason", "status", "type", "rating", "changed"];

mutrapro_sdk::id! {
    /// A row of the log.
    pub(crate) ActivityId
}

/// What happened, to what, and because of whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Activity {
    pub(crate) event_id: Uuid,
    /// Who did it, or whom it happened to.
    pub(crate) user_id: Option<UserId>,
    /// The kind of thing it happened to, for example `user`.
    pub(crate) entity_type: String,
    /// Which one.
    pub(crate) entity_id: String,
    /// The fact, for example `role_granted`.
    pub(crate) action: String,
    /// For people, for example `user role granted (role: customer)`.
    pub(crate) description: String,
    pub(crate) ip_address: Option<String>,
    pub(crate) user_agent: Option<String>,
    pub(crate) trace_id: Option<String>,
    pub(crate) occurred_at: Instant,
}

impl Activity {
    /// What the log keeps of `event`, whatever its kind.
    ///
    /// # Errors
    /// Rejects a payload that is no JSON object: no producer can emit one.
    pub(crate) fn of(event: &Incoming) -> Result<Self, Refusal> {
        let payload: Map<String, Value> = serde_json::from_str(&event.payload)
            .map_err(|error| Refusal::Reject(format!("payload of {}: {error}", event.kind)))?;
        let action = event.kind.split_once('.').map_or(event.kind.as_str(), |(_, fact)| fact);
        let text = |field: &str| payload.get(field).and_then(Value::as_str).map(ToOwned::to_owned);
        Ok(Self {
            event_id: event.id,
            user_id: user(action, &payload),
            entity_type: event.aggregate_type.clone(),
            entity_id: event.aggregate_id.clone(),
            action: action.to_owned(),
            description: description(&event.kind, &payload),
            ip_address: text("ip_address"),
            user_agent: text("user_agent"),
            trace_id: event.trace_id.clone(),
            occurred_at: event.occurred_at,
        })
    }
}

/// Who did it, as `<fact>_by` says (`granted_by` of `role_granted`); else whom it is about, if that is one person.
fn user(action: &str, payload: &Map<String, Value>) -> Option<UserId> {
    let id = |value: &Value| value.as_str().and_then(|text| text.parse().ok());
    let fact = action.rsplit(['.', '_']).next().unwrap_or(action);
    let named = [format!("{fact}_by"), "user_id".to_owned()];
    named.iter().find_map(|field| payload.get(field).and_then(id)).or_else(|| {
        let mut people = payload.iter().filter(|(field, _)| field.ends_with("_user_id")).filter_map(|(_, v)| id(v));
        let first = people.next()?;
        people.all(|other| other == first).then_some(first)
    })
}

fn description(kind: &str, payload: &Map<String, Value>) -> String {
    let mut description = kind.replace(['.', '_'], " ");
    let details: Vec<_> = TELLING_FIELDS
        .iter()
        .filter_map(|field| Some(format!("{}: {}", field.replace('_', " "), told(payload.get(*field)?)?)))
        .collect();
    if !details.is_empty() {
        description.push_str(&format!(" ({})", details.join(", ")));
    }
    match description.char_indices().nth(DESCRIPTION_CHARACTERS_MAX - 1) {
        Some((end, last)) if end + last.len_utf8() < description.len() => {
            description.truncate(end);
            description.push('…');
            description
        }
        _ => description,
    }
}

/// A plain value, or a list of them, as people write it.
fn told(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Array(values) => {
            let values: Vec<_> = values.iter().filter_map(told).collect();
            (!values.is_empty()).then(|| values.join(" and "))
        }
        Value::Null | Value::Object(_) => None,
    }
}

/// Where a row stands in the log, newest first; two that happened at once stand by their ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) created_at: Instant,
    pub(crate) id: ActivityId,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.created_at, self.id)
    }
}

/// A text that is no position in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MalformedPosition;

impl FromStr for Position {
    type Err = MalformedPosition;

    fn from_str(text: &str) -> Result<Self, MalformedPosition> {
        let (created_at, id) = text.split_once('/').ok_or(MalformedPosition)?;
        Ok(Self {
            created_at: created_at.parse().map_err(|_| MalformedPosition)?,
            id: id.parse().map_err(|_| MalformedPosition)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mutrapro_contracts::Event;
    use mutrapro_contracts::auth::SessionStarted;
    use mutrapro_contracts::feedback::FeedbackCreated;
    use mutrapro_contracts::notification::NotificationSent;
    use mutrapro_contracts::user::{RoleGranted, UserRegistered, UserUpdated};
    use proptest::prelude::*;
    use serde_json::json;
    use std::time::Duration;

    const LAN: Uuid = Uuid::from_u128(7);
    const ADMIN: Uuid = Uuid::from_u128(8);

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
        assert_eq!(activity("quotation.sent", both).user_id, None);
        assert_eq!(activity("skill.updated", json!({})).user_id, None);
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
        assert_eq!(
            (activity.ip_address.as_deref(), activity.user_agent.as_deref()),
            (Some("192.0.2.1"), Some("browser"))
        );
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
        };
        let activity = logged(&created);
        assert_eq!(activity.user_id, Some(LAN.into()));
        assert_eq!(activity.description, "feedback created (type: timeliness, rating: 4)");
    }

    #[test]
    fn kind_without_a_dot_is_its_own_action() {
        assert_eq!(activity("restarted", json!({})).action, "restarted");
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
            prop_assert_eq!(position.to_string().parse::<Position>(), Ok(position));
        }
    }
}
