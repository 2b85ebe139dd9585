//! Handles what other services tell.

use crate::domain::{ProjectId, RevisionId};
use crate::revisions;
use mutrapro_contracts::Event;
use mutrapro_contracts::project::ProjectCancelled;
use mutrapro_contracts::quotation::MilestonePaid;
use mutrapro_contracts::task::{TaskCompleted, TaskInProgress};
use mutrapro_sdk::events::{Incoming, Refusal};
use mutrapro_sdk::sql::Transaction;
use mutrapro_sdk::time::Instant;

/// Moves revisions on. Milestones and tasks that have to do with none are left alone.
///
/// # Errors
/// Asks for another delivery of what overtook an event that it follows from; rejects kinds and payloads that it does not know.
pub(crate) fn handle(event: &Incoming, tx: &Transaction<'_>) -> Result<(), Refusal> {
    let now = Instant::now();
    match event.kind.as_str() {
        MilestonePaid::KIND => {
            if let Some(revision_id) = paid_revision(&event.parse()?) {
                revisions::fee_paid(tx, revision_id, now)?;
            }
        }
        TaskInProgress::KIND => {
            let TaskInProgress { task } = event.parse()?;
            if let Some(revision_id) = task.revision_id {
                revisions::task_started(tx, revision_id.into(), now)?;
            }
        }
        TaskCompleted::KIND => {
            let TaskCompleted { task, .. } = event.parse()?;
            if let Some(revision_id) = task.revision_id {
                revisions::task_completed(tx, revision_id.into(), now)?;
            }
        }
        ProjectCancelled::KIND => {
            let ProjectCancelled { project, reason, .. } = event.parse()?;
            let project_id = ProjectId::from(project.project_id);
            revisions::project_cancelled(tx, project_id, reason.as_deref(), now)?;
        }
        _ => return Err(event.unknown()),
    }
    Ok(())
}

/// The revision whose fee was paid, if a fee was.
fn paid_revision(event: &MilestonePaid) -> Option<RevisionId> {
    let is_fee = event.milestone.milestone_type == "revision_fee";
    event.milestone.revision_id.filter(|_| is_fee).map(RevisionId::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mutrapro_contracts::quotation::Milestone;
    use mutrapro_sdk::id::Uuid;

    fn paid(milestone_type: &str, revision_id: Option<u128>) -> Option<Uuid> {
        let id = Uuid::from_u128;
        let milestone = Milestone {
            milestone_id: id(1),
            quotation_id: id(2),
            request_id: id(3),
            title: "Diễm xưa".into(),
            milestone_type: milestone_type.into(),
            name: "Revision 2".into(),
            amount: 20_000,
            currency: "VND".into(),
            due_at: None,
            customer_id: id(4),
            customer_user_id: id(5),
            coordinator_id: id(6),
            coordinator_user_id: id(7),
            revision_id: revision_id.map(id),
        };
        paid_revision(&MilestonePaid { milestone, payment_id: id(8) }).map(RevisionId::uuid)
    }

    #[test]
    fn only_the_fee_of_a_revision_approves_one() {
        assert_eq!(paid("revision_fee", Some(9)), Some(Uuid::from_u128(9)));
        assert_eq!([paid("deposit", None), paid("final_payment", Some(9)), paid("revision_fee", None)], [None; 3]);
    }
}
