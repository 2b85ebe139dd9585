//! What happens to a payment, from the claim of its milestone to the money.
//!
//! The claim is a row of its own transaction, the gateway is asked outside of any, and its answer is another
//! transaction. A crash in between leaves a payment in progress, which the job `settle-payments` goes on with under the
//! same reference.

use crate::announcements as announce;
use crate::dependencies;
use crate::domain::payment::{MILESTONE_CANCELLED, Method, PaymentStatus, is_payable, is_unwanted};
use crate::domain::{MilestoneId, PaymentId, QuotationId, RequestId};
use crate::gateway::{self, Answer, ChargeOrder, Outcome};
use crate::refunding::{self, Wish};
use crate::store::{self, Payment};
use axum::http::StatusCode;
use mutrapro_contracts::answers::MilestoneAnswer;
use mutrapro_sdk::client_info::ClientInfo;
use mutrapro_sdk::idempotency;
use mutrapro_sdk::identity::{Role, User};
use mutrapro_sdk::log;
use mutrapro_sdk::money::Currency;
use mutrapro_sdk::problem::{OnConstraint, Problem, Result};
use mutrapro_sdk::sql::{Database, Reader, Transaction, transaction};
use mutrapro_sdk::time::Instant;

/// What a customer wants to pay, and how. There is no amount in it: that is quotation-service's to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) user: User,
    pub(crate) client: ClientInfo,
    pub(crate) idempotency_key: String,
    pub(crate) milestone_id: MilestoneId,
    pub(crate) method: Method,
    pub(crate) gateway: String,
    /// Empty when the customer gives none.
    pub(crate) token: String,
}

/// Pays a milestone; an order that is repeated gives what the first one made.
///
/// # Errors
/// 403 and 404 for another's milestone, 409 `milestone_not_payable`, `milestone_paid` and `idempotency_key_reused`.
pub(crate) fn pay(order: &Order) -> Result<Payment> {
    let before = || Ok(store::payment_by_key(&Database, order.user.id, &order.idempotency_key)?);
    let outcome = once(order, before, || {
        let payment = payment_of(order, &payable(order)?, Instant::now())?;
        claim(&payment)?;
        Ok(payment)
    });
    match outcome? {
        Once::First(payment) => first_attempt(&payment),
        Once::Repeated(payment) => Ok(payment),
    }
}

/// The payment of an order, made now or `before`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Once {
    First(Payment),
    Repeated(Payment),
}

/// Makes the payment of an order with `make`, unless the order came before.
fn once(
    order: &Order,
    before: impl Fn() -> Result<Option<Payment>>,
    make: impl FnOnce() -> Result<Payment>,
) -> Result<Once> {
    if let Some(before) = before()? {
        return repeated(before, order).map(Once::Repeated);
    }
    match make() {
        Ok(payment) => Ok(Once::First(payment)),
        // The same order at the same time takes the key and the milestone, and may have paid it by now: whatever of that
        // stands in the way, it is a repetition.
        Err(problem) if problem.status() == StatusCode::CONFLICT => match before()? {
            Some(before) => repeated(before, order).map(Once::Repeated),
            None => Err(problem),
        },
        Err(problem) => Err(problem),
    }
}

fn repeated(before: Payment, order: &Order) -> Result<Payment> {
    let is_same = before.milestone_id == order.milestone_id
        && before.method == order.method
        && before.gateway == order.gateway
        && before.gateway_token == order.token;
    if is_same { Ok(before) } else { Err(idempotency::reused()) }
}

/// The milestone, if it is the user's to pay now.
fn payable(order: &Order) -> Result<MilestoneAnswer> {
    let no_such_milestone = || Problem::not_found("milestone");
    let milestone = dependencies::milestone(order.milestone_id)?.ok_or_else(no_such_milestone)?;
    may_pay(&order.user, &milestone)?;
    if !is_payable(&milestone.status) {
        let detail = format!("the milestone is {}: only one that is due or overdue can be paid", milestone.status);
        return Err(Problem::conflict("milestone_not_payable", detail));
    }
    Ok(milestone)
}

