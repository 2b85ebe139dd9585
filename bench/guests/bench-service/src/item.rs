//! What the benchmark stores and tells.

use mutrapro_sdk::events::Event;
use mutrapro_sdk::json::{FieldErrors, Validate};
use mutrapro_sdk::time::Instant;
use serde::{Deserialize, Serialize};

mutrapro_sdk::id! {
    /// An item.
    pub(crate) ItemId
}

/// What a client sends.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewItem {
    pub(crate) name: String,
    pub(crate) quantity: i64,
}

impl Validate for NewItem {
    fn validate(&self, errors: &mut FieldErrors) {
        errors.check(!self.name.is_empty(), "name", "must not be empty");
        errors.check(self.quantity >= 0, "quantity", "must not be negative");
    }
}

/// A stored item: what a client gets, and the payload of its event.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Item {
    pub(crate) id: ItemId,
    pub(crate) name: String,
    pub(crate) quantity: i64,
    pub(crate) created_at: Instant,
}

impl Item {
    pub(crate) fn new(new: NewItem) -> Self {
        Self { id: ItemId::generate(), name: new.name, quantity: new.quantity, created_at: Instant::now() }
    }
}

impl Event for Item {
    const KIND: &'static str = "item.created";
    const AGGREGATE: &'static str = "item";

    fn aggregate_id(&self) -> String {
        self.id.to_string()
    }
}
