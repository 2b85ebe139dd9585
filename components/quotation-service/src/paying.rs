//! What happens to milestones because of what others tell.
//!
//! Events of different aggregates may overtake each other: what is not there yet is waited for, what does not apply any more
//! is left alone.

use crate::announcements as announce;
use crate::domain::milestone::{MilestoneStatus, MilestoneType, Trigger, due_at};
use crate::domain::request::RequestStatus;
use crate::domain::{MilestoneId, PaymentId, QuotationId, RequestId, RevisionId};
use crate::store::{self, Milestone, Quotation, Request};
use crate::{quoting, requests};
use mutrapro_contracts::payment::{PaymentCompleted, PaymentRefunded};
use mutrapro_contracts::quotation::MilestoneCancelled;
use mutrapro_contracts::revision::{PackageDelivered, RevisionRejected, RevisionRequested};
use mutrapro_sdk::problem::{Problem, Result};
use mutrapro_sdk::sql::Transaction;
use mutrapro_sdk::time::Instant;

/// More milestones than a quotation ever has: the first two, and one a revision.
const MILESTONES_MAX: i64 = 1_000;

/// The money is there: the milestone is paid, and with the deposit the request is approved.
pub(crate) fn payment_completed(tx: &Transaction<'_>, event: &PaymentCompleted, now: Instant) -> Result<()> {
    let (milestone, quotation, request) = with_surroundings(tx, event.payment.milestone_id.into())?;
    // Cancelled or paid already: payment-service gives the money back when it hears of the one, and never takes it twice.
    if !store::mark_paid(tx, milestone.id, PaymentId::from(event.payment.payment_id), now)? {
        return Ok(());
    }
    let told = announce::of_milestone(&milestone, &quotation, &request);
    tx.emit(&announce::milestone_paid(told, event.payment.payment_id.into()))?;
    if milestone.milestone_type == MilestoneType::Deposit && request.status == RequestStatus::Quoted {
        requests::advance(tx, &request, RequestStatus::Approved, None, now)?;
    }
    Ok(())
}

/// The money went back: the milestone is due again, unless nobody has to pay it any more.
pub(crate) fn payment_refunded(tx: &Transaction<'_>, event: &PaymentRefunded, now: Instant) -> Result<()> {
    let (milestone, quotation, request) = with_surroundings(tx, event.payment.milestone_id.into())?;
    if milestone.payment_id != Some(event.payment.payment_id.into()) {
        return Ok(());
    }
    if request.status == RequestStatus::Cancelled {
        store::move_milestone(tx, milestone.id, (MilestoneStatus::Paid, MilestoneStatus::Cancelled), now)?;
        return Ok(());
    }
    let due_at = due_at(now);
    if store::make_due(tx, milestone.id, MilestoneStatus::Paid, due_at, now)? {
        let milestone = Milestone { due_at: Some(due_at), ..milestone };
        tx.emit(&announce::milestone_due(announce::of_milestone(&milestone, &quotation, &request)))?;
    }
    Ok(())
}

/// The final package is with the customer: the final payment is due.
pub(crate) fn package_delivered(tx: &Transaction<'_>, event: &PackageDelivered, now: Instant) -> Result<()> {
    if event.package.delivery_type != "final" {
        return Ok(());
    }
    let quotation = quoting::found(tx, QuotationId::from(event.package.quotation_id))?;
    let request = requests::found(tx, quotation.request_id)?;
    for milestone in store::milestones(tx, quotation.id, None, MILESTONES_MAX)? {
        let waits = milestone.trigger_condition == Trigger::DeliverableSent;
        let due_at = due_at(now);
        if waits && store::make_due(tx, milestone.id, MilestoneStatus::Pending, due_at, now)? {
            let milestone = Milestone { due_at: Some(due_at), ..milestone };
            tx.emit(&announce::milestone_due(announce::of_milestone(&milestone, &quotation, &request)))?;
        }
    }
    Ok(())
}