/// Only its customer pays a milestone; who may not know of it does not learn of it here.
fn may_pay(user: &User, milestone: &MilestoneAnswer) -> Result<()> {
    if milestone.customer_user_id == user.id.uuid() {
        return Ok(());
    }
    let holds = user.is(Role::ServiceCoordinator) && milestone.coordinator_user_id == user.id.uuid();
    if holds || user.is(Role::SystemAdmin) {
        return Err(Problem::forbidden("not_your_milestone", "only its customer pays a milestone"));
    }
    Err(Problem::not_found("milestone"))
}

/// The payment of `milestone` that `order` asks for.
///
/// # Errors
/// 500 when the milestone is counted in a currency that is not known here.
pub(crate) fn payment_of(order: &Order, milestone: &MilestoneAnswer, now: Instant) -> Result<Payment> {
    let currency: Currency = milestone.currency.parse().map_err(Problem::internal)?;
    Ok(Payment {
        id: PaymentId::generate(),
        milestone_id: MilestoneId::from(milestone.id),
        milestone_type: milestone.milestone_type.clone(),
        milestone_name: milestone.name.clone(),
        quotation_id: QuotationId::from(milestone.quotation_id),
        request_id: RequestId::from(milestone.request_id),
        payer_id: order.user.id,
        coordinator_user_id: milestone.coordinator_user_id.into(),
        amount: milestone.amount,
        currency,
        method: order.method,
        status: PaymentStatus::Processing,
        idempotency_key: Some(order.idempotency_key.clone()),
        gateway: order.gateway.clone(),
        gateway_token: order.token.clone(),
        gateway_transaction_id: None,
        failure_reason: None,
        ip_address: order.client.ip_address.clone(),
        user_agent: order.client.user_agent.clone(),
        completed_at: None,
        refunded_at: None,
        refund_of: None,
        refund_reason: None,
        refund_by: None,
        created_at: now,
        updated_at: now,
    })
}

/// Takes the milestone for this payment.
fn claim(payment: &Payment) -> Result<()> {
    transaction(|tx| {
        store::insert_payment(tx, payment)
            .on_constraint(store::ONE_KEY, idempotency::reused)
            .on_constraint(store::ONE_PAYMENT, || {
                Problem::conflict("milestone_paid", "the milestone is paid, or a payment of it is in progress")
            })?;
        Ok(tx.emit(&announce::payment_initiated(payment))?)
    })
}

/// Asks the gateway for the first time, unless nobody wants the payment any more.
fn first_attempt(payment: &Payment) -> Result<Payment> {
    let outcome = is_wanted(payment).and_then(|is_wanted| {
        if is_wanted {
            return charge(payment);
        }
        transaction(|tx| {
            give_up(tx, payment, Instant::now())?;
            found(tx, payment.id)
        })
    });
    // The claim stands, so the payment is in progress whatever went wrong, and `settle-payments` goes on with it.
    outcome.or_else(|problem| {
        log::warn!("payment {} is left to settle-payments: {problem}", payment.id);
        Ok(payment.clone())
    })
}

/// Whether a payment in progress is still to be made, now that it is there for handlers of events to find.
///
/// Its milestone or its project may have been cancelled between the first look and the claim; that event then found no
/// payment to give back. What is cancelled after this look tells so in an event that finds it.
fn is_wanted(payment: &Payment) -> Result<bool> {
    let milestone = dependencies::milestone(payment.milestone_id)?.ok_or_else(|| Problem::not_found("milestone"))?;
    let project = dependencies::project_of_request(payment.request_id)?;
    Ok(!is_unwanted(&milestone.status, project.as_ref().map(|project| project.status.as_str())))
}

