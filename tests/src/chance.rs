//! Chance that can be had again.

use anyhow::{Context, Result};

/// The seed of this run: `MUTRAPRO_SEED`, or any. It is printed, so that a run that failed can be replayed.
///
/// # Errors
/// When `MUTRAPRO_SEED` is no number.
pub fn seed() -> Result<u64> {
    let seed = match std::env::var("MUTRAPRO_SEED") {
        Ok(given) => given.parse().context("MUTRAPRO_SEED is no number")?,
        Err(_) => rand::random(),
    };
    println!("MUTRAPRO_SEED={seed}");
    Ok(seed)
}
