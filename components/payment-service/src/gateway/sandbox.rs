//! A gateway that moves no money: what it does is said by the token, as with the test cards of real ones.

use super::{Answer, Charge, Gateway, Notice, Outcome, Refund};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use hmac::{Hmac, KeyInit, Mac};
use mutrapro_sdk::problem::{Problem, Result};
use mutrapro_sdk::time::Instant;
use mutrapro_sdk::variables;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::Sha256;
use std::time::Duration;
use utoipa::ToSchema;

/// What it is called.
pub(crate) const NAME: &str = "sandbox";
/// The header of its webhooks: `t=<seconds since 1970>,v1=<hexadecimal HMAC-SHA256 of "t.body">`.
pub(crate) const SIGNATURE_HEADER: &str = "x-sandbox-signature";
/// The money comes at once.
pub(crate) const SUCCESS: &str = "sandbox_success";
/// The money does not come.
pub(crate) const DECLINE: &str = "sandbox_decline";
/// A webhook tells after a few seconds that the money came.
pub(crate) const DELAYED: &str = "sandbox_delayed";
/// As [`DELAYED`], but the webhook comes twice.
pub(crate) const DUPLICATE: &str = "sandbox_duplicate";
/// As [`DELAYED`], but the webhook tells of another amount.
pub(crate) const WRONG_AMOUNT: &str = "sandbox_wrong_amount";
/// As [`DELAYED`], but the webhook tells of another currency.
pub(crate) const WRONG_CURRENCY: &str = "sandbox_wrong_currency";
/// As [`DELAYED`], but the webhook tells that the money does not come.
pub(crate) const DELAYED_DECLINE: &str = "sandbox_delayed_decline";

/// Why the money does not come.
const CARD_DECLINED: &str = "card_declined";

/// How old a webhook may be, and how far ahead of our clock.
const TOLERANCE: Duration = Duration::from_secs(300);
const KEY_VARIABLE: &str = "payment_webhook_key";
const KEY_BYTES_MIN: usize = 32;

/// The sandbox, with the key that signs its webhooks.
pub(crate) struct Sandbox {
    key: Vec<u8>,
}

mutrapro_sdk::text_enum! {
    /// What became of a charge.
    pub(crate) enum WebhookStatus {
        /// The money came.
        Succeeded = "succeeded",
        /// It does not come.
        Declined = "declined",
        /// Another webhook will tell.
        Pending = "pending",
    }
}

/// The body of a webhook of the sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SandboxWebhook, example = json!({
    "reference": "0190f3a0-0000-7000-8000-000000000001",
    "transaction_id": "sandbox_0190f3a0-0000-7000-8000-000000000001",
    "amount": 80000, "currency": "VND", "status": "succeeded"
}))]
pub(crate) struct Webhook {
    /// The payment's id.
    reference: String,
    /// The sandbox's id of it.
    transaction_id: String,
    /// What was taken, in minor units.
    amount: i64,
    /// What the amount is counted in.
    currency: String,
    /// What became of it.
    status: WebhookStatus,
    /// Why the money does not come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// A webhook on its way.
pub(crate) struct Signed {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Sandbox {
    /// The sandbox as the application configures it.
    ///
    /// # Errors
    /// 500 without a good key.
    pub(crate) fn configured() -> Result<Self> {
        let key = variables::get(KEY_VARIABLE)?.unwrap_or_default().into_bytes();
        Self::new(key).ok_or_else(|| Problem::internal(format!("{KEY_VARIABLE} has less than {KEY_BYTES_MIN} bytes")))
    }

    fn new(key: Vec<u8>) -> Option<Self> {
        (key.len() >= KEY_BYTES_MIN).then_some(Self { key })
    }

    /// The webhooks that a charge leads to, in the order in which they arrive.
    ///
    /// # Errors
    /// 500 when they cannot be written.
    pub(crate) fn webhooks(&self, charge: &Charge, now: Instant) -> Result<Vec<Signed>> {
        let webhook = Webhook {
            reference: charge.reference.clone(),
            transaction_id: transaction_id(&charge.reference),
            amount: charge.amount,
            currency: charge.currency.clone(),
            status: WebhookStatus::Succeeded,
            reason: None,
        };
        let (copies, webhook) = match charge.token.as_str() {
            DELAYED => (1, webhook),
            DUPLICATE => (2, webhook),
            WRONG_AMOUNT => (1, Webhook { amount: charge.amount.saturating_add(1), ..webhook }),
            WRONG_CURRENCY => (1, Webhook { currency: "XTS".to_owned(), ..webhook }),
            DELAYED_DECLINE => {
                let reason = Some(CARD_DECLINED.to_owned());
                (1, Webhook { status: WebhookStatus::Declined, reason, ..webhook })
            }
            _ => return Ok(Vec::new()),
        };
        let body = serde_json::to_vec(&webhook).map_err(Problem::internal)?;
        (0..copies).map(|_| self.sign(body.clone(), now)).collect()
    }

