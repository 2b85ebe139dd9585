//! When things have to be done, and answered.

use mutrapro_sdk::time::Instant;
use std::time::Duration;

/// How long a specialist may think about a rush offer, unless the coordinator says otherwise, in minutes.
pub(crate) const RESPONSE_MINUTES: u32 = 4 * 60;
/// The shortest time to think, in minutes: less is no offer.
pub(crate) const RESPONSE_MINUTES_MIN: u32 = 15;
/// The longest time to think, in minutes: more is no rush.
pub(crate) const RESPONSE_MINUTES_MAX: u32 = 24 * 60;
/// How many days before the end a specialist is reminded, the first reminder first.
pub(crate) const REMINDER_DAYS: [u8; 3] = [3, 1, 0];

const SECONDS_A_DAY: u64 = 24 * 60 * 60;

/// So many times 24 hours.
pub(crate) fn days(days: u32) -> Duration {
    Duration::from_secs(u64::from(days) * SECONDS_A_DAY)
}

/// Until when an offer that is made at `now` can be answered: at the latest when the work has to be done.
pub(crate) fn response_deadline(now: Instant, response_minutes: u32, due_at: Instant) -> Instant {
    now.plus(Duration::from_secs(u64::from(response_minutes) * 60)).min(due_at)
}

/// What has to be done has to be so in the future.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn check_due_at(due_at: Instant, now: Instant) -> Result<(), String> {
    if due_at > now { Ok(()) } else { Err(format!("must be later than now, {now}")) }
}

/// The reminder that is to be sent at `now`, if the last one told `reminded` days: the latest whose time has come.
pub(crate) fn reminder(due_at: Instant, reminded: Option<u8>, now: Instant) -> Option<u8> {
    if now > due_at {
        return None;
    }
    let days_left = due_at.since(now).as_secs() / SECONDS_A_DAY;
    let latest = REMINDER_DAYS.into_iter().rfind(|days| days_left <= u64::from(*days))?;
    reminded.is_none_or(|reminded| latest < reminded).then_some(latest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn due() -> Instant {
        "2026-01-31T09:30:00Z".parse().unwrap()
    }

    fn before_due(seconds: u64) -> Instant {
        due().minus(Duration::from_secs(seconds))
    }

    #[test]
    fn offers_stand_for_four_hours_and_never_longer_than_the_work_may_take() {
        let now = before_due(5 * 3600);
        assert_eq!(response_deadline(now, RESPONSE_MINUTES, due()), before_due(3600));
        assert_eq!(response_deadline(now, RESPONSE_MINUTES_MAX, due()), due());
        assert_eq!(response_deadline(now, RESPONSE_MINUTES_MIN, due()), now.plus(Duration::from_secs(15 * 60)));
    }

    #[test]
    fn work_is_due_in_the_future() {
        assert!(check_due_at(due(), before_due(1)).is_ok());
        assert!(check_due_at(due(), due()).is_err() && check_due_at(before_due(1), due()).is_err());
    }

    #[test]
    fn each_reminder_comes_once_in_its_time() {
        let at = |hours: u64, reminded| reminder(due(), reminded, before_due(hours * 3600));
        assert_eq!(at(24 * 7, None), None);
        assert_eq!((at(24 * 3 + 1, None), at(24 * 3 + 1, Some(3))), (Some(3), None));
        assert_eq!((at(30, Some(3)), at(30, Some(1))), (Some(1), None));
        assert_eq!((at(2, Some(1)), at(2, None), at(2, Some(0))), (Some(0), Some(0), None));
        assert_eq!(reminder(due(), Some(1), due().plus(Duration::from_secs(1))), None);
    }

    proptest! {
        #[test]
        fn nobody_is_told_the_same_twice(mut ticks in prop::collection::vec(0_u64..7 * SECONDS_A_DAY, 0..50)) {
            ticks.sort_unstable_by(|a, b| b.cmp(a));
            let mut told = Vec::new();
            for seconds in ticks {
                told.extend(reminder(due(), told.last().copied(), before_due(seconds)));
            }
            prop_assert!(told.windows(2).all(|pair| pair[0] > pair[1]), "{told:?}");
            prop_assert!(told.iter().all(|days| REMINDER_DAYS.contains(days)), "{told:?}");
        }
    }
}
