//! The export. Put your provider's API in place of the vouchers; what a charge and its repetition mean is said in
//! `wit/deps/plugins/payment-gateway.wit`.

use crate::rules;

#[allow(clippy::all)]
mod bindings {
    wit_bindgen::generate!({ path: "wit", world: "component", generate_all });
}

use bindings::exports::mutrapro::plugins::payment_gateway::{
    Answer, ChargeOrder, Guest, Notice, RefundOrder, Webhook, WebhookRefusal,
};
use bindings::mutrapro::plugins::payment_gateway_types::Outcome;

struct SampleName;
bindings::export!(SampleName with_types_in bindings);

impl Guest for SampleName {
    /// The answer hangs on the order alone, so that a charge that comes again has the same.
    fn charge(order: ChargeOrder) -> Result<Answer, String> {
        let outcome = match rules::refusal(&order.token, order.amount) {
            Some(reason) => Outcome::Declined(reason.to_owned()),
            None => Outcome::Succeeded,
        };
        Ok(Answer {
            transaction_id: format!("charge-{}", order.reference),
            outcome,
            details: "{}".to_owned(),
        })
    }

    fn refund(order: RefundOrder) -> Result<Answer, String> {
        let transaction_id = format!("refund-{}", order.reference);
        Ok(Answer {
            transaction_id,
            outcome: Outcome::Succeeded,
            details: "{}".to_owned(),
        })
    }

    /// Nobody signs anything here, so no webhook is genuine.
    fn verify_webhook(_webhook: Webhook, _received_at: String) -> Result<Notice, WebhookRefusal> {
        Err(WebhookRefusal::BadSignature(
            "this gateway sends no webhooks".to_owned(),
        ))
    }

    fn simulated_webhooks(_order: ChargeOrder, _sent_at: String) -> Result<Vec<Webhook>, String> {
        Ok(Vec::new())
    }
}
