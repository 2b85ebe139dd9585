//! What the sandbox does with which token, and which webhooks it believes. Pure: no bindings.

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::Sha256;
use std::time::Duration;

/// The header of its webhooks: `t=<seconds since 1970>,v1=<hexadecimal HMAC-SHA256 of "t.body">`.
pub(crate) const SIGNATURE_HEADER: &str = "x-sandbox-signature";
/// What signs its webhooks.
pub(crate) const KEY_VARIABLE: &str = "payment_webhook_key";

/// The money comes at once.
const SUCCESS: &str = "sandbox_success";
/// No token: as [`SUCCESS`].
const NONE: &str = "";
/// The money does not come.
const DECLINE: &str = "sandbox_decline";
/// A webhook tells after a few seconds that the money came.
const DELAYED: &str = "sandbox_delayed";
/// As [`DELAYED`], but the webhook comes twice.
const DUPLICATE: &str = "sandbox_duplicate";
/// As [`DELAYED`], but the webhook tells of another amount.
const WRONG_AMOUNT: &str = "sandbox_wrong_amount";
/// As [`DELAYED`], but the webhook tells of another currency.
const WRONG_CURRENCY: &str = "sandbox_wrong_currency";
/// As [`DELAYED`], but the webhook tells that the money does not come.
const DELAYED_DECLINE: &str = "sandbox_delayed_decline";

/// Why the money does not come.
const CARD_DECLINED: &str = "card_declined";
/// Why it does not come for a token that the sandbox does not know.
const UNKNOWN_TOKEN: &str = "unknown_token";
/// What ids of transactions begin with.
const NAME: &str = "sandbox";

/// How old a webhook may be, and how far ahead of our clock.
const TOLERANCE: Duration = Duration::from_secs(300);
const KEY_BYTES_MIN: usize = 32;

/// Money to be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Charge {
    pub(crate) reference: String,
    /// In minor units.
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) method: String,
    pub(crate) token: String,
}

/// What became of a charge or a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Succeeded,
    /// The reason is stable, for example `card_declined`.
    Declined(String),
    /// A webhook will tell.
    Pending,
}

/// The answer to a charge or a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) transaction_id: String,
    pub(crate) outcome: Outcome,
    /// For the books: an object.
    pub(crate) details: Value,
}

/// What a verified webhook tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) reference: String,
    pub(crate) transaction_id: String,
    /// In minor units.
    pub(crate) amount: i64,
    pub(crate) currency: String,
    pub(crate) outcome: Outcome,
}

/// Why a webhook is not believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    BadSignature(String),
    StaleSignature(String),
    Malformed(String),
    CannotSay(String),
}

/// A webhook on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signed {
    /// The value of [`SIGNATURE_HEADER`].
    pub(crate) signature: String,
    pub(crate) body: Vec<u8>,
}

/// What became of a charge, as a webhook tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Succeeded,
    Declined,
    /// Another webhook will tell.
    Pending,
}

/// The body of a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Body {
    reference: String,
    transaction_id: String,
    amount: i64,
    currency: String,
    status: Status,
    /// Why the money does not come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Takes no money, as the token says.
pub(crate) fn charge(charge: &Charge) -> Answer {
    let outcome = match charge.token.as_str() {
        SUCCESS | NONE => Outcome::Succeeded,
        DELAYED | DUPLICATE | WRONG_AMOUNT | WRONG_CURRENCY | DELAYED_DECLINE => Outcome::Pending,
        DECLINE => Outcome::Declined(CARD_DECLINED.to_owned()),
        _ => Outcome::Declined(UNKNOWN_TOKEN.to_owned()),
    };
    let details = json!({ "gateway": NAME, "method": charge.method, "token": charge.token });
    Answer { transaction_id: transaction_id(&charge.reference), outcome, details }
}

/// Gives back what was never taken, at once.
pub(crate) fn refund(reference: &str, refund_of: &str, amount: i64) -> Answer {
    let details = json!({ "gateway": NAME, "refund_of": refund_of, "amount": amount });
    Answer { transaction_id: transaction_id(reference), outcome: Outcome::Succeeded, details }
}

fn transaction_id(reference: &str) -> String {
    format!("{NAME}_{reference}")
}

