//! When a job runs.

use croner::Cron;
use croner::parser::{CronParser, Seconds};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// When a job runs, in UTC.
#[derive(Debug, Clone)]
pub enum Timetable {
    /// Once at each start of the host.
    AtStart,
    /// At every instant that the expression matches.
    Cron(Box<Cron>),
}

impl Timetable {
    /// Reads `@reboot`, another `@` alias, or five or six fields, with seconds first.
    ///
    /// # Errors
    /// What is wrong with the expression.
    pub fn parse(cron: &str) -> Result<Self, String> {
        if cron.trim().eq_ignore_ascii_case("@reboot") {
            return Ok(Self::AtStart);
        }
        let parser = CronParser::builder().seconds(Seconds::Optional).build();
        parser.parse(cron).map(|cron| Self::Cron(Box::new(cron))).map_err(|error| error.to_string())
    }

    /// The first tick after `now`; `None` when there is none any more.
    pub fn next_after(&self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::AtStart => None,
            Self::Cron(cron) => {
                cron.find_next_occurrence(&now.to_zoned(TimeZone::UTC), false).ok().map(|tick| tick.timestamp())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn six_fields_begin_with_seconds() {
        let table = Timetable::parse("30 * * * * *").unwrap();
        assert_eq!(table.next_after(at("2026-01-31T09:30:00Z")), Some(at("2026-01-31T09:30:30Z")));
    }

    #[test]
    fn five_fields_begin_with_minutes() {
        let table = Timetable::parse("15 2 * * *").unwrap();
        assert_eq!(table.next_after(at("2026-01-31T09:30:00Z")), Some(at("2026-02-01T02:15:00Z")));
    }

    #[test]
    fn tick_at_the_very_instant_is_past() {
        let table = Timetable::parse("0 * * * * *").unwrap();
        assert_eq!(table.next_after(at("2026-01-31T09:30:00Z")), Some(at("2026-01-31T09:31:00Z")));
        assert_eq!(table.next_after(at("2026-01-31T09:29:59.999999Z")), Some(at("2026-01-31T09:30:00Z")));
    }

    #[test]
    fn reboot_has_no_next_tick() {
        let table = Timetable::parse("@reboot").unwrap();
        assert!(matches!(table, Timetable::AtStart));
        assert_eq!(table.next_after(at("2026-01-31T09:30:00Z")), None);
    }

    #[test]
    fn expression_that_never_matches_has_no_next_tick() {
        let table = Timetable::parse("0 0 30 2 *").unwrap();
        assert_eq!(table.next_after(at("2026-01-31T09:30:00Z")), None);
    }

    #[test]
    fn nonsense_is_refused_with_a_reason() {
        for bad in ["", "every minute", "61 * * * * *", "* * *"] {
            assert!(!Timetable::parse(bad).unwrap_err().is_empty(), "{bad}");
        }
    }
}
