//! What a payment gateway does for us, and which ones there are. Nothing of our domain is in here.

pub(crate) mod sandbox;

use axum::http::HeaderMap;
use mutrapro_sdk::problem::{Problem, Result};
use mutrapro_sdk::time::Instant;
use serde_json::Value;

/// Every gateway that there is.
pub(crate) const NAMES: [&str; 1] = [sandbox::NAME];

/// Money to be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Charge {
    /// Our id of it: a charge that is repeated under the same id is the same charge.
    pub(crate) reference: String,
    /// In minor units.
    pub(crate) amount: i64,
    /// For example `VND`.
    pub(crate) currency: String,
    /// For example `credit_card`.
    pub(crate) method: String,
    /// What stands for the means of payment.
    pub(crate) token: String,
}

/// Money to be given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refund {
    /// Our id of it: a refund that is repeated under the same id is the same refund.
    pub(crate) reference: String,
    /// The charge's transaction.
    pub(crate) transaction_id: String,
    /// In minor units.
    pub(crate) amount: i64,
}

/// What became of a charge or a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The money is there.
    Succeeded,
    /// It is not, and will not be.
    Declined {
        /// Stable, for example `card_declined`.
        reason: String,
    },
    /// A webhook will tell, or the answer when it is asked again.
    Pending,
}

/// What a gateway answers to a charge or a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The gateway's id of it.
    pub(crate) transaction_id: String,
    /// What became of it.
    pub(crate) outcome: Outcome,
    /// To be kept; nothing secret is in it.
    pub(crate) response: Value,
}

/// What a verified webhook tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    /// Our id of the charge.
    pub(crate) reference: String,
    /// The gateway's id of it.
    pub(crate) transaction_id: String,
    /// What was taken, in minor units.
    pub(crate) amount: i64,
    /// For example `VND`.
    pub(crate) currency: String,
    /// What became of it.
    pub(crate) outcome: Outcome,
}

/// A payment gateway.
pub(crate) trait Gateway {
    /// Takes money.
    ///
    /// # Errors
    /// When the gateway cannot say: the charge is to be repeated later.
    fn charge(&self, charge: &Charge) -> Result<Answer>;

    /// Gives money back.
    ///
    /// # Errors
    /// When the gateway cannot say: the refund is to be repeated later.
    fn refund(&self, refund: &Refund) -> Result<Answer>;

    /// Reads a webhook whose signature, in a header of the gateway's choice, is good at `now`.
    ///
    /// # Errors
    /// 401 `bad_signature` or `stale_signature`, and 400 for what is no webhook.
    fn verify(&self, headers: &HeaderMap, body: &[u8], now: Instant) -> Result<Notice>;
}

/// The gateway of this name; `None` when there is none.
///
/// # Errors
/// 500 when it is not configured.
pub(crate) fn named(name: &str) -> Result<Option<Box<dyn Gateway>>> {
    Ok(match name {
        sandbox::NAME => Some(Box::new(sandbox::Sandbox::configured()?)),
        _ => None,
    })
}

/// The gateway that carries a payment that was made before.
///
/// # Errors
/// 500 when there is none of this name any more, or it is not configured.
pub(crate) fn carrying(name: &str) -> Result<Box<dyn Gateway>> {
    named(name)?.ok_or_else(|| Problem::internal(format!("there is no gateway {name:?}")))
}
