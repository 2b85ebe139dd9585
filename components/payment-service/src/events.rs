//! Handles what other services tell: money goes back for what is cancelled.
//!
//! What a handler finds no payment of yet, the payment itself finds out: it looks again once it is there to be found.

use crate::domain::payment::is_given_back;
use crate::domain::{MilestoneId, QuotationId};
use crate::refunding::{self, Wish};
use crate::store;
use mutrapro_contracts::Event;
use mutrapro_contracts::project::ProjectCancelled;
use mutrapro_contracts::quotation::MilestoneCancelled;
use mutrapro_sdk::events::{Incoming, Refusal};
use mutrapro_sdk::problem::Result;
use mutrapro_sdk::sql::Transaction;
use mutrapro_sdk::time::Instant;

/// Queues refunds, which `carry-out-refunds` carries out: a handler calls nobody.
///
/// # Errors
/// Rejects kinds and payloads that it does not know.
pub(crate) fn handle(event: &Incoming, tx: &Transaction<'_>) -> Result<(), Refusal> {
    let now = Instant::now();
    match event.kind.as_str() {
        ProjectCancelled::KIND => project_cancelled(tx, event.parse()?, now)?,
        MilestoneCancelled::KIND => milestone_cancelled(tx, &event.parse()?, now)?,
        _ => return Err(event.unknown()),
    }
    Ok(())
}

/// Everything is given back that the rules do not let the studio keep.
fn project_cancelled(tx: &Transaction<'_>, event: ProjectCancelled, now: Instant) -> Result<()> {
    let wish = Wish { reason: event.reason, ..Wish::default() };
    for payment in store::live_payments_of_quotation(tx, QuotationId::from(event.project.quotation_id))? {
        if is_given_back(&payment.milestone_type, event.was_started) {
            refunding::queue(tx, &payment, &wish, now)?;
        }
    }
    Ok(())
}

/// Nobody has to pay it any more: its request was cancelled before it was paid, or the revision is not done.
fn milestone_cancelled(tx: &Transaction<'_>, event: &MilestoneCancelled, now: Instant) -> Result<()> {
    let id = MilestoneId::from(event.milestone.milestone_id);
    if let Some(payment) = store::live_payment_of_milestone(tx, id)? {
        refunding::queue(tx, &payment, &Wish::default(), now)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_manifest_subscribes_to_has_a_handler() {
        let manifest = include_str!("../../../spin.toml");
        let entry = manifest.split("component = \"payment-service\"").nth(1).unwrap();
        let subscribes = entry.lines().find(|line| line.starts_with("subscribes")).unwrap();
        let kinds: Vec<_> = subscribes.split('"').skip(1).step_by(2).collect();
        assert_eq!(kinds, [ProjectCancelled::KIND, MilestoneCancelled::KIND]);
    }
}
