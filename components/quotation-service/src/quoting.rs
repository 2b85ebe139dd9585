//! What happens to a quotation, each within a transaction that tells of it.

use crate::announcements as announce;
use crate::domain::milestone::{MilestoneStatus, due_at, plans};
use crate::domain::pricing::Cost;
use crate::domain::pricing::adjustments::PriceLine;
use crate::domain::quotation::{QuotationStatus, valid_until};
use crate::domain::request::{RequestStatus, Standing, standing};
use crate::domain::{MilestoneId, QuotationId};
use crate::requests;
use crate::store::{self, Milestone, Quotation, Request};
use mutrapro_sdk::identity::{User, UserId};
use mutrapro_sdk::problem::{Problem, Result};
use mutrapro_sdk::sql::{Reader, Transaction};
use mutrapro_sdk::state;
use mutrapro_sdk::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

/// A quotation with what plugins added to its price, and took off it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct QuotationWithLines {
    #[serde(flatten)]
    pub(crate) quotation: Quotation,
    /// In their order, at most 60; with `computed_price` they are the `total_price`.
    pub(crate) lines: Vec<PriceLine>,
}

/// The quotation with its lines.
///
/// # Errors
/// What the database makes of it.
pub(crate) fn with_lines(db: &impl Reader, quotation: Quotation) -> Result<QuotationWithLines> {
    let lines = store::lines(db, &[quotation.id])?.remove(&quotation.id).unwrap_or_default();
    Ok(QuotationWithLines { quotation, lines })
}

/// Each of the quotations with its lines, in the same order.
///
/// # Errors
/// What the database makes of it.
pub(crate) fn all_with_lines(db: &impl Reader, quotations: Vec<Quotation>) -> Result<Vec<QuotationWithLines>> {
    let ids: Vec<_> = quotations.iter().map(|quotation| quotation.id).collect();
    let mut lines = store::lines(db, &ids)?;
    let with_its_own = |quotation: Quotation| {
        let lines = lines.remove(&quotation.id).unwrap_or_default();
        QuotationWithLines { quotation, lines }
    };
    Ok(quotations.into_iter().map(with_its_own).collect())
}

/// The quotation, whoever asks.
///
/// # Errors
/// 404.
pub(crate) fn found(db: &impl Reader, id: QuotationId) -> Result<Quotation> {
    store::quotation(db, id)?.ok_or_else(no_such_quotation)
}

/// The quotation with its request, and who `user` is to them. Customers do not know of what was not sent to them.
///
/// # Errors
/// 404 when `user` may not know of it.
pub(crate) fn visible(db: &impl Reader, id: QuotationId, user: &User) -> Result<(Quotation, Request, Standing)> {
    let quotation = found(db, id)?;
    let request = requests::found(db, quotation.request_id)?;
    let standing = standing(user, request.customer_user_id, request.coordinator_user_id);
    let is_hidden = match standing {
        Standing::Stranger | Standing::Claimant => true,
        Standing::Customer => quotation.sent_at.is_none(),
        Standing::Holder | Standing::Admin => false,
    };
    if is_hidden { Err(no_such_quotation()) } else { Ok((quotation, request, standing)) }
}

/// Writes the next version of a request's quotation, which takes the place of the one before.
///
/// # Errors
/// 409 when the request waits for no quotation.
pub(crate) fn draft(tx: &Transaction<'_>, request: &Request, first: QuotationWithLines) -> Result<QuotationWithLines> {
    let QuotationWithLines { mut quotation, lines } = first;
    // Two drafts at once would both be the next version: the request is held first, so that they follow each other.
    if !store::move_request(tx, request.id, (request.status, request.status), quotation.created_at)? {
        return Err(state::changed_meanwhile("request"));
    }
    if let Some(before) = store::active_quotation(tx, request.id)? {
        state::check(before.status, QuotationStatus::Superseded)?;
        let ends = (before.status, QuotationStatus::Superseded);
        if !store::decide_quotation(tx, before.id, ends, quotation.created_at)? {
            return Err(state::changed_meanwhile("quotation"));
        }
        quotation.parent_quotation_id = Some(before.id);
        if request.status == RequestStatus::Quoted {
            requests::advance(tx, request, RequestStatus::Pending, None, quotation.created_at)?;
        }
    }
    quotation.version = store::latest_version(tx, request.id)? + 1;
    store::insert_quotation(tx, &quotation)?;
    insert_lines(tx, quotation.id, &lines)?;
    Ok(QuotationWithLines { quotation, lines })
}

/// Writes a draft anew, with lines that take the place of those before.
///
/// # Errors
/// 409 when it is no draft any more.
pub(crate) fn change_draft(tx: &Transaction<'_>, changed: &QuotationWithLines) -> Result<QuotationWithLines> {
    let QuotationWithLines { quotation, lines } = changed;
    if !store::update_draft(tx, quotation)? {
        return Err(not_a_draft());
    }
    store::delete_lines(tx, quotation.id)?;
    insert_lines(tx, quotation.id, lines)?;
    with_lines(tx, found(tx, quotation.id)?)
}

fn insert_lines(tx: &Transaction<'_>, id: QuotationId, lines: &[PriceLine]) -> Result<()> {
    for (position, line) in (1..).zip(lines) {
        store::insert_line(tx, id, position, line)?;
    }
    Ok(())
}

