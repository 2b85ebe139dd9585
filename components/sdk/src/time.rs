//! Points in time.

use crate::sql::{FromValue, ToValue, Value};
use jiff::{SignedDuration, Timestamp, Unit};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A point in time, to the microsecond; as text RFC 3339 in UTC: `2026-01-31T09:30:00.000000Z`.
///
/// Rules take it as a parameter, so that tests own the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(Timestamp);

impl Instant {
    /// 1970-01-01, midnight.
    pub const UNIX_EPOCH: Self = Self(Timestamp::UNIX_EPOCH);

    /// The present.
    pub fn now() -> Self {
        Self::truncated(Timestamp::now())
    }

    /// This much later; the end of time, in the year 9999, at the latest.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self::truncated(self.0.saturating_add(duration).unwrap_or(Timestamp::MAX))
    }

    /// This much earlier; the beginning of time at the earliest.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self::truncated(self.0.saturating_sub(duration).unwrap_or(Timestamp::MIN))
    }

    /// How long ago `earlier` was; zero if it is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        let elapsed: SignedDuration = self.0.duration_since(earlier.0);
        elapsed.try_into().unwrap_or(Duration::ZERO)
    }

    fn truncated(timestamp: Timestamp) -> Self {
        let round = jiff::TimestampRound::new().smallest(Unit::Microsecond).mode(jiff::RoundMode::Trunc);
        Self(timestamp.round(round).unwrap_or(timestamp))
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}", self.0)
    }
}

impl FromStr for Instant {
    type Err = jiff::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self::truncated)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| serde::de::Error::custom("not an instant of RFC 3339"))
    }
}

impl ToValue for Instant {
    fn to_value(&self) -> Value {
        Value::Text(self.to_string())
    }
}

impl FromValue for Instant {
    const EXPECTED: &'static str = "an instant";

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Text(text) => text.parse().ok(),
            _ => None,
        }
    }
}

impl utoipa::PartialSchema for Instant {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
        let format = Some(SchemaFormat::KnownFormat(KnownFormat::DateTime));
        ObjectBuilder::new().schema_type(Type::String).format(format).into()
    }
}

impl utoipa::ToSchema for Instant {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn instant(text: &str) -> Instant {
        text.parse().unwrap()
    }

    #[test]
    fn text_is_utc_with_microseconds() {
        assert_eq!(instant("2026-01-31T10:30:00+01:00").to_string(), "2026-01-31T09:30:00.000000Z");
        assert_eq!(instant("2026-01-31T09:30:00.1234567Z").to_string(), "2026-01-31T09:30:00.123456Z");
    }

    #[test]
    fn later_comes_after_earlier() {
        let start = instant("2026-01-31T09:30:00Z");
        let end = start.plus(Duration::from_secs(900));
        assert_eq!(end.to_string(), "2026-01-31T09:45:00.000000Z");
        assert_eq!(end.since(start), Duration::from_secs(900));
        assert_eq!(start.since(end), Duration::ZERO);
        assert_eq!(end.minus(Duration::from_secs(900)), start);
        assert!(start.plus(Duration::MAX) > end);
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for text in ["", "2026-01-31", "yesterday", "2026-02-30T00:00:00Z"] {
            assert!(text.parse::<Instant>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn text_order_is_time_order(a in 0_i64..4_000_000_000_000_000, b in 0_i64..4_000_000_000_000_000) {
            let [first, second] = [a, b].map(|us| Instant(Timestamp::from_microsecond(us).unwrap()));
            prop_assert_eq!(first.cmp(&second), first.to_string().cmp(&second.to_string()));
            prop_assert_eq!(first.to_string().parse::<Instant>().unwrap(), first);
        }
    }
}
