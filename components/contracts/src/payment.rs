//! Events of payment-service. Their aggregate is the payment.

use crate::event;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What every event of a payment tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// The payment.
    pub payment_id: Uuid,
    /// What was paid.
    pub milestone_id: Uuid,
    /// For example `deposit`.
    pub milestone_type: String,
    /// For people.
    pub milestone_name: String,
    /// The quotation that the milestone belongs to.
    pub quotation_id: Uuid,
    /// The request that it belongs to.
    pub request_id: Uuid,
    /// Who pays.
    pub payer_user_id: Uuid,
    /// The user who sees the request through.
    pub coordinator_user_id: Uuid,
    /// In minor units.
    pub amount: i64,
    /// `VND`, `USD` or `EUR`.
    pub currency: String,
    /// For example `credit_card`.
    pub method: String,
    /// Which gateway carries it.
    pub gateway: String,
}

/// `payment.initiated`: the gateway was asked for the money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentInitiated {
    /// The payment as it is now.
    #[serde(flatten)]
    pub payment: Payment,
}
event!(PaymentInitiated, "payment.initiated", "payment", payment.payment_id);

/// `payment.completed`: the gateway has the money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentCompleted {
    /// The payment as it is now.
    #[serde(flatten)]
    pub payment: Payment,
}
event!(PaymentCompleted, "payment.completed", "payment", payment.payment_id);

/// `payment.failed`: the gateway did not get the money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentFailed {
    /// The payment as it is now.
    #[serde(flatten)]
    pub payment: Payment,
    /// As the gateway says, for example `card_declined`.
    pub failure_reason: String,
}
event!(PaymentFailed, "payment.failed", "payment", payment.payment_id);

/// `payment.refunded`: the money went back, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentRefunded {
    /// The payment as it is now.
    #[serde(flatten)]
    pub payment: Payment,
    /// The payment that carried it back.
    pub refund_id: Uuid,
    /// In the words of who did it.
    pub reason: Option<String>,
    /// The administrator who did it; `None` when it followed from a cancellation or a rejection.
    pub refunded_by: Option<Uuid>,
}
event!(PaymentRefunded, "payment.refunded", "payment", payment.payment_id);
