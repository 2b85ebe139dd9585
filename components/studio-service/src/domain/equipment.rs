//! What is in a studio, and whether it can be lent.

use super::text::check_text;
use mutrapro_sdk::sql::{FromValue, ToValue, Value};
use mutrapro_sdk::utoipa::openapi::RefOr;
use mutrapro_sdk::utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use mutrapro_sdk::utoipa::{PartialSchema, ToSchema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// The most pieces of a model that a studio has.
pub(crate) const QUANTITY_MAX: u32 = 1_000;
/// The longest specifications of a model, in bytes of JSON.
pub(crate) const SPECIFICATIONS_BYTES_MAX: usize = 16_384;

mutrapro_sdk::text_enum! {
    /// What state pieces are in.
    pub(crate) enum Condition {
        /// As new.
        Excellent = "excellent",
        /// Nothing is wrong with it.
        Good = "good",
        /// It shows its age.
        Fair = "fair",
        /// It works, and no more.
        Poor = "poor",
        /// Somebody is at it.
        Maintenance = "maintenance",
        /// It does not work.
        OutOfOrder = "out_of_order",
    }
}

impl Condition {
    /// Whether it can be used in a session.
    pub(crate) fn is_usable(self) -> bool {
        !matches!(self, Self::Maintenance | Self::OutOfOrder)
    }
}

/// What a studio has of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stock {
    /// How many pieces.
    pub(crate) quantity: u32,
    /// What state they are in.
    pub(crate) condition: Condition,
    /// Whether the studio lends them, and still keeps the model.
    pub(crate) is_available: bool,
}

/// Whether `wanted` pieces can be lent for a session.
///
/// Equipment is lent with its own studio alone, and a studio has one session at a time: so what is there is all there for each
/// session, and nothing that others have booked is to be taken off.
///
/// # Errors
/// Why not.
pub(crate) fn check_lending(stock: Stock, wanted: u32) -> Result<(), String> {
    if !stock.is_available {
        return Err("is not lent at the moment: leave it out".to_owned());
    }
    if !stock.condition.is_usable() {
        return Err(format!("cannot be used ({}): leave it out", stock.condition));
    }
    if wanted > stock.quantity {
        return Err(format!("there are {}, not {wanted}: ask for fewer", stock.quantity));
    }
    Ok(())
}

/// What a maker says of a model: a JSON object.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Specifications(Map<String, Json>);

impl Specifications {
    /// Whether they can be kept.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(crate) fn check(&self) -> Result<(), String> {
        let text = self.to_text();
        // PostgreSQL has no JSON with this character.
        if text.contains("\\u0000") || self.0.keys().any(|key| check_text(key).is_err()) {
            return Err("must be plain text, under names that say something".to_owned());
        }
        if text.len() > SPECIFICATIONS_BYTES_MAX {
            return Err(format!("must be at most {SPECIFICATIONS_BYTES_MAX} bytes of JSON"));
        }
        Ok(())
    }

    fn to_text(&self) -> String {
        Json::Object(self.0.clone()).to_string()
    }
}

impl ToValue for Specifications {
    fn to_value(&self) -> Value {
        Value::Text(self.to_text())
    }
}

impl FromValue for Specifications {
    const EXPECTED: &'static str = "a JSON object";

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Text(text) => serde_json::from_str(&text).ok(),
            _ => None,
        }
    }
}

impl PartialSchema for Specifications {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Object).into()
    }
}

impl ToSchema for Specifications {}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Stock = Stock { quantity: 2, condition: Condition::Good, is_available: true };

    #[test]
    fn never_more_is_lent_than_there_is() {
        assert_eq!(check_lending(GOOD, 2), Ok(()));
        assert!(check_lending(GOOD, 3).is_err());
        assert!(check_lending(Stock { quantity: 0, ..GOOD }, 1).is_err());
    }

    #[test]
    fn what_cannot_be_used_is_not_lent() {
        for condition in Condition::ALL {
            let may = check_lending(Stock { condition: *condition, ..GOOD }, 1).is_ok();
            assert_eq!(may, !matches!(condition, Condition::Maintenance | Condition::OutOfOrder), "{condition}");
        }
        assert!(check_lending(Stock { is_available: false, ..GOOD }, 1).is_err());
    }

    fn specifications(json: Json) -> Specifications {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn specifications_are_the_same_in_sql() {
        let written = specifications(serde_json::json!({ "pattern": "cardioid", "pads_db": [0, -10] }));
        assert_eq!(Specifications::from_value(written.to_value()), Some(written));
        assert_eq!(Specifications::from_value(Value::Text("[]".to_owned())), None);
    }

    #[test]
    fn specifications_have_a_limit() {
        let of = |length| specifications(serde_json::json!({ "note": "x".repeat(length) }));
        assert_eq!(of(100).check(), Ok(()));
        assert!(of(SPECIFICATIONS_BYTES_MAX).check().is_err());
    }

    #[test]
    fn specifications_are_plain_text() {
        assert!(specifications(serde_json::json!({ "note": "a\u{0}b" })).check().is_err());
        assert!(specifications(serde_json::json!({ "": "nameless" })).check().is_err());
    }
}