/// Goes on with a payment that was left in progress: asks the gateway again, which knows it by its reference.
///
/// # Errors
/// When others or the gateway cannot say; it is tried again at a later tick.
pub(crate) fn resume(payment: &Payment, now: Instant) -> Result<Payment> {
    let stays = (PaymentStatus::Processing, PaymentStatus::Processing);
    // Touched first, so that one that cannot go on does not stand in front of the others for ever.
    if !transaction(|tx| Ok(store::move_payment(tx, payment.id, stays, now)?))? {
        return found(&Database, payment.id);
    }
    if !is_wanted(payment)? {
        // The gateway may have been asked before, so it is asked again, and what it took goes back.
        transaction(|tx| refunding::queue(tx, payment, &Wish::default(), now).map(drop))?;
    }
    charge(payment)
}

fn charge(payment: &Payment) -> Result<Payment> {
    let answer = gateway::charge(&payment.gateway, &charge_of(payment))?;
    let now = Instant::now();
    let (is_news, payment) = transaction(|tx| Ok((record(tx, payment, &answer, now)?, found(tx, payment.id)?)))?;
    if !is_news && payment.status == PaymentStatus::Failed && answer.outcome == Outcome::Succeeded {
        log::error!("payment {} failed and the gateway has its money: look at the gateway", payment.id);
    }
    Ok(payment)
}

/// What the gateway is asked for.
pub(crate) fn charge_of(payment: &Payment) -> ChargeOrder {
    ChargeOrder {
        reference: payment.id.to_string(),
        amount: payment.amount,
        currency: payment.currency.to_string(),
        method: payment.method.to_string(),
        token: payment.gateway_token.clone(),
    }
}

/// Keeps what became of a payment, and tells it; `false` when it was settled before.
///
/// # Errors
/// What the database makes of it.
pub(crate) fn record(tx: &Transaction<'_>, payment: &Payment, answer: &Answer, now: Instant) -> Result<bool> {
    match &answer.outcome {
        Outcome::Succeeded => {
            let is_news = store::complete_payment(tx, payment.id, answer, now)?;
            if is_news {
                tx.emit(&announce::payment_completed(payment))?;
            }
            Ok(is_news)
        }
        Outcome::Declined { reason } => fail(tx, payment, reason, answer, now),
        Outcome::Pending => Ok(store::note_answer(tx, payment.id, answer, now)?),
    }
}

/// Ends a payment whose money does not come; `false` when it was settled before.
///
/// # Errors
/// What the database makes of it.
pub(crate) fn fail(
    tx: &Transaction<'_>,
    payment: &Payment,
    reason: &str,
    answer: &Answer,
    now: Instant,
) -> Result<bool> {
    let is_news = store::fail_payment(tx, payment.id, reason, answer, now)?;
    if is_news {
        end(tx, payment, reason, now)?;
    }
    Ok(is_news)
}

/// Ends a payment that nobody wants any more, unless the gateway may have been asked for it meanwhile.
fn give_up(tx: &Transaction<'_>, payment: &Payment, now: Instant) -> Result<()> {
    if store::give_up_payment(tx, payment, MILESTONE_CANCELLED, now)? {
        end(tx, payment, MILESTONE_CANCELLED, now)?;
    }
    Ok(())
}

/// Tells that a payment failed; a refund that waited for it has nothing to wait for.
fn end(tx: &Transaction<'_>, payment: &Payment, reason: &str, now: Instant) -> Result<()> {
    store::cancel_refund_of(tx, payment.id, now)?;
    Ok(tx.emit(&announce::payment_failed(payment, reason))?)
}

/// The payment, whoever asks.
///
/// # Errors
/// 404.
pub(crate) fn found(db: &impl Reader, id: PaymentId) -> Result<Payment> {
    store::payment(db, id)?.ok_or_else(no_such_payment)
}

pub(crate) fn no_such_payment() -> Problem {
    Problem::not_found("payment")
}

#[cfg(test)]
mod tests;
