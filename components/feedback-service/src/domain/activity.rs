//! What the log keeps of an event.
//!
//! A row is worked out from an event of any kind, so a new kind needs nothing here as long as its payload follows the
//! conventions: `<fact>_by` for who did it, `user_id` or one `<role>_user_id` for whom it is about, `project_id` and
//! `request_id` for what it belongs to. Nothing here touches the database.

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
const TELLING_FIELDS: [&str; 11] = [
    "role",
    "reason",
    "status",
    "version",
    "task_type",
    "milestone_type",
    "revision_type",
    "delivery_type",
    "type",
    "rating",
    "changed",
];

/// Whose deed it is where a payload names several people and none of them as the one who did it: by the kind of thing.
const DOERS: [(&str, &str); 4] = [
    ("feedback", "customer_user_id"),
    ("payment", "payer_user_id"),
    ("quotation", "coordinator_user_id"),
    ("task", "specialist_user_id"),
];

mutrapro_sdk::id! {
    /// A row of the log.
    pub(crate) ActivityId
}

/// What happened, to what, and because of whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Activity {
    pub(crate) event_id: Uuid,
    /// As its producer names it, for example `user.role_granted`.
    pub(crate) kind: String,
    /// Who did it, or whom it happened to.
    pub(crate) user_id: Option<UserId>,
    /// The kind of thing it happened to, for example `user`.
    pub(crate) entity_type: String,
    /// Which one.
    pub(crate) entity_id: String,
    /// The fact, for example `role_granted`.
    pub(crate) action: String,
    /// The project that it belongs to.
    pub(crate) project_id: Option<Uuid>,
    /// The request that it belongs to.
    pub(crate) request_id: Option<Uuid>,
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
            kind: event.kind.clone(),
            user_id: user(&event.aggregate_type, action, &payload),
            entity_type: event.aggregate_type.clone(),
            entity_id: event.aggregate_id.clone(),
            action: action.to_owned(),
            project_id: payload.get("project_id").and_then(uuid),
            request_id: payload.get("request_id").and_then(uuid),
            description: description(&event.kind, &payload),
            ip_address: text("ip_address"),
            user_agent: text("user_agent"),
            trace_id: event.trace_id.clone(),
            occurred_at: event.occurred_at,
        })
    }
}

/// Who did it, as `<fact>_by` says (`granted_by` of `role_granted`); else whom it is about, if that is one person.
fn user(entity_type: &str, action: &str, payload: &Map<String, Value>) -> Option<UserId> {
    let id = |value: &Value| uuid(value).map(UserId::from);
    let fact = action.rsplit(['.', '_']).next().unwrap_or(action);
    let by = format!("{fact}_by");
    let doer = DOERS.iter().find(|(thing, _)| *thing == entity_type).map(|(_, field)| *field);
    let named = [Some(by.as_str()), Some("user_id"), doer];
    named.into_iter().flatten().find_map(|field| payload.get(field).and_then(id)).or_else(|| {
        let mut people = payload.iter().filter(|(field, _)| field.ends_with("_user_id")).filter_map(|(_, v)| id(v));
        let first = people.next()?;
        people.all(|other| other == first).then_some(first)
    })
}

fn uuid(value: &Value) -> Option<Uuid> {
    value.as_str().and_then(|text| text.parse().ok())
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

/// Where a row stands in the log, in the order in which things happened; two that happened at once stand by their ids.
///
/// As text it needs no escaping in a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) created_at: Instant,
    pub(crate) id: ActivityId,
}

impl Position {
    /// Before every row.
    pub(crate) fn start() -> Self {
        Self { created_at: Instant::UNIX_EPOCH, id: Uuid::nil().into() }
    }
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
mod tests;