    fn sign(&self, body: Vec<u8>, now: Instant) -> Result<Signed> {
        let sent_at_s = seconds(now);
        let code = hex::encode(self.mac(sent_at_s, &body)?.finalize().into_bytes());
        let signature = HeaderValue::from_str(&format!("t={sent_at_s},v1={code}")).map_err(Problem::internal)?;
        let headers = HeaderMap::from_iter([(HeaderName::from_static(SIGNATURE_HEADER), signature)]);
        Ok(Signed { headers, body })
    }

    fn mac(&self, sent_at_s: u64, body: &[u8]) -> Result<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).map_err(Problem::internal)?;
        mac.update(format!("{sent_at_s}.").as_bytes());
        mac.update(body);
        Ok(mac)
    }
}

impl Gateway for Sandbox {
    fn charge(&self, charge: &Charge) -> Result<Answer> {
        let outcome = match charge.token.as_str() {
            SUCCESS => Outcome::Succeeded,
            DELAYED | DUPLICATE | WRONG_AMOUNT | WRONG_CURRENCY | DELAYED_DECLINE => Outcome::Pending,
            DECLINE => Outcome::Declined { reason: CARD_DECLINED.to_owned() },
            _ => Outcome::Declined { reason: "unknown_token".to_owned() },
        };
        let response = json!({ "gateway": NAME, "method": charge.method, "token": charge.token });
        Ok(Answer { transaction_id: transaction_id(&charge.reference), outcome, response })
    }

    fn refund(&self, refund: &Refund) -> Result<Answer> {
        let response = json!({ "gateway": NAME, "refund_of": refund.transaction_id, "amount": refund.amount });
        let transaction_id = transaction_id(&refund.reference);
        Ok(Answer { transaction_id, outcome: Outcome::Succeeded, response })
    }

    fn verify(&self, headers: &HeaderMap, body: &[u8], now: Instant) -> Result<Notice> {
        let bad = || Problem::unauthorized("bad_signature", format!("{SIGNATURE_HEADER} does not fit the body"));
        let signature = headers.get(SIGNATURE_HEADER).and_then(|value| value.to_str().ok()).ok_or_else(bad)?;
        let (sent_at_s, code) = parse(signature).ok_or_else(bad)?;
        // Compared in constant time, before anything in the body is believed.
        self.mac(sent_at_s, body)?.verify_slice(&code).map_err(|_| bad())?;
        if seconds(now).abs_diff(sent_at_s) > TOLERANCE.as_secs() {
            return Err(Problem::unauthorized("stale_signature", "the webhook is too old: sign it anew"));
        }
        let webhook: Webhook = serde_json::from_slice(body)
            .map_err(|error| Problem::bad_request(format!("the body is no webhook of the sandbox: {error}")))?;
        let Webhook { reference, transaction_id, amount, currency, status, reason } = webhook;
        let outcome = match status {
            WebhookStatus::Succeeded => Outcome::Succeeded,
            WebhookStatus::Declined => Outcome::Declined { reason: reason.unwrap_or_else(|| CARD_DECLINED.to_owned()) },
            WebhookStatus::Pending => Outcome::Pending,
        };
        Ok(Notice { reference, transaction_id, amount, currency, outcome })
    }
}

fn transaction_id(reference: &str) -> String {
    format!("{NAME}_{reference}")
}

fn seconds(instant: Instant) -> u64 {
    instant.since(Instant::UNIX_EPOCH).as_secs()
}

fn parse(signature: &str) -> Option<(u64, Vec<u8>)> {
    let (time, code) = signature.split_once(',')?;
    Some((time.strip_prefix("t=")?.parse().ok()?, hex::decode(code.strip_prefix("v1=")?).ok()?))
}

#[cfg(test)]
mod tests;
