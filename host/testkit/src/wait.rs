//! Waiting for a condition instead of for a time.

use anyhow::{Result, bail};
use std::time::{Duration, Instant};

/// How long a condition may take by default: generous, for machines that do other work beside the test.
const PATIENCE: Duration = Duration::from_secs(20);
const BETWEEN_LOOKS: Duration = Duration::from_millis(10);

/// Looks again and again until `look` finds something, and gives it.
///
/// # Errors
/// When nothing is found in 20 s, with `what` was waited for; or the first error of `look`.
pub async fn eventually<T>(what: &str, look: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    eventually_within(PATIENCE, what, look).await
}

/// As [`eventually`], with another patience.
///
/// # Errors
/// As [`eventually`].
pub async fn eventually_within<T>(
    patience: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        if Instant::now() > deadline {
            bail!("waited {patience:?} in vain until {what}");
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}
