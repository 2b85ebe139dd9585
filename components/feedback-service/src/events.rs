//! Handles what other services tell: all of it goes to the log.

use crate::domain::activity::{Activity, ActivityId};
use crate::store;
use mutrapro_sdk::events::{Incoming, Refusal};
use mutrapro_sdk::sql::Transaction;

/// Logs `event`.
///
/// # Errors
/// As [`Activity::of`], and what the database makes of it.
pub(crate) fn handle(event: &Incoming, transaction: &Transaction<'_>) -> Result<(), Refusal> {
    let activity = Activity::of(event)?;
    Ok(store::insert_activity(transaction, ActivityId::generate(), &activity)?)
}
