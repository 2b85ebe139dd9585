//! Handles what other services tell.

use crate::{accounts, portfolio, profiles};
use mutrapro_contracts::Event;
use mutrapro_contracts::feedback::FeedbackCreated;
use mutrapro_contracts::file::FileDeleted;
use mutrapro_contracts::project::ProjectCompleted;
use mutrapro_contracts::user::{RoleGranted, RoleRevoked, UserDeactivated, UserUpdated};
use mutrapro_sdk::events::{Incoming, Refusal};
use mutrapro_sdk::sql::Transaction;
use mutrapro_sdk::time::Instant;

/// Moves ratings and counters, hides demos, and keeps the copies of accounts right.
///
/// # Errors
/// Asks for another delivery when another event won; rejects kinds, payloads and specialists that it does not know.
pub(crate) fn handle(event: &Incoming, tx: &Transaction<'_>) -> Result<(), Refusal> {
    let now = Instant::now();
    match event.kind.as_str() {
        FeedbackCreated::KIND => profiles::rated(tx, &event.parse()?, now)?,
        ProjectCompleted::KIND => profiles::project_completed(tx, &event.parse()?, now)?,
        FileDeleted::KIND => {
            let file: FileDeleted = event.parse()?;
            // Of all files, demos alone belong to a specialist.
            if let Some(specialist_id) = file.specialist_id {
                portfolio::hide_demos(tx, specialist_id.into(), file.file_id.into(), file.deleted_by.into(), now)?;
            }
        }
        UserUpdated::KIND => accounts::user_updated(tx, &event.parse()?, now)?,
        UserDeactivated::KIND => accounts::user_deactivated(tx, &event.parse()?, now)?,
        RoleGranted::KIND => accounts::role_granted(tx, &event.parse()?, now)?,
        RoleRevoked::KIND => accounts::role_revoked(tx, &event.parse()?, now)?,
        _ => return Err(event.unknown()),
    }
    Ok(())
}
