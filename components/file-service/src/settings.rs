//! What an operator can set.

use mutrapro_sdk::problem::{Problem, Result};
use mutrapro_sdk::variables;
use std::time::Duration;

/// How many bytes one user may keep; deleted files count until their content is gone.
pub(crate) fn quota_bytes() -> Result<u64> {
    number("file_quota_bytes")
}

/// How long the content of a deleted file is kept.
pub(crate) fn grace() -> Result<Duration> {
    Ok(Duration::from_secs(number("file_grace_hours")?.saturating_mul(3600)))
}

fn number(name: &str) -> Result<u64> {
    let text = variables::get(name)?.unwrap_or_default();
    text.parse().map_err(|error| Problem::internal(format!("variable {name:?} is {text:?}: {error}")))
}