/// A revision that is not free has to be paid before it is done.
pub(crate) fn revision_requested(tx: &Transaction<'_>, event: &RevisionRequested, now: Instant) -> Result<()> {
    let revision = &event.revision;
    let revision_id = RevisionId::from(revision.revision_id);
    if revision.is_free || revision.fee <= 0 || store::fee_of_revision(tx, revision_id)?.is_some() {
        return Ok(());
    }
    let quotation = quoting::found(tx, QuotationId::from(revision.quotation_id))?;
    let request = requests::found(tx, quotation.request_id)?;
    if request.status == RequestStatus::Cancelled {
        return Ok(());
    }
    let milestone = Milestone {
        id: MilestoneId::generate(),
        quotation_id: quotation.id,
        milestone_type: MilestoneType::RevisionFee,
        name: format!("Revision {}", revision.revision_number),
        description: None,
        amount: revision.fee,
        currency: quotation.currency,
        percentage_bp: 0,
        trigger_condition: Trigger::ProjectStarted,
        required_deliverables: 0,
        status: MilestoneStatus::Due,
        due_at: Some(due_at(now)),
        paid_at: None,
        payment_id: None,
        revision_id: Some(revision_id),
        reminded_days_left: None,
        created_at: now,
        updated_at: now,
    };
    store::insert_milestone(tx, &milestone)?;
    Ok(tx.emit(&announce::milestone_due(announce::of_milestone(&milestone, &quotation, &request)))?)
}

/// The fee of a revision that is not done is cancelled, paid or not: payment-service gives back what was paid.
pub(crate) fn revision_rejected(tx: &Transaction<'_>, event: &RevisionRejected, now: Instant) -> Result<()> {
    let Some(milestone) = store::fee_of_revision(tx, RevisionId::from(event.revision.revision_id))? else {
        // Per revision the events come in order, so there was no fee.
        return Ok(());
    };
    if milestone.status == MilestoneStatus::Cancelled {
        return Ok(());
    }
    if store::move_milestone(tx, milestone.id, (milestone.status, MilestoneStatus::Cancelled), now)? {
        let quotation = quoting::found(tx, milestone.quotation_id)?;
        let request = requests::found(tx, quotation.request_id)?;
        let milestone = announce::of_milestone(&milestone, &quotation, &request);
        tx.emit(&MilestoneCancelled { milestone })?;
    }
    Ok(())
}

/// The project of a request went on: so does the request.
///
/// # Errors
/// 503, which asks for another delivery, while the request is not that far.
pub(crate) fn project_moved(
    tx: &Transaction<'_>,
    request_id: RequestId,
    (from, to): (RequestStatus, RequestStatus),
    now: Instant,
) -> Result<()> {
    let request = requests::found(tx, request_id)?;
    if request.status == from {
        requests::advance(tx, &request, to, None, now)?;
    } else if request.status.is_before(from) {
        let detail = format!("the request is {}, and will be {from}", request.status);
        return Err(Problem::unavailable("overtaken", detail));
    }
    Ok(())
}

/// The project of a request was cancelled: so is the request, unless it ended before.
pub(crate) fn project_cancelled(
    tx: &Transaction<'_>,
    request_id: RequestId,
    reason: Option<String>,
    now: Instant,
) -> Result<()> {
    let request = requests::found(tx, request_id)?;
    if request.status.is_open() {
        requests::end(tx, &request, reason, None, now)?;
    }
    Ok(())
}

fn with_surroundings(tx: &Transaction<'_>, id: MilestoneId) -> Result<(Milestone, Quotation, Request)> {
    let milestone = store::milestone(tx, id)?.ok_or_else(|| Problem::not_found("milestone"))?;
    let quotation = quoting::found(tx, milestone.quotation_id)?;
    let request = requests::found(tx, quotation.request_id)?;
    Ok((milestone, quotation, request))
}
