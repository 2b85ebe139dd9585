//! What happens to a refund, from the wish to the money back.
//!
//! A refund is a row beside its payment, of which there is one that is not in vain. It waits until the payment has come
//! in, and ends with it if it does not.

use crate::announcements as announce;
use crate::charging::found;
use crate::domain::PaymentId;
use crate::domain::payment::PaymentStatus;
use crate::gateway::{self, Answer, Outcome, RefundOrder};
use crate::store::{self, Payment};
use mutrapro_sdk::client_info::ClientInfo;
use mutrapro_sdk::identity::UserId;
use mutrapro_sdk::log;
use mutrapro_sdk::problem::{Problem, Result};
use mutrapro_sdk::sql::{Database, Transaction, transaction};
use mutrapro_sdk::state;
use mutrapro_sdk::time::Instant;

/// Why money goes back, and who says so; nobody does when it follows from a cancellation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Wish {
    pub(crate) reason: Option<String>,
    pub(crate) by: Option<UserId>,
    pub(crate) client: ClientInfo,
}

/// Gives a payment back at once, as far as the gateway can: what it cannot say now, `carry-out-refunds` asks it again.
///
/// # Errors
/// 404; 409 when the money is not there, is going back already, or the payment is itself a refund.
pub(crate) fn refund(id: PaymentId, wish: &Wish, now: Instant) -> Result<Payment> {
    let refund = transaction(|tx| {
        let payment = found(tx, id)?;
        if payment.refund_of.is_some() {
            return Err(Problem::conflict("not_refundable", "a refund is not given back"));
        }
        state::check(payment.status, PaymentStatus::Refunded)?;
        if !store::hold_payment(tx, payment.id)? {
            return Err(state::changed_meanwhile("payment"));
        }
        let refund = refund_of(&payment, wish, PaymentStatus::Processing, now);
        if !store::insert_refund(tx, &refund)? {
            return Err(Problem::conflict("refund_in_progress", "the money is on its way back already"));
        }
        Ok(refund)
    })?;
    if let Err(problem) = carry_out(&refund) {
        log::warn!("refund {} is left to carry-out-refunds: {problem}", refund.id);
    }
    found(&Database, id)
}

/// Has a payment given back as soon as it has come in; `false` when it is going back already, or its money does not
/// come.
///
/// # Errors
/// What the database makes of it.
pub(crate) fn queue(tx: &Transaction<'_>, payment: &Payment, wish: &Wish, now: Instant) -> Result<bool> {
    // Held first: a payment that fails at the same time would leave a refund that waits for ever.
    if !store::hold_payment(tx, payment.id)? {
        return Ok(false);
    }
    Ok(store::insert_refund(tx, &refund_of(payment, wish, PaymentStatus::Pending, now))?)
}

fn refund_of(payment: &Payment, wish: &Wish, status: PaymentStatus, now: Instant) -> Payment {
    Payment {
        id: PaymentId::generate(),
        status,
        idempotency_key: None,
        gateway_transaction_id: None,
        failure_reason: None,
        ip_address: wish.client.ip_address.clone(),
        user_agent: wish.client.user_agent.clone(),
        completed_at: None,
        refunded_at: None,
        refund_of: Some(payment.id),
        refund_reason: wish.reason.clone(),
        refund_by: wish.by,
        created_at: now,
        updated_at: now,
        ..payment.clone()
    }
}

/// Takes up a refund that waits, or goes on with one that was left in progress.
///
/// # Errors
/// When the gateway cannot say; it is tried again at a later tick.
pub(crate) fn resume(refund: &Payment, now: Instant) -> Result<()> {
    let taken = (refund.status, PaymentStatus::Processing);
    if transaction(|tx| Ok(store::move_payment(tx, refund.id, taken, now)?))? { carry_out(refund) } else { Ok(()) }
}

/// Asks the gateway to give the money back; a repetition is known to it by the refund's id.
fn carry_out(refund: &Payment) -> Result<()> {
    let broken = |what: &str| Problem::internal(format!("refund {} has no {what}", refund.id));
    let payment = found(&Database, refund.refund_of.ok_or_else(|| broken("payment"))?)?;
    let asked = RefundOrder {
        reference: refund.id.to_string(),
        transaction_id: payment.gateway_transaction_id.clone().ok_or_else(|| broken("transaction to give back"))?,
        amount: refund.amount,
    };
    let answer = gateway::refund(&payment.gateway, &asked)?;
    let now = Instant::now();
    transaction(|tx| record(tx, &payment, refund, &answer, now))
}

/// Keeps what became of a refund, and tells it if the money is back; one that was settled before is left alone.
fn record(tx: &Transaction<'_>, payment: &Payment, refund: &Payment, answer: &Answer, now: Instant) -> Result<()> {
    match &answer.outcome {
        Outcome::Succeeded => {
            if !store::complete_payment(tx, refund.id, answer, now)? {
                return Ok(());
            }
            // One refund of a payment completes, so the money is counted once.
            if !store::mark_refunded(tx, payment.id, now)? {
                return Err(Problem::internal(format!("payment {} was not there to be given back", payment.id)));
            }
            tx.emit(&announce::payment_refunded(payment, refund))?;
        }
        Outcome::Declined { reason } => {
            if store::fail_payment(tx, refund.id, reason, answer, now)? {
                log::error!("payment {} could not be given back ({reason}): refund it again", payment.id);
            }
        }
        Outcome::Pending => {
            store::note_answer(tx, refund.id, answer, now)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples;

    #[test]
    fn refund_is_the_whole_payment_backwards() {
        let completed_at = Some(samples::now());
        let transaction = Some("sandbox_p1".to_owned());
        let payment = Payment {
            status: PaymentStatus::Completed,
            completed_at,
            gateway_transaction_id: transaction,
            ..samples::payment()
        };
        let wish = Wish { reason: Some("twice".into()), by: Some(payment.coordinator_user_id), ..Wish::default() };
        let refund = refund_of(&payment, &wish, PaymentStatus::Pending, samples::now());
        assert_eq!((refund.refund_of, refund.status), (Some(payment.id), PaymentStatus::Pending));
        assert_eq!(
            (refund.amount, refund.currency, refund.payer_id),
            (payment.amount, payment.currency, payment.payer_id)
        );
        assert_eq!((refund.refund_reason, refund.refund_by), (wish.reason, wish.by));
        // Nothing that happened to the payment has happened to the refund, nor does the payer's key lead to it.
        assert_ne!(refund.id, payment.id);
        assert_eq!((refund.gateway_transaction_id, refund.completed_at, refund.idempotency_key), (None, None, None));
        assert_eq!((refund.ip_address, refund.user_agent), (None, None));
    }
}
