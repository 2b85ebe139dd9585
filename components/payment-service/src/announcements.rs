//! What the service tells others: events made of its rows.

use crate::store::Payment;
use mutrapro_contracts::payment as told;
use mutrapro_sdk::identity::UserId;

pub(crate) fn payment_initiated(payment: &Payment) -> told::PaymentInitiated {
    told::PaymentInitiated { payment: of_payment(payment) }
}

pub(crate) fn payment_completed(payment: &Payment) -> told::PaymentCompleted {
    told::PaymentCompleted { payment: of_payment(payment) }
}

pub(crate) fn payment_failed(payment: &Payment, reason: &str) -> told::PaymentFailed {
    told::PaymentFailed { payment: of_payment(payment), failure_reason: reason.to_owned() }
}

/// `payment` is what `refund` gave back.
pub(crate) fn payment_refunded(payment: &Payment, refund: &Payment) -> told::PaymentRefunded {
    told::PaymentRefunded {
        payment: of_payment(payment),
        refund_id: refund.id.uuid(),
        reason: refund.refund_reason.clone(),
        refunded_by: refund.refund_by.map(UserId::uuid),
    }
}

/// What every event of a payment tells of it.
fn of_payment(payment: &Payment) -> told::Payment {
    told::Payment {
        payment_id: payment.id.uuid(),
        milestone_id: payment.milestone_id.uuid(),
        milestone_type: payment.milestone_type.clone(),
        milestone_name: payment.milestone_name.clone(),
        quotation_id: payment.quotation_id.uuid(),
        request_id: payment.request_id.uuid(),
        payer_user_id: payment.payer_id.uuid(),
        coordinator_user_id: payment.coordinator_user_id.uuid(),
        amount: payment.amount,
        currency: payment.currency.to_string(),
        method: payment.method.to_string(),
        gateway: payment.gateway.clone(),
    }
}
