//! An event on its way from an outbox over the bus to its consumers.

use mutrapro_manifest::ComponentId;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// The id of an event: UUIDv7, the same at every delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EventId(Uuid);

impl EventId {
    /// A new id, later than those before it.
    pub fn generate() -> Self {
        Self(Uuid::now_v7())
    }
}

/// Lower case with hyphens.
impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl FromStr for EventId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// Something that happened, told by the service in whose database it happened. The fields are those of
/// `mutrapro:events/types.event`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The same at every delivery.
    pub id: EventId,
    /// `<aggregate>.<fact>`.
    pub kind: String,
    /// The kind of thing it happened to.
    pub aggregate_type: String,
    /// Which one.
    pub aggregate_id: String,
    /// A JSON object.
    pub payload: String,
    /// When it was emitted: RFC 3339, UTC, microseconds.
    pub occurred_at: String,
    /// The service that emitted it.
    pub producer: ComponentId,
    /// 32 hexadecimal digits.
    pub trace_id: Option<String>,
    /// Ties together everything that one outside request led to.
    pub correlation_id: Option<String>,
}

impl Event {
    /// What the order of events is kept for: this aggregate of this producer. Two services that speak of the same thing
    /// do so from two databases, whose transactions have no order.
    pub fn aggregate_key(&self) -> String {
        format!("{}/{}/{}", self.producer, self.aggregate_type, self.aggregate_id)
    }
}
