//! When a session may be, how long its place is kept, and when people are reminded of it.

use super::calendar::{Interval, Opening, days, is_whole_minute, minutes, whole_minute_from};
use mutrapro_sdk::json::FieldErrors;
use mutrapro_sdk::time::Instant;

/// How far ahead a session may start, in days.
pub(crate) const DAYS_AHEAD_MAX: u32 = 60;
/// The longest session, in minutes.
pub(crate) const SESSION_MINUTES_MAX: u32 = 1_440;
/// How long a pending booking keeps others out, in minutes.
pub(crate) const HOLD_MINUTES: u32 = 30;
/// How long after its start nobody is waited for any more, in minutes.
pub(crate) const NO_SHOW_MINUTES: u32 = 30;
/// How many days before the start people are reminded, the first reminder first.
pub(crate) const REMINDER_DAYS: [u8; 3] = [3, 1, 0];
/// The longest range that free time is told for, in days.
pub(crate) const AVAILABILITY_DAYS_MAX: u32 = 60;
/// The range that free time is told for unless the client says otherwise, in days.
pub(crate) const AVAILABILITY_DAYS: u32 = 7;

const SECONDS_A_DAY: u64 = 24 * 60 * 60;

/// Adds what is wrong with the times of a session, whatever the studio.
pub(crate) fn check_times(errors: &mut FieldErrors, session: Interval) {
    for (field, instant) in [("starts_at", session.starts_at), ("ends_at", session.ends_at)] {
        errors.check(is_whole_minute(instant), field, "must be a whole minute, without seconds");
    }
    if session.starts_at >= session.ends_at {
        errors.add("ends_at", "invalid", "must be later than starts_at");
    } else if session.minutes() > SESSION_MINUTES_MAX {
        errors.add("ends_at", "too_long", "must be at most 1440 minutes later than starts_at: book two sessions");
    }
}

/// Adds what keeps a session from being booked at `now` in a studio that is open so.
pub(crate) fn check_bookable(errors: &mut FieldErrors, session: Interval, opening: Opening, now: Instant) {
    if session.starts_at < now {
        errors.add("starts_at", "in_the_past", "must not be in the past");
    } else if session.starts_at > now.plus(days(DAYS_AHEAD_MAX)) {
        errors.add("starts_at", "too_far_ahead", "must be at most 60 days ahead");
    }
    if !opening.covers(session) {
        let message = "the studio is closed at some of this time: see its opening hours and availability";
        errors.add("starts_at", "outside_opening_hours", message);
    }
}

/// When sessions can start that are booked at `now`.
pub(crate) fn bookable(now: Instant) -> Interval {
    Interval { starts_at: whole_minute_from(now), ends_at: now.plus(days(DAYS_AHEAD_MAX)) }
}

/// Until when a booking that is made at `now` keeps others out.
pub(crate) fn hold_expires_at(now: Instant) -> Instant {
    now.plus(minutes(HOLD_MINUTES))
}

/// Nobody is waited for at `now` any more if a session was to start before this.
pub(crate) fn no_show_before(now: Instant) -> Instant {
    now.minus(minutes(NO_SHOW_MINUTES))
}

/// The reminder that is to be sent at `now`, if the last one told `reminded` days: the latest whose time has come.
pub(crate) fn reminder(starts_at: Instant, reminded: Option<u8>, now: Instant) -> Option<u8> {
    if now > starts_at {
        return None;
    }
    let days_left = starts_at.since(now).as_secs() / SECONDS_A_DAY;
    let latest = REMINDER_DAYS.into_iter().rfind(|days| days_left <= u64::from(*days))?;
    reminded.is_none_or(|reminded| latest < reminded).then_some(latest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::DAY_MINUTES;
    use std::time::Duration;

    const NOW: &str = "2026-01-31T09:30:00Z";
    const ALWAYS: Opening = Opening { opens_at_minute: 0, closes_at_minute: DAY_MINUTES, utc_offset_minutes: 420 };

    fn now() -> Instant {
        NOW.parse().unwrap()
    }

    fn session(from_minutes: u32, long_minutes: u32) -> Interval {
        let starts_at = now().plus(minutes(from_minutes));
        Interval { starts_at, ends_at: starts_at.plus(minutes(long_minutes)) }
    }

    fn codes(check: impl FnOnce(&mut FieldErrors)) -> Vec<String> {
        let mut errors = FieldErrors::default();
        check(&mut errors);
        let problem = errors.finish().err();
        let errors = problem.map(|problem| problem.details().errors.clone()).unwrap_or_default();
        errors.iter().map(|error| format!("{}: {}", error.field, error.code)).collect()
    }

    #[test]
    fn sessions_have_whole_minutes_and_a_length() {
        let of = |session| codes(|errors| check_times(errors, session));
        assert!(of(session(0, 1)).is_empty() && of(session(0, SESSION_MINUTES_MAX)).is_empty());
        assert_eq!(of(session(0, SESSION_MINUTES_MAX + 1)), ["ends_at: too_long"]);
        assert_eq!(of(session(0, 0)), ["ends_at: invalid"]);
        let broken = Interval { starts_at: now().plus(Duration::from_secs(1)), ends_at: now() };
        assert_eq!(of(broken), ["starts_at: invalid", "ends_at: invalid"]);
    }

    #[test]
    fn sessions_are_neither_past_nor_far_ahead() {
        let of = |session| codes(|errors| check_bookable(errors, session, ALWAYS, now()));
        assert!(of(session(0, 60)).is_empty() && of(session(60 * DAY_MINUTES, 60)).is_empty());
        assert_eq!(of(session(60 * DAY_MINUTES + 1, 60)), ["starts_at: too_far_ahead"]);
        let past = Interval { starts_at: now().minus(minutes(1)), ends_at: now().plus(minutes(60)) };
        assert_eq!(of(past), ["starts_at: in_the_past"]);
    }

    #[test]
    fn sessions_are_within_opening_hours() {
        // It is half past four in the afternoon there.
        let until_six = Opening { opens_at_minute: 480, closes_at_minute: 1_080, ..ALWAYS };
        let of = |session| codes(|errors| check_bookable(errors, session, until_six, now()));
        assert!(of(session(0, 90)).is_empty());
        assert_eq!(of(session(0, 91)), ["starts_at: outside_opening_hours"]);
    }

    #[test]
    fn what_is_bookable_begins_with_the_next_minute() {
        let at = now().plus(Duration::from_secs(1));
        assert_eq!(bookable(at).starts_at, now().plus(minutes(1)));
        assert_eq!(bookable(at).ends_at, at.plus(days(60)));
    }

    #[test]
    fn holds_and_patience_last_half_an_hour() {
        assert_eq!(hold_expires_at(now()).to_string(), "2026-01-31T10:00:00.000000Z");
        assert_eq!(no_show_before(now()).to_string(), "2026-01-31T09:00:00.000000Z");
    }

    #[test]
    fn each_reminder_comes_once_in_its_time() {
        let at = |hours: u32, reminded| reminder(now(), reminded, now().minus(minutes(hours * 60)));
        assert_eq!(at(24 * 7, None), None);
        assert_eq!((at(24 * 3 + 1, None), at(24 * 3 + 1, Some(3))), (Some(3), None));
        assert_eq!((at(30, Some(3)), at(30, Some(1))), (Some(1), None));
        assert_eq!((at(2, Some(1)), at(2, None), at(2, Some(0))), (Some(0), Some(0), None));
        assert_eq!(reminder(now(), Some(1), now().plus(Duration::from_secs(1))), None);
    }
}
