//! Opening hours and free time.

use super::*;
use proptest::prelude::*;

/// 8 to 22 o'clock in Vietnam, which is 1 to 15 o'clock UTC.
const HANOI: Opening =
    Opening { opens_at_minute: 480, closes_at_minute: 1_320, utc_offset_minutes: UTC_OFFSET_MINUTES };

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn interval(starts_at: &str, ends_at: &str) -> Interval {
    Interval { starts_at: at(starts_at), ends_at: at(ends_at) }
}

#[test]
fn hours_are_those_of_the_studios_own_clock() {
    let open = HANOI.open(interval("2026-01-31T00:00:00Z", "2026-02-01T03:00:00Z"));
    let expected = [
        interval("2026-01-31T01:00:00Z", "2026-01-31T15:00:00Z"),
        interval("2026-02-01T01:00:00Z", "2026-02-01T03:00:00Z"),
    ];
    assert_eq!(open, expected);
    assert!(HANOI.covers(interval("2026-01-31T08:00:00+07:00", "2026-01-31T22:00:00+07:00")));
    assert!(!HANOI.covers(interval("2026-01-31T07:59:00+07:00", "2026-01-31T09:00:00+07:00")));
    assert!(!HANOI.covers(interval("2026-01-31T21:00:00+07:00", "2026-01-31T22:01:00+07:00")));
}

#[test]
fn session_over_a_closed_night_is_not_covered() {
    assert!(!HANOI.covers(interval("2026-01-31T21:00:00+07:00", "2026-02-01T09:00:00+07:00")));
}

#[test]
fn studio_may_close_after_midnight() {
    let night = Opening { opens_at_minute: 1_080, closes_at_minute: 1_560, ..HANOI };
    assert!(night.covers(interval("2026-01-31T23:00:00+07:00", "2026-02-01T02:00:00+07:00")));
    assert!(night.covers(interval("2026-02-01T00:30:00+07:00", "2026-02-01T01:30:00+07:00")));
    assert!(!night.covers(interval("2026-02-01T01:00:00+07:00", "2026-02-01T02:01:00+07:00")));
}

#[test]
fn studio_that_never_closes_is_open_over_midnight() {
    let always = Opening { opens_at_minute: 0, closes_at_minute: DAY_MINUTES, ..HANOI };
    let days = interval("2026-01-30T09:00:00Z", "2026-02-02T10:00:00Z");
    assert_eq!(always.open(days), [days]);
}

#[test]
fn clock_may_be_behind_utc() {
    let west = Opening { utc_offset_minutes: -720, ..HANOI };
    assert!(west.covers(interval("2026-01-31T08:00:00-12:00", "2026-01-31T22:00:00-12:00")));
    assert!(!west.covers(interval("2026-01-31T20:00:00+07:00", "2026-01-31T21:00:00+07:00")));
}

#[test]
fn what_is_taken_is_not_free() {
    let open = [interval("2026-01-31T01:00:00Z", "2026-01-31T15:00:00Z")];
    let busy = vec![
        interval("2026-01-31T05:00:00Z", "2026-01-31T06:00:00Z"),
        interval("2026-01-31T00:00:00Z", "2026-01-31T02:00:00Z"),
        interval("2026-01-31T06:00:00Z", "2026-01-31T07:00:00Z"),
        interval("2026-01-31T14:00:00Z", "2026-01-31T16:00:00Z"),
    ];
    let expected = [
        interval("2026-01-31T02:00:00Z", "2026-01-31T05:00:00Z"),
        interval("2026-01-31T07:00:00Z", "2026-01-31T14:00:00Z"),
    ];
    assert_eq!(free(&open, busy), expected);
}

#[test]
fn minutes_are_whole_or_made_so() {
    let (whole, broken) = (at("2026-01-31T09:30:00Z"), at("2026-01-31T09:30:00.000001Z"));
    assert!(is_whole_minute(whole) && !is_whole_minute(broken));
    assert_eq!((whole_minute_from(whole), whole_minute_until(broken)), (whole, whole));
    assert_eq!(whole_minute_from(broken), at("2026-01-31T09:31:00Z"));
}

/// Some day in 2026, in minutes since 1970.
const START: i64 = 29_500_000;

fn of_minutes(starts: i64, ends: i64) -> Interval {
    Interval { starts_at: instant(starts), ends_at: instant(ends) }
}

fn any_opening() -> impl Strategy<Value = Opening> {
    (0..DAY_MINUTES, 1..=DAY_MINUTES, UTC_OFFSET_MINUTES_MIN..=UTC_OFFSET_MINUTES_MAX).prop_map(
        |(opens_at_minute, open_minutes, utc_offset_minutes)| Opening {
            opens_at_minute,
            closes_at_minute: opens_at_minute + open_minutes,
            utc_offset_minutes,
        },
    )
}

/// An interval of at most a day within the first days after [`START`].
fn any_interval() -> impl Strategy<Value = Interval> {
    (0..4 * 1_440_i64, 1..1_440_i64).prop_map(|(from, length)| of_minutes(START + from, START + from + length))
}

fn contains(intervals: &[Interval], minute: i64) -> bool {
    let at = instant(minute);
    intervals.iter().any(|interval| interval.starts_at <= at && at < interval.ends_at)
}

/// By the clock on the studio's wall.
fn is_open(opening: Opening, minute: i64) -> bool {
    let of_day = (minute + i64::from(opening.utc_offset_minutes)).rem_euclid(1_440);
    let hours = i64::from(opening.opens_at_minute)..i64::from(opening.closes_at_minute);
    hours.contains(&of_day) || hours.contains(&(of_day + 1_440))
}

proptest! {
    #[test]
    fn studio_is_open_when_its_clock_says_so(opening in any_opening(), range in any_interval()) {
        let open = opening.open(range);
        for minute in minute(range.starts_at)..minute(range.ends_at) {
            prop_assert_eq!(contains(&open, minute), is_open(opening, minute), "{}", minute);
        }
        let is_covered = (minute(range.starts_at)..minute(range.ends_at)).all(|minute| is_open(opening, minute));
        prop_assert_eq!(opening.covers(range), is_covered);
    }

    #[test]
    fn free_is_open_and_not_taken(
        opening in any_opening(), range in any_interval(), busy in prop::collection::vec(any_interval(), 0..6),
    ) {
        let open = opening.open(range);
        let free = free(&open, busy.clone());
        for minute in minute(range.starts_at) - 60..minute(range.ends_at) + 60 {
            let expected = contains(&open, minute) && !contains(&busy, minute);
            prop_assert_eq!(contains(&free, minute), expected, "{}", minute);
        }
    }

    #[test]
    fn free_intervals_are_in_order_and_apart(
        opening in any_opening(), range in any_interval(), busy in prop::collection::vec(any_interval(), 0..6),
    ) {
        let free = free(&opening.open(range), busy);
        prop_assert!(free.iter().all(|interval| interval.starts_at < interval.ends_at));
        prop_assert!(free.windows(2).all(|pair| pair[0].ends_at < pair[1].starts_at));
    }
}
