//! What is said because of payment-service. That money has come is told by the milestone that it paid.

use super::{Topic, except};
use crate::domain::text::{because, excerpt, money, spoken};
use crate::domain::{Message, NotificationType};
use mutrapro_contracts::payment::{PaymentFailed, PaymentRefunded};
use mutrapro_sdk::id::Uuid;

pub(super) fn failed(event: &PaymentFailed) -> Vec<Message> {
    let (amount, what) = (money(event.amount, &event.currency), excerpt(&event.milestone_name));
    let reason = because(Some(&spoken(&event.failure_reason)));
    let text = format!("Your payment of {amount} ({what}) did not go through{reason} You can try again.");
    vec![topic(event.payment_id).tell(event.payer_user_id, "Payment failed", text)]
}

/// Who paid gets a receipt.
pub(super) fn refunded(event: &PaymentRefunded) -> Vec<Message> {
    let (amount, what) = (money(event.amount, &event.currency), excerpt(&event.milestone_name));
    let text = format!("{amount} ({what}) went back to the customer{}", because(event.reason.as_deref()));
    let topic = topic(event.payment_id);
    let mut messages = vec![topic.tell(event.coordinator_user_id, "Payment refunded", text)];
    messages = except(event.refunded_by, messages);
    let receipt = format!("Your payment of {amount} ({what}) was given back{}", because(event.reason.as_deref()));
    messages.insert(0, topic.tell(event.payer_user_id, "Payment refunded", receipt));
    messages
}

const fn topic(payment: Uuid) -> Topic {
    Topic::new(NotificationType::PaymentReminder, "payment", payment)
}
