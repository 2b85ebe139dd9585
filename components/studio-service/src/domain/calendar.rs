//! When a studio is open, and when it is free.
//!
//! A studio keeps its opening hours on its own clock, which is a fixed number of minutes ahead of UTC: there is no summer time in
//! Vietnam, and a studio elsewhere has its offset changed twice a year. It may close after midnight, and hours that meet, such as
//! those of a studio that never closes, are one.

use mutrapro_sdk::time::Instant;
use serde::Serialize;
use std::cmp::{max, min};
use std::time::Duration;
use utoipa::ToSchema;

/// How far the clock of a studio is ahead of UTC unless its administrator says otherwise, in minutes: Vietnam's.
pub(crate) const UTC_OFFSET_MINUTES: i32 = 420;
/// The least that a clock is ahead of UTC, in minutes.
pub(crate) const UTC_OFFSET_MINUTES_MIN: i32 = -720;
/// The most that a clock is ahead of UTC, in minutes.
pub(crate) const UTC_OFFSET_MINUTES_MAX: i32 = 840;
/// A day, in minutes.
pub(crate) const DAY_MINUTES: u32 = 1_440;

const SECONDS_A_MINUTE: u64 = 60;

/// From one instant to a later one, which does not belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Interval {
    /// Its first moment.
    pub(crate) starts_at: Instant,
    /// The moment after its last.
    pub(crate) ends_at: Instant,
}

impl Interval {
    /// How long it is, in whole minutes; 0 when it ends before it starts.
    pub(crate) fn minutes(self) -> u32 {
        u32::try_from(self.ends_at.since(self.starts_at).as_secs() / SECONDS_A_MINUTE).unwrap_or(u32::MAX)
    }

    /// What both have in common.
    pub(crate) fn within(self, other: Self) -> Option<Self> {
        let starts_at = max(self.starts_at, other.starts_at);
        let ends_at = min(self.ends_at, other.ends_at);
        (starts_at < ends_at).then_some(Self { starts_at, ends_at })
    }
}

/// When a studio is open, on its own clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Opening {
    /// After midnight: 0 to 1439.
    pub(crate) opens_at_minute: u32,
    /// After the same midnight: later than it opens, and at most a day later.
    pub(crate) closes_at_minute: u32,
    /// How far the clock is ahead of UTC.
    pub(crate) utc_offset_minutes: i32,
}

impl Opening {
    /// The open hours within `range`, in order and apart from each other. Nothing before 1970.
    pub(crate) fn open(self, range: Interval) -> Vec<Interval> {
        let day_minutes = i64::from(DAY_MINUTES);
        let offset = i64::from(self.utc_offset_minutes);
        let day_of = |instant| (minute(instant) + offset).div_euclid(day_minutes);
        let mut open: Vec<Interval> = Vec::new();
        // The hours of the day before may last until after midnight.
        for day in day_of(range.starts_at) - 1..=day_of(range.ends_at) {
            let midnight = day * day_minutes - offset;
            let hours = Interval {
                starts_at: instant(midnight + i64::from(self.opens_at_minute)),
                ends_at: instant(midnight + i64::from(self.closes_at_minute)),
            };
            let Some(hours) = hours.within(range) else {
                continue;
            };
            match open.last_mut() {
                Some(last) if last.ends_at >= hours.starts_at => last.ends_at = max(last.ends_at, hours.ends_at),
                _ => open.push(hours),
            }
        }
        open
    }

    /// Whether the studio is open all the time.
    pub(crate) fn covers(self, session: Interval) -> bool {
        self.open(session) == [session]
    }
}

/// What of the `open` hours, which are in order, is not `busy`.
pub(crate) fn free(open: &[Interval], mut busy: Vec<Interval>) -> Vec<Interval> {
    busy.sort_unstable_by_key(|taken| taken.starts_at);
    let mut free = Vec::new();
    for hours in open {
        let mut from = hours.starts_at;
        for taken in busy.iter().filter_map(|taken| taken.within(*hours)) {
            if from < taken.starts_at {
                free.push(Interval { starts_at: from, ends_at: taken.starts_at });
            }
            from = max(from, taken.ends_at);
        }
        if from < hours.ends_at {
            free.push(Interval { starts_at: from, ends_at: hours.ends_at });
        }
    }
    free
}

/// Whether it is the first moment of a minute.
pub(crate) fn is_whole_minute(at: Instant) -> bool {
    instant(minute(at)) == at
}

/// The first whole minute that is not before `at`.
pub(crate) fn whole_minute_from(at: Instant) -> Instant {
    if is_whole_minute(at) { at } else { instant(minute(at) + 1) }
}

/// The last whole minute that is not after `at`.
pub(crate) fn whole_minute_until(at: Instant) -> Instant {
    instant(minute(at))
}

/// So many minutes.
pub(crate) fn minutes(minutes: u32) -> Duration {
    Duration::from_secs(u64::from(minutes) * SECONDS_A_MINUTE)
}

/// So many times 24 hours.
pub(crate) fn days(days: u32) -> Duration {
    minutes(days * DAY_MINUTES)
}

/// The minute that `instant` is in, counted from 1970.
fn minute(instant: Instant) -> i64 {
    i64::try_from(instant.since(Instant::UNIX_EPOCH).as_secs() / SECONDS_A_MINUTE).unwrap_or(i64::MAX)
}

fn instant(minute: i64) -> Instant {
    let minutes = u64::try_from(minute).unwrap_or(0);
    Instant::UNIX_EPOCH.plus(Duration::from_secs(minutes.saturating_mul(SECONDS_A_MINUTE)))
}

#[cfg(test)]
mod tests;
