//! What gateways tell by themselves: believed for its signature, and counted once.

use crate::charging;
use crate::domain::PaymentId;
use crate::domain::verdict::{Expected, Verdict, judge};
use crate::gateway::{self, Answer, Notice, Outcome, Webhook};
use crate::store::Payment;
use mutrapro_sdk::log;
use mutrapro_sdk::problem::{Problem, Result};
use mutrapro_sdk::sql::{Transaction, transaction};
use mutrapro_sdk::state;
use mutrapro_sdk::time::Instant;
use serde_json::{Value, json};

/// The largest webhook, in bytes.
pub(crate) const BODY_BYTES_MAX: usize = 64 << 10;

/// Takes a webhook of `gateway`. One that tells what is known changes nothing.
///
/// # Errors
/// 401 and 400 as the gateway reads it, and 503 while it cannot; 404 for what is none of its payments; 409 for what does not
/// fit the payment, which fails if other money came than was to be paid.
pub(crate) fn receive(gateway: &str, webhook: &Webhook, now: Instant) -> Result<()> {
    let notice = gateway::verify(gateway, webhook, now)?;
    let id: PaymentId = notice.reference.parse().map_err(|_| charging::no_such_payment())?;
    let refusal = transaction(|tx| {
        let payment = charging::found(tx, id)?;
        if payment.gateway != gateway || payment.refund_of.is_some() {
            return Err(charging::no_such_payment());
        }
        apply(tx, &payment, &notice, now)
    })?;
    // Told after the commit, as a payment that fails for it has to stay failed.
    refusal.map_or(Ok(()), Err)
}

/// Does what the notice means, and gives what the gateway is told if that is a refusal.
fn apply(tx: &Transaction<'_>, payment: &Payment, notice: &Notice, now: Instant) -> Result<Option<Problem>> {
    let expected = Expected {
        status: payment.status,
        amount: payment.amount,
        currency: payment.currency,
        transaction_id: payment.gateway_transaction_id.as_deref(),
    };
    let verdict = judge(&expected, notice);
    match verdict {
        Verdict::News => {
            if !charging::record(tx, payment, &answer_of(notice), now)? {
                // Settled between the look and the change: the webhook comes again, and is judged anew.
                return Err(state::changed_meanwhile("payment"));
            }
        }
        Verdict::Mismatch(reason) => {
            charging::fail(tx, payment, reason, &answer_of(notice), now)?;
        }
        Verdict::Known | Verdict::Foreign | Verdict::Contradiction => {}
    }
    let refusal = refusal(verdict, payment);
    if let Some(refusal) = &refusal {
        log::error!("webhook of payment {} was refused, look at the gateway: {refusal}", payment.id);
    }
    Ok(refusal)
}

fn refusal(verdict: Verdict, payment: &Payment) -> Option<Problem> {
    let Payment { amount, currency, status, .. } = payment;
    match verdict {
        Verdict::News | Verdict::Known => None,
        Verdict::Mismatch(reason) => {
            Some(Problem::conflict(reason, format!("{amount} {currency} were to be paid: give the money back")))
        }
        Verdict::Foreign => {
            Some(Problem::conflict("transaction_mismatch", "the payment belongs to another transaction"))
        }
        Verdict::Contradiction => {
            Some(Problem::conflict("payment_settled", format!("the payment is {status}, and that stays so")))
        }
    }
}

/// A notice as the answer that the charge did not have.
fn answer_of(notice: &Notice) -> Answer {
    Answer {
        transaction_id: notice.transaction_id.clone(),
        outcome: notice.outcome.clone(),
        response: response_of(notice),
    }
}

fn response_of(notice: &Notice) -> Value {
    let Notice { transaction_id, amount, currency, outcome, .. } = notice;
    let outcome = match outcome {
        Outcome::Succeeded => "succeeded",
        Outcome::Declined { reason } => reason,
        Outcome::Pending => "pending",
    };
    json!({ "transaction_id": transaction_id, "amount": amount, "currency": currency, "outcome": outcome })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::verdict::{AMOUNT_MISMATCH, CURRENCY_MISMATCH};
    use crate::samples;

    #[test]
    fn what_does_not_fit_is_told_with_its_code() {
        let payment = samples::payment();
        let code =
            |verdict| refusal(verdict, &payment).map(|problem| (problem.status().as_u16(), problem.code().to_owned()));
        assert_eq!((code(Verdict::News), code(Verdict::Known)), (None, None));
        for (verdict, expected) in [
            (Verdict::Mismatch(AMOUNT_MISMATCH), "amount_mismatch"),
            (Verdict::Mismatch(CURRENCY_MISMATCH), "currency_mismatch"),
            (Verdict::Foreign, "transaction_mismatch"),
            (Verdict::Contradiction, "payment_settled"),
        ] {
            assert_eq!(code(verdict), Some((409, expected.to_owned())));
        }
    }

    #[test]
    fn what_a_webhook_told_is_kept() {
        let outcome = Outcome::Declined { reason: "card_declined".into() };
        let notice = Notice {
            reference: "p1".into(),
            transaction_id: "t1".into(),
            amount: 7,
            currency: "EUR".into(),
            outcome: outcome.clone(),
        };
        let answer = answer_of(&notice);
        assert_eq!((answer.transaction_id.as_str(), answer.outcome), ("t1", outcome));
        let kept = json!({ "transaction_id": "t1", "amount": 7, "currency": "EUR", "outcome": "card_declined" });
        assert_eq!(answer.response, kept);
    }
}
