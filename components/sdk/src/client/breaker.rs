//! A circuit breaker: leaves alone what fails again and again.

use std::time::{Duration, Instant};

/// After how many failures in a row the callee is left alone.
pub(super) const FAILURES_MAX: u32 = 5;
/// For how long.
pub(super) const PAUSE: Duration = Duration::from_secs(5);

/// What this instance knows of a callee's health.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    failures: u32,
    open_until: Option<Instant>,
}

impl Breaker {
    /// Whether a call may be tried. After the pause one is, and its outcome decides.
    pub(super) fn allows(&self, now: Instant) -> bool {
        self.open_until.is_none_or(|until| now >= until)
    }

    /// Notes the outcome of a call.
    pub(super) fn record(&mut self, is_failure: bool, now: Instant) {
        if !is_failure {
            *self = Self::default();
            return;
        }
        self.failures = self.failures.saturating_add(1);
        if self.failures >= FAILURES_MAX {
            self.open_until = Some(now + PAUSE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(times: u32, now: Instant) -> Breaker {
        let mut breaker = Breaker::default();
        (0..times).for_each(|_| breaker.record(true, now));
        breaker
    }

    #[test]
    fn failing_callee_is_left_alone_for_a_while() {
        let now = Instant::now();
        assert!(failed(FAILURES_MAX - 1, now).allows(now));
        let breaker = failed(FAILURES_MAX, now);
        assert!(!breaker.allows(now + PAUSE - Duration::from_millis(1)));
        assert!(breaker.allows(now + PAUSE));
    }

    #[test]
    fn outcome_after_the_pause_decides() {
        let now = Instant::now();
        let later = now + PAUSE;
        let mut breaker = failed(FAILURES_MAX, now);
        breaker.record(true, later);
        assert!(!breaker.allows(later));
        breaker.record(false, later + PAUSE);
        assert!(breaker.allows(later + PAUSE));
        breaker.record(true, later + PAUSE);
        assert!(breaker.allows(later + PAUSE));
    }

    #[test]
    fn success_in_between_starts_the_count_anew() {
        let now = Instant::now();
        let mut breaker = failed(FAILURES_MAX - 1, now);
        breaker.record(false, now);
        breaker.record(true, now);
        assert!(breaker.allows(now));
    }
}
