//! How often whom may ask.

use crate::problems::Refusal;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::rate_limit::{self, Exceeded, Quota};
use std::net::{IpAddr, Ipv6Addr};

const PERIOD_S: u32 = 60;
/// As in draft-ietf-httpapi-ratelimit-headers-03, which clients know.
const LIMIT_HEADER: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING_HEADER: HeaderName = HeaderName::from_static("ratelimit-remaining");

/// Requests a minute; permits come back evenly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Of one user, over all sessions.
    pub(crate) user_per_minute: u32,
    /// Of one address.
    pub(crate) address_per_minute: u32,
    /// Of one address to sign in, register or refresh.
    pub(crate) sign_in_per_minute: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { user_per_minute: 600, address_per_minute: 1200, sign_in_per_minute: 30 }
    }
}

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bucket {
    Address(Option<IpAddr>),
    SignIn(Option<IpAddr>),
    User(Uuid),
}

impl Bucket {
    fn key(&self) -> String {
        match self {
            Self::Address(address) => format!("address:{}", subscriber(*address)),
            Self::SignIn(address) => format!("sign-in:{}", subscriber(*address)),
            Self::User(id) => format!("user:{id}"),
        }
    }

    fn limit(&self, limits: &Limits) -> u32 {
        match self {
            Self::Address(_) => limits.address_per_minute,
            Self::SignIn(_) => limits.sign_in_per_minute,
            Self::User(_) => limits.user_per_minute,
        }
    }
}

/// Who has an address. Of IPv6 a subscriber has a whole /64 at the least, and could come from another address each time.
fn subscriber(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => {
            let network = u128::from(address) & !u128::from(u64::MAX);
            format!("{}/64", Ipv6Addr::from(network))
        }
        // All who come from nowhere share one bucket.
        None => "unknown".to_owned(),
    }
}

/// Where the permits of a request come from.
pub(crate) trait Permits {
    /// As [`rate_limit::take`].
    fn take(&self, key: &str, quota: Quota) -> Result<u32, Exceeded>;
}

/// The host's.
pub(crate) struct HostPermits;

impl Permits for HostPermits {
    fn take(&self, key: &str, quota: Quota) -> Result<u32, Exceeded> {
        rate_limit::take(key, quota)
    }
}

/// The permits of one request, and which bucket is the nearest to empty.
pub(crate) struct Meter<'l, P> {
    limits: &'l Limits,
    permits: P,
    tightest: Option<Level>,
}

/// What is left in a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Level {
    limit: u32,
    remaining: u32,
}

impl<'l, P: Permits> Meter<'l, P> {
    pub(crate) fn new(limits: &'l Limits, permits: P) -> Self {
        Self { limits, permits, tightest: None }
    }

    /// Takes one permit.
    ///
    /// # Errors
    /// 429 `rate_limited` when there is none.
    pub(crate) fn take(&mut self, bucket: Bucket) -> Result<(), Refusal> {
        let limit = bucket.limit(self.limits);
        let remaining = self.permits.take(&bucket.key(), Quota { limit, period_s: PERIOD_S })?;
        if self.tightest.is_none_or(|tightest| remaining < tightest.remaining) {
            self.tightest = Some(Level { limit, remaining });
        }
        Ok(())
    }

    /// Tells the client how much is left of what it will run out of first.
    pub(crate) fn tell(&self, headers: &mut HeaderMap) {
        if let Some(Level { limit, remaining }) = self.tightest {
            headers.insert(LIMIT_HEADER, HeaderValue::from(limit));
            headers.insert(REMAINING_HEADER, HeaderValue::from(remaining));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::collections::HashMap;

    /// Buckets that never refill.
    #[derive(Default)]
    struct Once(RefCell<HashMap<String, u32>>);

    impl Permits for &Once {
        fn take(&self, key: &str, quota: Quota) -> Result<u32, Exceeded> {
            let mut taken = self.0.borrow_mut();
            let taken = taken.entry(key.to_owned()).or_default();
            *taken += 1;
            quota.limit.checked_sub(*taken).ok_or(Exceeded { retry_after_s: 9 })
        }
    }

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    const LIMITS: Limits = Limits { user_per_minute: 3, address_per_minute: 10, sign_in_per_minute: 2 };

    #[test]
    fn each_bucket_has_its_own_limit() {
        for (bucket, limit) in [
            (Bucket::Address(address("192.0.2.7")), 10),
            (Bucket::SignIn(address("192.0.2.7")), 2),
            (Bucket::User(Uuid::from_u128(1)), 3),
        ] {
            let permits = Once::default();
            let mut meter = Meter::new(&LIMITS, &permits);
            for _ in 0..limit {
                assert_eq!(meter.take(bucket), Ok(()));
            }
            assert_eq!(meter.take(bucket), Err(Refusal::RateLimited(Exceeded { retry_after_s: 9 })), "{bucket:?}");
        }
    }

    #[test]
    fn others_are_not_held_back() {
        let permits = Once::default();
        let mut meter = Meter::new(&LIMITS, &permits);
        (0..10).for_each(|_| assert_eq!(meter.take(Bucket::Address(address("192.0.2.7"))), Ok(())));
        assert_eq!(meter.take(Bucket::Address(address("192.0.2.8"))), Ok(()));
        assert_eq!(meter.take(Bucket::SignIn(address("192.0.2.7"))), Ok(()));
    }

    #[test]
    fn client_is_told_of_what_it_runs_out_of_first() {
        let permits = Once::default();
        let mut meter = Meter::new(&LIMITS, &permits);
        let mut headers = HeaderMap::new();
        meter.tell(&mut headers);
        assert!(headers.is_empty());
        meter.take(Bucket::Address(None)).unwrap();
        meter.take(Bucket::User(Uuid::from_u128(1))).unwrap();
        meter.tell(&mut headers);
        assert_eq!((headers[LIMIT_HEADER].as_bytes(), headers[REMAINING_HEADER].as_bytes()), (&b"3"[..], &b"2"[..]));
    }

    #[test]
    fn addresses_of_one_subscriber_count_together() {
        let key = |text| Bucket::Address(address(text)).key();
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:192.0.2.7"), key("192.0.2.7"));
        assert_ne!(key("192.0.2.7"), key("192.0.2.8"));
        assert_eq!(key("2001:db8:1:2::1"), "address:2001:db8:1:2::/64");
    }
}
