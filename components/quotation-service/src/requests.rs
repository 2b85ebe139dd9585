//! What happens to a request, each within a transaction that tells of it.

use crate::announcements as announce;
use crate::domain::milestone::MilestoneStatus;
use crate::domain::quotation::QuotationStatus;
use crate::domain::request::{RequestStatus, Standing, may_cancel, standing};
use crate::domain::{CoordinatorId, RequestId};
use crate::store::{self, Request};
use mutrapro_contracts::quotation::MilestoneCancelled;
use mutrapro_sdk::identity::{User, UserId};
use mutrapro_sdk::problem::{Problem, Result};
use mutrapro_sdk::sql::{Reader, Transaction};
use mutrapro_sdk::state;
use mutrapro_sdk::time::Instant;

/// The request, and who `user` is to it.
///
/// # Errors
/// 404 when `user` may not know of it.
pub(crate) fn visible(db: &impl Reader, id: RequestId, user: &User) -> Result<(Request, Standing)> {
    let request = found(db, id)?;
    match standing(user, request.customer_user_id, request.coordinator_user_id) {
        Standing::Stranger => Err(no_such_request()),
        standing => Ok((request, standing)),
    }
}

/// The request, whoever asks.
///
/// # Errors
/// 404.
pub(crate) fn found(db: &impl Reader, id: RequestId) -> Result<Request> {
    store::request(db, id)?.ok_or_else(no_such_request)
}

/// Gives a request to a coordinator.
///
/// # Errors
/// 409 when someone holds it already, or it is not pending.
pub(crate) fn claim(
    tx: &Transaction<'_>,
    id: RequestId,
    coordinator: (CoordinatorId, UserId),
    now: Instant,
) -> Result<Request> {
    if !store::claim_request(tx, id, coordinator, now)? {
        let request = found(tx, id)?;
        let held = request.coordinator_id.is_some();
        let detail = if held { "a coordinator holds it already" } else { "only pending requests can be claimed" };
        return Err(Problem::conflict(if held { "request_claimed" } else { "request_not_pending" }, detail));
    }
    let request = found(tx, id)?;
    tx.emit(&announce::request_updated(&request, &["coordinator"], Some(coordinator.1)))?;
    Ok(request)
}

/// Moves a request to another status, and tells it.
///
/// # Errors
/// 409 when it may not, or was moved by another.
pub(crate) fn advance(
    tx: &Transaction<'_>,
    request: &Request,
    to: RequestStatus,
    by: Option<UserId>,
    now: Instant,
) -> Result<Request> {
    state::check(request.status, to)?;
    if !store::move_request(tx, request.id, (request.status, to), now)? {
        return Err(state::changed_meanwhile("request"));
    }
    let request = Request { status: to, updated_at: now, ..request.clone() };
    tx.emit(&announce::request_updated(&request, &["status"], by))?;
    Ok(request)
}

/// Cancels a request on behalf of `user`.
///
/// # Errors
/// 403 when it is not theirs, or not theirs to cancel any more; 409 when the request has ended.
pub(crate) fn cancel(
    tx: &Transaction<'_>,
    id: RequestId,
    user: &User,
    reason: Option<String>,
    now: Instant,
) -> Result<Request> {
    let (request, standing) = visible(tx, id, user)?;
    check_concerned(standing)?;
    state::check(request.status, RequestStatus::Cancelled)?;
    if !may_cancel(standing, request.status) {
        let detail = "work is paid for: ask the coordinator to cancel the project, or an administrator";
        return Err(Problem::forbidden("request_in_work", detail));
    }
    end(tx, &request, reason, Some(user.id), now)
}

/// Goes on only for those whom a request concerns already: who could claim it may look at it.
fn check_concerned(standing: Standing) -> Result<()> {
    match standing {
        Standing::Customer | Standing::Holder | Standing::Admin => Ok(()),
        Standing::Claimant | Standing::Stranger => {
            Err(Problem::forbidden("not_your_request", "only its customer and its coordinator may cancel a request"))
        }
    }
}

/// Cancels a request with its quotation and everything that is still to be paid.
///
/// # Errors
/// 409 when it was moved by another.
pub(crate) fn end(
    tx: &Transaction<'_>,
    request: &Request,
    reason: Option<String>,
    by: Option<UserId>,
    now: Instant,
) -> Result<Request> {
    if !store::move_request(tx, request.id, (request.status, RequestStatus::Cancelled), now)? {
        return Err(state::changed_meanwhile("request"));
    }
    cancel_milestones(tx, request, now)?;
    let undecided = store::active_quotation(tx, request.id)?
        .filter(|quotation| matches!(quotation.status, QuotationStatus::Draft | QuotationStatus::Sent));
    if let Some(quotation) = undecided {
        store::decide_quotation(tx, quotation.id, (quotation.status, QuotationStatus::Superseded), now)?;
    }
    let request = Request { status: RequestStatus::Cancelled, updated_at: now, ..request.clone() };
    tx.emit(&announce::request_cancelled(&request, reason, by))?;
    Ok(request)
}

/// Cancels what is still to be paid for a request.
fn cancel_milestones(tx: &Transaction<'_>, request: &Request, now: Instant) -> Result<()> {
    for milestone in store::open_milestones(tx, request.id)? {
        if !store::move_milestone(tx, milestone.id, (milestone.status, MilestoneStatus::Cancelled), now)? {
            return Err(state::changed_meanwhile("milestone"));
        }
        let quotation = crate::quoting::found(tx, milestone.quotation_id)?;
        tx.emit(&MilestoneCancelled { milestone: announce::of_milestone(&milestone, &quotation, request) })?;
    }
    Ok(())
}

pub(crate) fn no_such_request() -> Problem {
    Problem::not_found("request")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_could_claim_a_request_may_not_cancel_it() {
        for standing in [Standing::Customer, Standing::Holder, Standing::Admin] {
            assert_eq!(check_concerned(standing), Ok(()));
        }
        assert_eq!(check_concerned(Standing::Claimant).unwrap_err().code(), "not_your_request");
    }
}
