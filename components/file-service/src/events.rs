//! Handles what other services tell.

use crate::store;
use mutrapro_contracts::Event;
use mutrapro_contracts::project::ProjectCompleted;
use mutrapro_sdk::events::{Incoming, Refusal};
use mutrapro_sdk::sql::Transaction;
use mutrapro_sdk::time::Instant;

/// Makes the files that a project was completed with final. One that was deleted meanwhile is none of them.
///
/// # Errors
/// What the database makes of it; a kind that is not subscribed to.
pub(crate) fn handle(event: &Incoming, transaction: &Transaction<'_>) -> Result<(), Refusal> {
    if event.kind != ProjectCompleted::KIND {
        return Err(event.unknown());
    }
    let completed: ProjectCompleted = event.parse()?;
    let now = Instant::now();
    for file_id in completed.deliverable_file_ids {
        store::make_final(transaction, file_id, completed.project.project_id, now)?;
    }
    Ok(())
}
