//! What payment gateways do for us. They are plugins, which are called here alone, and what they answer is checked before
//! anything believes it. Nothing of our domain is in here.
//!
//! A malformed answer is none: nothing is known of the money, and the same call is made again later. The host refuses calls while
//! a transaction is open: ask first, write then.

mod answers;

use mutrapro_sdk::plugins::payment_gateway as contract;
use mutrapro_sdk::plugins::{CallError, Error};
use mutrapro_sdk::problem::{Problem, Result};
use mutrapro_sdk::time::Instant;
use serde_json::Value;

pub(crate) use contract::{ChargeOrder, Header, RefundOrder, Webhook};

/// The most webhooks that a gateway may simulate for a charge.
const SIMULATED_WEBHOOKS_MAX: usize = 16;

/// What became of a charge or a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The money is there.
    Succeeded,
    /// It is not, and will not be.
    Declined {
        /// Stable, in snake case, for example `card_declined`.
        reason: String,
    },
    /// A webhook will tell, or the answer when it is asked again.
    Pending,
}

/// What a gateway answers to a charge or a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The gateway's id of it: 1 to 200 characters, none of them a control character.
    pub(crate) transaction_id: String,
    /// What became of it.
    pub(crate) outcome: Outcome,
    /// To be kept: an object without U+0000, of at most 16 KiB.
    pub(crate) response: Value,
}

/// What a verified webhook tells. The amount and the currency may be others than were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    /// Our id of the charge, as far as the gateway knows it.
    pub(crate) reference: String,
    /// The gateway's id of it, as in an [`Answer`].
    pub(crate) transaction_id: String,
    /// What was taken, in minor units.
    pub(crate) amount: i64,
    /// For example `VND`: 1 to 16 visible characters of ASCII.
    pub(crate) currency: String,
    /// What became of it.
    pub(crate) outcome: Outcome,
}

/// Every gateway that there is, the default one first.
#[cfg(not(test))]
pub(crate) fn names() -> Vec<String> {
    contract::names()
}

/// As the manifest has it: a native test has no host to ask.
#[cfg(test)]
pub(crate) fn names() -> Vec<String> {
    vec!["sandbox".to_owned()]
}

/// The gateway of a payment that names none.
///
/// # Errors
/// 500 when there is none at all.
pub(crate) fn default_name() -> Result<String> {
    names().into_iter().next().ok_or_else(|| Problem::internal("the manifest gives this service no payment gateway"))
}

/// Takes money. A charge that is repeated under the same reference is the same charge.
///
/// # Errors
/// When the gateway cannot say: the charge is to be repeated later. 500 when there is none of this name any more.
pub(crate) fn charge(gateway: &str, order: &ChargeOrder) -> Result<Answer> {
    checked(gateway, contract::charge(gateway, order), |answer| answers::answer(gateway, answer))
}

/// Gives money back. A refund that is repeated under the same reference is the same refund.
///
/// # Errors
/// When the gateway cannot say: the refund is to be repeated later. 500 when there is none of this name any more.
pub(crate) fn refund(gateway: &str, order: &RefundOrder) -> Result<Answer> {
    checked(gateway, contract::refund(gateway, order), |answer| answers::answer(gateway, answer))
}

/// Reads a webhook whose signature is good at `now`.
///
/// # Errors
/// 404 without such a gateway, 401 `bad_signature` or `stale_signature`, 400 for what is no webhook, and 503 when the gateway
/// cannot say.
pub(crate) fn verify(gateway: &str, webhook: &Webhook, now: Instant) -> Result<Notice> {
    if !names().iter().any(|name| name == gateway) {
        return Err(Problem::not_found("gateway"));
    }
    verified(gateway, contract::verify_webhook(gateway, webhook, &now.to_string()))
}

/// The webhooks that a gateway without a server of its own sends for a charge that is pending, at `now`.
///
/// # Errors
/// When the gateway cannot say.
pub(crate) fn simulated_webhooks(gateway: &str, order: &ChargeOrder, now: Instant) -> Result<Vec<Webhook>> {
    simulated(gateway, contract::simulated_webhooks(gateway, order, &now.to_string()))
}

/// What a gateway gave, if `check` finds nothing wrong with it.
fn checked<Given, T>(
    gateway: &str,
    given: Result<Given, Error>,
    check: impl FnOnce(Given) -> Result<T, String>,
) -> Result<T> {
    Ok(check(given?).map_err(|what| no_answer(gateway, CallError::Failed(format!("malformed answer: {what}"))))?)
}

fn simulated(gateway: &str, given: Result<Vec<Webhook>, Error>) -> Result<Vec<Webhook>> {
    checked(gateway, given, |webhooks| match webhooks.len() {
        ..=SIMULATED_WEBHOOKS_MAX => Ok(webhooks),
        count => Err(format!("{count} webhooks are more than {SIMULATED_WEBHOOKS_MAX}")),
    })
}

fn verified(gateway: &str, given: Result<Result<contract::Notice, contract::WebhookRefusal>, Error>) -> Result<Notice> {
    match given? {
        Ok(notice) => checked(gateway, Ok(notice), answers::notice),
        Err(refusal) => Err(refused(gateway, refusal)),
    }
}

/// What the sender of a webhook is told that the gateway does not believe.
fn refused(gateway: &str, refusal: contract::WebhookRefusal) -> Problem {
    use contract::WebhookRefusal as Refusal;
    match refusal {
        Refusal::BadSignature(text) => Problem::unauthorized("bad_signature", answers::told(&text)),
        Refusal::StaleSignature(text) => Problem::unauthorized("stale_signature", answers::told(&text)),
        Refusal::Malformed(text) => Problem::bad_request(answers::told(&text)),
        Refusal::CannotSay(text) => no_answer(gateway, CallError::CannotSay(answers::told(&text))).into(),
    }
}

fn no_answer(gateway: &str, cause: CallError) -> Error {
    Error { plugin: gateway.to_owned(), cause }
}

#[cfg(test)]
mod tests;
