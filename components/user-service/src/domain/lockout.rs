//! Guessing passwords does not pay: after five failures in a row an account is locked for a quarter of an hour.

use mutrapro_sdk::time::Instant;
use std::time::Duration;

/// The failures in a row that lock an account.
pub(crate) const FAILURES_MAX: u32 = 5;
/// How long it stays locked.
pub(crate) const LOCK: Duration = Duration::from_secs(15 * 60);

/// An account's recent failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Lockout {
    /// Failures since the last good login or the last lock.
    pub(crate) failed_logins: u32,
    /// Until when nobody gets in.
    pub(crate) locked_until: Option<Instant>,
}

impl Lockout {
    /// What one attempt at `now` leads to: whether it is let in, and what is remembered of it.
    ///
    /// While the account is locked even the right password is refused, and nothing is counted: an attacker can keep
    /// nobody locked out for longer than [`LOCK`] at a time.
    pub(crate) fn attempt(self, is_right: bool, now: Instant) -> (bool, Self) {
        if self.locked_until.is_some_and(|until| now < until) {
            return (false, self);
        }
        if is_right {
            return (true, Self::default());
        }
        match self.failed_logins.saturating_add(1) {
            FAILURES_MAX.. => (false, Self { failed_logins: 0, locked_until: Some(now.plus(LOCK)) }),
            failed_logins => (false, Self { failed_logins, locked_until: None }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: Instant = Instant::UNIX_EPOCH;

    fn after_failures(count: u32) -> Lockout {
        (0..count).fold(Lockout::default(), |lockout, _| lockout.attempt(false, START).1)
    }

    #[test]
    fn five_failures_lock_for_a_quarter_of_an_hour() {
        assert!(after_failures(4).attempt(true, START).0);
        let locked = after_failures(5);
        assert_eq!(locked.attempt(true, START), (false, locked));
        assert!(!locked.attempt(true, START.plus(LOCK - Duration::from_micros(1))).0);
        assert!(locked.attempt(true, START.plus(LOCK)).0);
    }

    #[test]
    fn success_forgets_failures() {
        assert_eq!(after_failures(4).attempt(true, START), (true, Lockout::default()));
    }

    #[test]
    fn after_the_lock_counting_begins_anew() {
        let (_, next) = after_failures(5).attempt(false, START.plus(LOCK));
        assert_eq!(next, Lockout { failed_logins: 1, locked_until: None });
    }

    proptest! {
        #[test]
        fn sixth_failure_in_a_row_is_judged_after_a_lock(
            steps in proptest::collection::vec((any::<bool>(), 0_u64..600), 1..200)
        ) {
            let (mut lockout, mut now, mut failed_at) = (Lockout::default(), START, Vec::new());
            for (is_right, wait_s) in steps {
                now = now.plus(Duration::from_secs(wait_s));
                let was_locked = lockout.locked_until.is_some_and(|until| now < until);
                let (is_in, next) = lockout.attempt(is_right, now);
                prop_assert_eq!(is_in, is_right && !was_locked);
                prop_assert!(!was_locked || next == lockout);
                lockout = next;
                match (is_in, was_locked) {
                    (true, _) => failed_at.clear(),
                    (false, false) => failed_at.push(now),
                    (false, true) => {}
                }
                // Every sixth, eleventh, … failure in a row was judged no sooner than a lock after the one before.
                if let (1, [.., before, last]) = (failed_at.len() % 5, failed_at.as_slice()) {
                    prop_assert!(last.since(*before) >= LOCK);
                }
            }
        }
    }
}
