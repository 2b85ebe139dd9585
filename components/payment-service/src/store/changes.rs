//! What is written to `payments`. Every change of a status names the status before, so that of two at once one wins.

use super::Payment;
use crate::domain::PaymentId;
use crate::domain::payment::PaymentStatus;
use crate::gateway::Answer;
use mutrapro_sdk::sql::{Error, Transaction, Value, params};
use mutrapro_sdk::time::Instant;

const INSERT: &str = "INSERT INTO payments (id, milestone_id, milestone_type, milestone_name, quotation_id, request_id,
        payer_id, coordinator_user_id, amount, currency, method, status, idempotency_key, gateway, gateway_token,
        gateway_response, ip_address, user_agent, refund_of, refund_reason, refund_by, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, '{}', $16, $17, $18, $19, $20, $21, $21)";

/// The constraint [`ONE_PAYMENT`](super::ONE_PAYMENT) refuses a second payment of a milestone, and
/// [`ONE_KEY`](super::ONE_KEY) a second one under a key.
pub(crate) fn insert_payment(tx: &Transaction<'_>, payment: &Payment) -> Result<(), Error> {
    tx.execute(INSERT, &inserted(payment))?;
    Ok(())
}

/// `false` when the payment has a refund that is on its way or done.
pub(crate) fn insert_refund(tx: &Transaction<'_>, refund: &Payment) -> Result<bool, Error> {
    // A refund has no key and a new id, so the only conflict that there can be is that of `payments_refund_of_key`.
    Ok(tx.execute(&format!("{INSERT} ON CONFLICT DO NOTHING"), &inserted(refund))? == 1)
}

fn inserted(payment: &Payment) -> [Value; 21] {
    let parameters: &[Value; 21] = params![
        payment.id,
        payment.milestone_id,
        payment.milestone_type,
        payment.milestone_name,
        payment.quotation_id,
        payment.request_id,
        payment.payer_id,
        payment.coordinator_user_id,
        payment.amount,
        payment.currency,
        payment.method,
        payment.status,
        payment.idempotency_key,
        payment.gateway,
        payment.gateway_token,
        payment.ip_address,
        payment.user_agent,
        payment.refund_of,
        payment.refund_reason,
        payment.refund_by,
        payment.created_at,
    ];
    parameters.clone()
}

/// Holds a payment, so that its status stays as it is until the transaction ends. `false` when its money is not there
/// and will not come.
pub(crate) fn hold_payment(tx: &Transaction<'_>, id: PaymentId) -> Result<bool, Error> {
    // Nothing changes but who is first: the time is that of the gateway's last answer, and has to stay.
    let held = tx.execute(
        "UPDATE payments SET updated_at = updated_at WHERE id = $1 AND refund_of IS NULL AND status IN ($2, $3)",
        params![id, PaymentStatus::Processing, PaymentStatus::Completed],
    )?;
    Ok(held == 1)
}

/// `false` when the payment or refund is not in the status `from`.
pub(crate) fn move_payment(
    tx: &Transaction<'_>,
    id: PaymentId,
    (from, to): (PaymentStatus, PaymentStatus),
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE payments SET status = $3, updated_at = $4 WHERE id = $1 AND status = $2",
        params![id, from, to, now],
    )?;
    Ok(changed == 1)
}

/// Keeps what the gateway says of a payment or refund that is still on its way. `false` when it is not any more.
pub(crate) fn note_answer(tx: &Transaction<'_>, id: PaymentId, answer: &Answer, now: Instant) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE payments SET gateway_transaction_id = $2, gateway_response = $3, updated_at = $4
         WHERE id = $1 AND status = $5",
        params![id, answer.transaction_id, answer.response.to_string(), now, PaymentStatus::Processing],
    )?;
    Ok(changed == 1)
}

/// The money is there, or back. `false` when the payment or refund is not on its way any more.
pub(crate) fn complete_payment(
    tx: &Transaction<'_>,
    id: PaymentId,
    answer: &Answer,
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE payments SET status = $5, gateway_transaction_id = $2, gateway_response = $3, completed_at = $4,
            updated_at = $4
         WHERE id = $1 AND status = $6",
        params![
            id,
            answer.transaction_id,
            answer.response.to_string(),
            now,
            PaymentStatus::Completed,
            PaymentStatus::Processing,
        ],
    )?;
    Ok(changed == 1)
}

/// The gateway could not do it. `false` when the payment or refund is not on its way any more.
pub(crate) fn fail_payment(
    tx: &Transaction<'_>,
    id: PaymentId,
    reason: &str,
    answer: &Answer,
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE payments SET status = $6, failure_reason = $2, gateway_transaction_id = $3, gateway_response = $4,
            updated_at = $5
         WHERE id = $1 AND status = $7",
        params![
            id,
            reason,
            answer.transaction_id,
            answer.response.to_string(),
            now,
            PaymentStatus::Failed,
            PaymentStatus::Processing,
        ],
    )?;
    Ok(changed == 1)
}

/// The gateway is not asked. `false` when the payment was touched since `payment` was written, which precedes every
/// question but the first.
pub(crate) fn give_up_payment(
    tx: &Transaction<'_>,
    payment: &Payment,
    reason: &str,
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE payments SET status = $5, failure_reason = $3, updated_at = $4
         WHERE id = $1 AND updated_at = $2 AND status = $6",
        params![payment.id, payment.updated_at, reason, now, PaymentStatus::Failed, PaymentStatus::Processing],
    )?;
    Ok(changed == 1)
}

/// The money of a payment went back. `false` when it was not there.
pub(crate) fn mark_refunded(tx: &Transaction<'_>, id: PaymentId, now: Instant) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE payments SET status = $3, refunded_at = $2, updated_at = $2 WHERE id = $1 AND status = $4",
        params![id, now, PaymentStatus::Refunded, PaymentStatus::Completed],
    )?;
    Ok(changed == 1)
}

/// Cancels the refund that waits for a payment, if there is one.
pub(crate) fn cancel_refund_of(tx: &Transaction<'_>, id: PaymentId, now: Instant) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE payments SET status = $3, updated_at = $2 WHERE refund_of = $1 AND status = $4",
        params![id, now, PaymentStatus::Cancelled, PaymentStatus::Pending],
    )?;
    Ok(changed == 1)
}
