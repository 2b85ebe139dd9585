//! Handles what other services tell.

use crate::domain::ProjectId;
use crate::{store, tasks};
use mutrapro_contracts::Event;
use mutrapro_contracts::project::ProjectCancelled;
use mutrapro_sdk::events::{Incoming, Refusal};
use mutrapro_sdk::problem::Result;
use mutrapro_sdk::sql::Transaction;
use mutrapro_sdk::time::Instant;

/// Cancels tasks with their project.
///
/// # Errors
/// Rejects kinds and payloads that it does not know.
pub(crate) fn handle(event: &Incoming, tx: &Transaction<'_>) -> Result<(), Refusal> {
    match event.kind.as_str() {
        ProjectCancelled::KIND => Ok(project_cancelled(tx, &event.parse()?, Instant::now())?),
        _ => Err(event.unknown()),
    }
}

/// Nothing more comes of the project: nobody has to do what is open or offered. A task that is being assigned at the same time
/// is found by the job `confirm-tasks`.
fn project_cancelled(tx: &Transaction<'_>, event: &ProjectCancelled, now: Instant) -> Result<()> {
    for task in store::live_tasks(tx, ProjectId::from(event.project.project_id))? {
        tasks::end(tx, &task, event.reason.clone(), None, now)?;
    }
    Ok(())
}
