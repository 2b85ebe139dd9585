//! The component: its key, its clock and the contract.

#![expect(unsafe_code, reason = "generated: the canonical ABI is written with raw pointers")]

use crate::sandbox::{self, Charge, KEY_VARIABLE, Refusal, Sandbox};
use jiff::Timestamp;

wit_bindgen::generate!({
    path: "../../wit/worlds",
    world: "payment-gateway-plugin",
    generate_all,
});

use exports::mutrapro::plugins::payment_gateway::{
    Answer, ChargeOrder, Guest, Notice, RefundOrder, Webhook, WebhookRefusal,
};
use fermyon::spin::variables;
use mutrapro::plugins::payment_gateway_types::{Header, Outcome};

struct Component;

export!(Component);

impl Guest for Component {
    fn charge(order: ChargeOrder) -> Result<Answer, String> {
        Ok(sandbox::charge(&charge_of(order)).into())
    }

    fn refund(order: RefundOrder) -> Result<Answer, String> {
        Ok(sandbox::refund(&order.reference, &order.transaction_id, order.amount).into())
    }

    fn verify_webhook(webhook: Webhook, received_at: String) -> Result<Notice, WebhookRefusal> {
        let sandbox = configured().map_err(WebhookRefusal::CannotSay)?;
        let received_at = instant(&received_at).map_err(WebhookRefusal::CannotSay)?;
        let signature = webhook.headers.iter().find(|header| header.name == sandbox::SIGNATURE_HEADER);
        let signature = signature.map(|header| header.value.as_str());
        Ok(sandbox.verify(signature, &webhook.body, received_at)?.into())
    }

    fn simulated_webhooks(order: ChargeOrder, sent_at: String) -> Result<Vec<Webhook>, String> {
        let webhooks = configured()?.webhooks(&charge_of(order), instant(&sent_at)?)?;
        Ok(webhooks.into_iter().map(Webhook::from).collect())
    }
}

fn configured() -> Result<Sandbox, String> {
    let key = variables::get(KEY_VARIABLE).map_err(|error| format!("{KEY_VARIABLE}: {error}"))?;
    Sandbox::new(key.into_bytes())
}

fn instant(text: &str) -> Result<Timestamp, String> {
    text.parse().map_err(|_| format!("{text:?} is no instant"))
}

fn charge_of(order: ChargeOrder) -> Charge {
    let ChargeOrder { reference, amount, currency, method, token } = order;
    Charge { reference, amount, currency, method, token }
}

impl From<sandbox::Answer> for Answer {
    fn from(answer: sandbox::Answer) -> Self {
        let sandbox::Answer { transaction_id, outcome, details } = answer;
        Self { transaction_id, outcome: outcome.into(), details: details.to_string() }
    }
}

impl From<sandbox::Outcome> for Outcome {
    fn from(outcome: sandbox::Outcome) -> Self {
        match outcome {
            sandbox::Outcome::Succeeded => Self::Succeeded,
            sandbox::Outcome::Declined(reason) => Self::Declined(reason),
            sandbox::Outcome::Pending => Self::Pending,
        }
    }
}

impl From<sandbox::Notice> for Notice {
    fn from(notice: sandbox::Notice) -> Self {
        let sandbox::Notice { reference, transaction_id, amount, currency, outcome } = notice;
        Self { reference, transaction_id, amount, currency, outcome: outcome.into() }
    }
}

impl From<Refusal> for WebhookRefusal {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::BadSignature(text) => Self::BadSignature(text),
            Refusal::StaleSignature(text) => Self::StaleSignature(text),
            Refusal::Malformed(text) => Self::Malformed(text),
            Refusal::CannotSay(text) => Self::CannotSay(text),
        }
    }
}

impl From<sandbox::Signed> for Webhook {
    fn from(webhook: sandbox::Signed) -> Self {
        let header = Header { name: sandbox::SIGNATURE_HEADER.to_owned(), value: webhook.signature };
        Self { headers: vec![header], body: webhook.body }
    }
}
