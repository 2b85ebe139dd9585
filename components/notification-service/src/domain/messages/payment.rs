//! What is said because of payment-service. That money has come is told by the milestone that it paid.

use super::{Topic, except};
use crate::domain::text::{because, excerpt, money, spoken};
use crate::domain::{Message, NotificationType};
use mutrapro_contracts::payment::{Payment, PaymentFailed, PaymentRefunded};

pub(super) fn failed(event: &PaymentFailed) -> Vec<Message> {
    let payment = &event.payment;
    let (amount, what) = (money(payment.amount, &payment.currency), excerpt(&payment.milestone_name));
    let reason = because(Some(&spoken(&event.failure_reason)));
    let text = format!("Your payment of {amount} ({what}) did not go through{reason} You can try again.");
    vec![topic(payment).tell(payment.payer_user_id, "Payment failed", text)]
}

/// Who paid gets a receipt.
pub(super) fn refunded(event: &PaymentRefunded) -> Vec<Message> {
    let payment = &event.payment;
    let (amount, what) = (money(payment.amount, &payment.currency), excerpt(&payment.milestone_name));
    let text = format!("{amount} ({what}) went back to the customer{}", because(event.reason.as_deref()));
    let topic = topic(payment);
    let mut messages = vec![topic.tell(payment.coordinator_user_id, "Payment refunded", text)];
    messages = except(event.refunded_by, messages);
    let receipt = format!("Your payment of {amount} ({what}) was given back{}", because(event.reason.as_deref()));
    messages.insert(0, topic.tell(payment.payer_user_id, "Payment refunded", receipt));
    messages
}

const fn topic(payment: &Payment) -> Topic {
    Topic::new(NotificationType::PaymentReminder, "payment", payment.payment_id)
}
