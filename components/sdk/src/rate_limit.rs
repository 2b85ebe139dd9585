//! Counts requests per key, over all instances on this host.

use crate::bindings::platform::mutrapro::http::rate_limit;

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// How many requests.
    pub limit: u32,
    /// In how many seconds; permits come back evenly.
    pub period_s: u32,
}

/// No permit is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("over the rate limit: try again in {retry_after_s} s")]
pub struct Exceeded {
    /// When the next permit comes, at least 1.
    pub retry_after_s: u32,
}

/// Takes one permit of `key` and answers how many are left.
///
/// # Errors
/// [`Exceeded`] when there is none.
pub fn take(key: &str, quota: Quota) -> Result<u32, Exceeded> {
    rate_limit::take(key, quota.limit, quota.period_s).map_err(|retry_after_s| Exceeded { retry_after_s })
}
