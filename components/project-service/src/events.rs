//! Handles what other services tell.

use crate::store::Key;
use crate::{following, projects};
use mutrapro_contracts::Event;
use mutrapro_contracts::quotation::{
    MilestoneCancelled, MilestoneDue, MilestonePaid, QuotationApproved, RequestCancelled,
};
use mutrapro_contracts::revision::{PackageApproved, PackageDelivered, RevisionApproved, RevisionRejected};
use mutrapro_contracts::task::{TaskAssigned, TaskCancelled, TaskCompleted, TaskRejected};
use mutrapro_sdk::events::{Incoming, Refusal};
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::sql::Transaction;
use mutrapro_sdk::time::Instant;

/// Makes projects of quotations and moves them on.
///
/// # Errors
/// Asks for another delivery of what overtook the quotation that it follows from; rejects kinds and payloads that it does not
/// know.
pub(crate) fn handle(event: &Incoming, tx: &Transaction<'_>) -> Result<(), Refusal> {
    let (now, happened_at) = (Instant::now(), event.occurred_at);
    match event.kind.as_str() {
        QuotationApproved::KIND => projects::create(tx, &event.parse()?, now)?,
        RequestCancelled::KIND => following::request_cancelled(tx, &event.parse()?, now)?,
        MilestoneDue::KIND => following::milestone_due(tx, &event.parse::<MilestoneDue>()?.milestone, now)?,
        MilestonePaid::KIND => following::milestone_paid(tx, &event.parse()?, now)?,
        MilestoneCancelled::KIND => {
            let MilestoneCancelled { milestone } = event.parse()?;
            following::milestone_cancelled(tx, &milestone, happened_at, now)?;
        }
        TaskAssigned::KIND => following::task_assigned(tx, key(event.parse::<TaskAssigned>()?.task.project_id), now)?,
        TaskRejected::KIND => following::task_dropped(tx, key(event.parse::<TaskRejected>()?.task.project_id), now)?,
        TaskCancelled::KIND => following::task_dropped(tx, key(event.parse::<TaskCancelled>()?.task.project_id), now)?,
        TaskCompleted::KIND => following::task_completed(tx, &event.parse()?, happened_at, now)?,
        PackageDelivered::KIND => following::package_delivered(tx, &event.parse()?, happened_at, now)?,
        PackageApproved::KIND => following::package_approved(tx, &event.parse()?, happened_at, now)?,
        RevisionApproved::KIND => following::revision_approved(tx, &event.parse()?, happened_at, now)?,
        RevisionRejected::KIND => following::revision_rejected(tx, &event.parse()?, now)?,
        _ => return Err(event.unknown()),
    }
    Ok(())
}

fn key(project_id: Uuid) -> Key {
    Key::Project(project_id.into())
}
