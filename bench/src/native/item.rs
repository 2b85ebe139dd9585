//! What the native server stores and tells, and the statements for it, which are the same on both engines.

use jiff::{Timestamp, Unit};
use serde::{Deserialize, Serialize, Serializer};
use uuid::Uuid;

/// What both sides have of it besides the host's own tables.
pub(super) const ITEMS: &str = include_str!("../../migrations/bench-service/0001_create_items.sql");
pub(super) const FIND: &str = "SELECT id, name, quantity, created_at FROM items WHERE id = $1";
pub(super) const INSERT: &str = "INSERT INTO items (id, name, quantity, created_at) VALUES ($1, $2, $3, $4)";
pub(super) const EMIT: &str = "INSERT INTO outbox_events
         (event_id, aggregate_id, aggregate_type, event_type, event_payload, occurred_at)
     VALUES ($1, $2, 'item', 'item.created', $3, $4)";

/// A stored item: what a client gets, and the payload of its event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Item {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) quantity: i64,
    #[serde(serialize_with = "in_microseconds")]
    pub(crate) created_at: Timestamp,
}

impl Item {
    /// A new item, made now.
    pub(crate) fn new(name: String, quantity: i64) -> Self {
        let now = Timestamp::now();
        // As precise as both engines keep it.
        let created_at = now.round(Unit::Microsecond).unwrap_or(now);
        Self { id: Uuid::now_v7(), name, quantity, created_at }
    }
}

/// An instant in the one form in which both sides write it as text.
pub(super) fn text(instant: Timestamp) -> String {
    format!("{instant:.6}")
}

fn in_microseconds<S: Serializer>(instant: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{instant:.6}"))
}