/// Sends a draft to the customer.
///
/// # Errors
/// 409 when it is no draft, or the request waits for no quotation.
pub(crate) fn send(tx: &Transaction<'_>, quotation: &Quotation, request: &Request, now: Instant) -> Result<Quotation> {
    state::check(quotation.status, QuotationStatus::Sent)?;
    state::check(request.status, RequestStatus::Quoted)?;
    let valid_until = valid_until(now, quotation.valid_days);
    if !store::send_quotation(tx, quotation.id, valid_until, now)? {
        return Err(state::changed_meanwhile("quotation"));
    }
    requests::advance(tx, request, RequestStatus::Quoted, Some(quotation.coordinator_user_id), now)?;
    tx.emit(&announce::quotation_sent(quotation, request, valid_until.to_string()))?;
    found(tx, quotation.id)
}

/// A customer decides on a quotation.
pub(crate) struct Decision<'a> {
    pub(crate) quotation: &'a Quotation,
    pub(crate) request: &'a Request,
    /// The user who decides.
    pub(crate) by: UserId,
    pub(crate) at: Instant,
}

/// The customer agrees: the deposit is due, and the rest waits for the final package.
///
/// # Errors
/// 409 when it is not sent, or has expired.
pub(crate) fn approve(tx: &Transaction<'_>, decision: &Decision<'_>) -> Result<Quotation> {
    let Decision { quotation, request, by, at: now } = *decision;
    decide(tx, quotation, QuotationStatus::Approved, now)?;
    let cost = Cost {
        total_price: quotation.total_price,
        deposit_amount: quotation.deposit_amount,
        final_amount: quotation.final_amount,
    };
    let mut milestones = Vec::new();
    for plan in plans(&cost, quotation.deposit_bp) {
        let milestone = Milestone {
            id: MilestoneId::generate(),
            quotation_id: quotation.id,
            milestone_type: plan.milestone_type,
            name: plan.name.to_owned(),
            description: None,
            amount: plan.amount,
            currency: quotation.currency,
            percentage_bp: plan.percentage_bp,
            trigger_condition: plan.trigger,
            required_deliverables: plan.required_deliverables,
            status: plan.status,
            due_at: (plan.status == MilestoneStatus::Due).then(|| due_at(now)),
            paid_at: None,
            payment_id: None,
            revision_id: None,
            reminded_days_left: None,
            created_at: now,
            updated_at: now,
        };
        store::insert_milestone(tx, &milestone)?;
        milestones.push(milestone);
    }
    tx.emit(&announce::quotation_approved(quotation, request, &milestones, by))?;
    tx.emit(&announce::milestones_generated(quotation, &milestones))?;
    for milestone in milestones.iter().filter(|milestone| milestone.status == MilestoneStatus::Due) {
        tx.emit(&announce::milestone_due(announce::of_milestone(milestone, quotation, request)))?;
    }
    // Without a deposit there is nothing to wait for.
    if !milestones.iter().any(|milestone| milestone.status == MilestoneStatus::Due) {
        requests::advance(tx, request, RequestStatus::Approved, Some(by), now)?;
    }
    found(tx, quotation.id)
}

/// The customer does not want it, and the request ends.
///
/// # Errors
/// 409 when it is not sent, or has expired.
pub(crate) fn reject(tx: &Transaction<'_>, decision: &Decision<'_>, reason: Option<String>) -> Result<Quotation> {
    let Decision { quotation, request, by, at: now } = *decision;
    decide(tx, quotation, QuotationStatus::Rejected, now)?;
    requests::advance(tx, request, RequestStatus::Rejected, Some(by), now)?;
    tx.emit(&announce::quotation_rejected(quotation, request, reason, by))?;
    found(tx, quotation.id)
}

/// The customer wants another version.
///
/// # Errors
/// 409 when it is not sent, or has expired.
pub(crate) fn request_change(tx: &Transaction<'_>, decision: &Decision<'_>, reason: String) -> Result<Quotation> {
    let Decision { quotation, request, by, at: now } = *decision;
    decide(tx, quotation, QuotationStatus::Superseded, now)?;
    requests::advance(tx, request, RequestStatus::Pending, Some(by), now)?;
    tx.emit(&announce::quotation_revised(quotation, request, reason, by))?;
    found(tx, quotation.id)
}

/// Nobody decided in time. `false` when somebody did after all.
///
/// # Errors
/// What the database makes of it.
pub(crate) fn expire(tx: &Transaction<'_>, quotation: &Quotation, now: Instant) -> Result<bool> {
    if !store::decide_quotation(tx, quotation.id, (QuotationStatus::Sent, QuotationStatus::Expired), now)? {
        return Ok(false);
    }
    let request = requests::found(tx, quotation.request_id)?;
    let request = requests::advance(tx, &request, RequestStatus::Pending, None, now)?;
    tx.emit(&announce::quotation_expired(quotation, &request))?;
    Ok(true)
}

fn decide(tx: &Transaction<'_>, quotation: &Quotation, to: QuotationStatus, now: Instant) -> Result<()> {
    // A draft is superseded by its successor alone.
    if quotation.status != QuotationStatus::Sent {
        return Err(state::refused(quotation.status, to));
    }
    if quotation.valid_until.is_some_and(|until| until < now) {
        return Err(Problem::conflict("quotation_expired", "the time to decide is over: ask for a new quotation"));
    }
    if !store::decide_quotation(tx, quotation.id, (QuotationStatus::Sent, to), now)? {
        return Err(state::changed_meanwhile("quotation"));
    }
    Ok(())
}

/// What is told who would change a quotation that is no draft any more.
pub(crate) fn not_a_draft() -> Problem {
    Problem::conflict("not_a_draft", "only a draft can be changed: write the next version")
}

fn no_such_quotation() -> Problem {
    Problem::not_found("quotation")
}
