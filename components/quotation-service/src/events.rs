//! Handles what other services tell.

use crate::domain::RequestId;
use crate::domain::request::RequestStatus;
use crate::paying;
use mutrapro_contracts::Event;
use mutrapro_contracts::payment::{PaymentCompleted, PaymentRefunded};
use mutrapro_contracts::project::{ProjectCancelled, ProjectCompleted, ProjectStarted};
use mutrapro_contracts::revision::{PackageDelivered, RevisionRejected, RevisionRequested};
use mutrapro_sdk::events::{Incoming, Refusal};
use mutrapro_sdk::sql::Transaction;
use mutrapro_sdk::time::Instant;

/// Moves requests and milestones on.
///
/// # Errors
/// Asks for another delivery of what overtook an event that it follows from; rejects kinds and payloads that it does not know.
pub(crate) fn handle(event: &Incoming, tx: &Transaction<'_>) -> Result<(), Refusal> {
    let now = Instant::now();
    match event.kind.as_str() {
        PaymentCompleted::KIND => paying::payment_completed(tx, &event.parse()?, now)?,
        PaymentRefunded::KIND => paying::payment_refunded(tx, &event.parse()?, now)?,
        ProjectStarted::KIND => {
            let ProjectStarted { project } = event.parse()?;
            let to = (RequestStatus::Approved, RequestStatus::InProgress);
            paying::project_moved(tx, RequestId::from(project.request_id), to, now)?;
        }
        ProjectCompleted::KIND => {
            let ProjectCompleted { project, .. } = event.parse()?;
            let to = (RequestStatus::InProgress, RequestStatus::Completed);
            paying::project_moved(tx, RequestId::from(project.request_id), to, now)?;
        }
        ProjectCancelled::KIND => {
            let ProjectCancelled { project, reason, .. } = event.parse()?;
            paying::project_cancelled(tx, RequestId::from(project.request_id), reason, now)?;
        }
        PackageDelivered::KIND => paying::package_delivered(tx, &event.parse()?, now)?,
        RevisionRequested::KIND => paying::revision_requested(tx, &event.parse()?, now)?,
        RevisionRejected::KIND => paying::revision_rejected(tx, &event.parse()?, now)?,
        _ => return Err(event.unknown()),
    }
    Ok(())
}
