//! Days of the calendar, without a time.

use mutrapro_sdk::sql::{FromValue, ToValue, Value};
use mutrapro_sdk::utoipa::openapi::RefOr;
use mutrapro_sdk::utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use mutrapro_sdk::utoipa::{PartialSchema, ToSchema};
use serde::{Deserialize, Serialize};

/// A day, as text `2026-01-31` (RFC 3339, `full-date`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Day(jiff::civil::Date);

impl ToValue for Day {
    fn to_value(&self) -> Value {
        Value::Text(self.0.to_string())
    }
}

impl FromValue for Day {
    const EXPECTED: &'static str = "a day";

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Text(text) => text.parse().ok().map(Self),
            _ => None,
        }
    }
}

impl PartialSchema for Day {
    fn schema() -> RefOr<Schema> {
        let format = Some(SchemaFormat::KnownFormat(KnownFormat::Date));
        ObjectBuilder::new().schema_type(Type::String).format(format).into()
    }
}

impl ToSchema for Day {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn day_is_the_same_text_everywhere() {
        let day: Day = serde_json::from_str("\"2026-01-31\"").unwrap();
        assert_eq!(day.to_value(), Value::Text("2026-01-31".to_owned()));
        assert_eq!(Day::from_value(day.to_value()), Some(day));
        assert_eq!(serde_json::to_string(&day).unwrap(), "\"2026-01-31\"");
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in ["\"2026-02-30\"", "\"31.1.2026\"", "\"\"", "7"] {
            assert!(serde_json::from_str::<Day>(text).is_err(), "{text}");
        }
        assert_eq!(Day::from_value(Value::Text("soon".to_owned())), None);
    }
}
