//! How long to wait before the next attempt.

use std::time::Duration;

/// Waits that double with every failure up to a cap, each shortened by chance so that what failed together does not
/// come again together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The longest wait after the first failure.
    pub first: Duration,
    /// The longest wait at all.
    pub cap: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), cap: Duration::from_secs(300) }
    }
}

impl Backoff {
    /// The wait after `failures_before` earlier failures and one more: `first` × 2^`failures_before`, at most `cap`, and
    /// of that between half and the whole, as `chance` (0 to 1, clamped) says.
    pub fn delay(&self, failures_before: u32, chance: f64) -> Duration {
        let doubled = 2u32.checked_pow(failures_before).and_then(|factor| self.first.checked_mul(factor));
        let longest = doubled.map_or(self.cap, |delay| delay.min(self.cap));
        let chance = if chance.is_nan() { 0.0 } else { chance.clamp(0.0, 1.0) };
        longest.mul_f64(0.5 + chance / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn delay_is_between_half_and_the_whole(failures in 0u32..1_000, chance in 0.0f64..=1.0) {
            let backoff = Backoff::default();
            let whole = 2f64.powi(i32::try_from(failures.min(40)).unwrap()).min(300.0);
            let delay = backoff.delay(failures, chance).as_secs_f64();
            prop_assert!(delay >= whole / 2.0 - 1e-6 && delay <= whole + 1e-6, "{delay} of {whole}");
        }

        #[test]
        fn delay_never_shrinks_with_more_failures(failures in 0u32..100, chance in 0.0f64..=1.0) {
            let backoff = Backoff::default();
            prop_assert!(backoff.delay(failures + 1, chance) >= backoff.delay(failures, chance));
        }

        #[test]
        fn any_chance_gives_a_delay_within_the_cap(failures: u32, chance: f64) {
            prop_assert!(Backoff::default().delay(failures, chance) <= Duration::from_secs(300));
        }
    }

    #[test]
    fn delays_double_from_one_second_to_five_minutes() {
        let delays: Vec<u64> = (0..11).map(|n| Backoff::default().delay(n, 1.0).as_secs()).collect();
        assert_eq!(delays, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    }
}
