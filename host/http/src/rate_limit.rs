//! Rate limits per key, in memory: the generic cell rate algorithm, as `governor` has it.

use crate::limits::HttpLimits;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Keys whose bucket is full again are forgotten every so many permits.
const FORGET_EVERY: u32 = 10_000;

type Limiter = RateLimiter<String, DefaultKeyedStateStore<String>, DefaultClock, StateInformationMiddleware>;

/// Buckets by limit and period, then by key.
pub(crate) struct RateLimits {
    limiters: Mutex<HashMap<(u32, u32), Arc<Limiter>>>,
    taken: AtomicU32,
    quotas_max: usize,
    key_bytes_max: usize,
}

impl RateLimits {
    pub(crate) fn new(limits: &HttpLimits) -> Self {
        Self {
            limiters: Mutex::default(),
            taken: AtomicU32::new(0),
            quotas_max: limits.rate_limit_quotas_max,
            key_bytes_max: limits.rate_limit_key_bytes_max,
        }
    }

    /// Takes a permit: how many are left, or how many seconds until the next one.
    pub(crate) fn take(&self, key: String, limit: u32, period_seconds: u32) -> Result<u32, u32> {
        let refused = Err(period_seconds.max(1));
        if key.len() > self.key_bytes_max {
            tracing::warn!("a rate limit's key has more than {} bytes: refused", self.key_bytes_max);
            return refused;
        }
        let Some(limiter) = self.limiter(limit, period_seconds) else {
            return refused;
        };
        if self.taken.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            limiter.retain_recent();
        }
        match limiter.check_key(&key) {
            Ok(state) => Ok(state.remaining_burst_capacity()),
            Err(not_until) => {
                let wait = not_until.wait_time_from(DefaultClock::default().now());
                let seconds = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1);
                Err(u32::try_from(seconds).unwrap_or(u32::MAX))
            }
        }
    }

    fn limiter(&self, limit: u32, period_seconds: u32) -> Option<Arc<Limiter>> {
        let burst = NonZeroU32::new(limit)?;
        let period = Duration::from_secs(u64::from(period_seconds)).checked_div(limit)?;
        let quota = Quota::with_period(period)?.allow_burst(burst);
        let mut limiters = self.limiters.lock().unwrap_or_else(PoisonError::into_inner);
        if !limiters.contains_key(&(limit, period_seconds)) && limiters.len() >= self.quotas_max {
            tracing::warn!("more than {} pairs of limit and period are in use: refused", self.quotas_max);
            return None;
        }
        let limiter = limiters.entry((limit, period_seconds)).or_insert_with(|| {
            Arc::new(RateLimiter::dashmap_with_clock(quota, DefaultClock::default()).with_middleware())
        });
        Some(Arc::clone(limiter))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_permits_and_then_says_when() {
        let limits = RateLimits::new(&HttpLimits::default());
        assert_eq!(limits.take("a".into(), 2, 60), Ok(1));
        assert_eq!(limits.take("a".into(), 2, 60), Ok(0));
        let wait = limits.take("a".into(), 2, 60).unwrap_err();
        assert!((1..=30).contains(&wait), "{wait}");
        assert_eq!(limits.take("b".into(), 2, 60), Ok(1), "another key has its own bucket");
    }

    #[test]
    fn nothing_is_given_for_a_limit_or_period_of_zero_or_a_key_without_end() {
        let limits = RateLimits::new(&HttpLimits::default());
        assert_eq!(limits.take("a".into(), 0, 60), Err(60));
        assert_eq!(limits.take("a".into(), 5, 0), Err(1));
        assert_eq!(limits.take("a".repeat(257), 5, 60), Err(60));
    }

    #[test]
    fn pairs_of_limit_and_period_are_bounded() {
        let limits = RateLimits::new(&HttpLimits { rate_limit_quotas_max: 1, ..HttpLimits::default() });
        assert_eq!(limits.take("a".into(), 5, 60), Ok(4));
        assert_eq!(limits.take("a".into(), 6, 60), Err(60));
    }
}
