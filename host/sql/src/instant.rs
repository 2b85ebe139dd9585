//! The one form in which instants are written.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// `at` in RFC 3339, UTC, with exactly six fractional digits: `2026-01-31T09:30:00.000000Z`.
///
/// Texts in this form sort as the instants they name, as long as the year has four digits.
pub fn canonical_instant(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_have_six_fractional_digits_whatever_their_precision() {
        for (given, canonical) in [
            ("2026-01-31T09:30:00Z", "2026-01-31T09:30:00.000000Z"),
            ("2026-01-31T09:30:00.1234567+07:00", "2026-01-31T02:30:00.123456Z"),
            ("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500000Z"),
        ] {
            assert_eq!(canonical_instant(given.parse().unwrap()), canonical);
        }
    }
}