/// The sandbox, with the key that signs its webhooks.
pub(crate) struct Sandbox {
    key: Vec<u8>,
}

impl Sandbox {
    /// # Errors
    /// When the key is too short.
    pub(crate) fn new(key: Vec<u8>) -> Result<Self, String> {
        if key.len() < KEY_BYTES_MIN {
            return Err(format!("{KEY_VARIABLE} has less than {KEY_BYTES_MIN} bytes"));
        }
        Ok(Self { key })
    }

    /// The webhooks that a charge leads to, in the order in which they arrive.
    ///
    /// # Errors
    /// When they cannot be written.
    pub(crate) fn webhooks(&self, charge: &Charge, now: Timestamp) -> Result<Vec<Signed>, String> {
        let body = Body {
            reference: charge.reference.clone(),
            transaction_id: transaction_id(&charge.reference),
            amount: charge.amount,
            currency: charge.currency.clone(),
            status: Status::Succeeded,
            reason: None,
        };
        let (copies, body) = match charge.token.as_str() {
            DELAYED => (1, body),
            DUPLICATE => (2, body),
            WRONG_AMOUNT => (1, Body { amount: charge.amount.saturating_add(1), ..body }),
            WRONG_CURRENCY => (1, Body { currency: "XTS".to_owned(), ..body }),
            DELAYED_DECLINE => (1, Body { status: Status::Declined, reason: Some(CARD_DECLINED.to_owned()), ..body }),
            _ => return Ok(Vec::new()),
        };
        let body = serde_json::to_vec(&body).map_err(|error| error.to_string())?;
        (0..copies).map(|_| self.sign(body.clone(), now)).collect()
    }

    /// Reads a webhook whose `signature`, if it has one, is good at `now`.
    ///
    /// # Errors
    /// Why it is not believed.
    pub(crate) fn verify(&self, signature: Option<&str>, body: &[u8], now: Timestamp) -> Result<Notice, Refusal> {
        let bad = || Refusal::BadSignature(format!("{SIGNATURE_HEADER} does not fit the body"));
        let (sent_at_s, code) = signature.and_then(parse).ok_or_else(bad)?;
        // Compared in constant time, before anything in the body is believed.
        self.mac(sent_at_s, body).map_err(Refusal::CannotSay)?.verify_slice(&code).map_err(|_| bad())?;
        if seconds(now).abs_diff(sent_at_s) > TOLERANCE.as_secs() {
            return Err(Refusal::StaleSignature("the webhook is too old: sign it anew".to_owned()));
        }
        let body: Body = serde_json::from_slice(body)
            .map_err(|error| Refusal::Malformed(format!("the body is no webhook of the sandbox: {error}")))?;
        let Body { reference, transaction_id, amount, currency, status, reason } = body;
        let outcome = match status {
            Status::Succeeded => Outcome::Succeeded,
            Status::Declined => Outcome::Declined(reason.unwrap_or_else(|| CARD_DECLINED.to_owned())),
            Status::Pending => Outcome::Pending,
        };
        Ok(Notice { reference, transaction_id, amount, currency, outcome })
    }

    fn sign(&self, body: Vec<u8>, now: Timestamp) -> Result<Signed, String> {
        let sent_at_s = seconds(now);
        let code = hex::encode(self.mac(sent_at_s, &body)?.finalize().into_bytes());
        Ok(Signed { signature: format!("t={sent_at_s},v1={code}"), body })
    }

    fn mac(&self, sent_at_s: u64, body: &[u8]) -> Result<Hmac<Sha256>, String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).map_err(|error| error.to_string())?;
        mac.update(format!("{sent_at_s}.").as_bytes());
        mac.update(body);
        Ok(mac)
    }
}

/// Since 1970; 0 before.
fn seconds(instant: Timestamp) -> u64 {
    u64::try_from(instant.as_second()).unwrap_or(0)
}

fn parse(signature: &str) -> Option<(u64, Vec<u8>)> {
    let (time, code) = signature.split_once(',')?;
    Some((time.strip_prefix("t=")?.parse().ok()?, hex::decode(code.strip_prefix("v1=")?).ok()?))
}

#[cfg(test)]
mod tests;
