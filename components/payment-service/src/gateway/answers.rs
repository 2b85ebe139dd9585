//! What a gateway may answer: whatever it says, it does no harm here.
//!
//! Whether the amount, the currency and the reference are the right ones is for `domain::verdict` to say.

use super::{Answer, Notice, Outcome, contract};
use mutrapro_sdk::log;
use serde_json::{Map, Value};

/// The longest id of a transaction, in characters.
pub(super) const TRANSACTION_ID_CHARACTERS_MAX: usize = 200;
/// The longest reason, in characters.
pub(super) const REASON_CHARACTERS_MAX: usize = 64;
/// The most of what is kept for the books, in bytes.
pub(super) const DETAILS_BYTES_MAX: usize = 16 << 10;
/// The longest code of a currency, in characters.
pub(super) const CURRENCY_CHARACTERS_MAX: usize = 16;
/// The most of a text that is passed on, in characters.
pub(super) const TOLD_CHARACTERS_MAX: usize = 200;

/// Why money does not come, of which the gateway gives no proper reason.
const DECLINED: &str = "declined";

/// The answer to a charge or a refund. Details that cannot be kept are left out, and the log says why.
///
/// # Errors
/// What is wrong with it.
pub(super) fn answer(gateway: &str, given: contract::Answer) -> Result<Answer, String> {
    let transaction_id = transaction_id(given.transaction_id)?;
    let response = details(&given.details).unwrap_or_else(|what| {
        log::warn!("what gateway {gateway} says of transaction {transaction_id} is not kept: {what}");
        Value::Object(Map::new())
    });
    Ok(Answer { transaction_id, outcome: outcome(given.outcome), response })
}

/// What a webhook tells.
///
/// # Errors
/// What is wrong with it.
pub(super) fn notice(given: contract::Notice) -> Result<Notice, String> {
    let contract::Notice { reference, transaction_id: id, amount, currency, outcome: told } = given;
    let is_code = currency.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_code || !(1..=CURRENCY_CHARACTERS_MAX).contains(&currency.len()) {
        return Err(format!("the currency has not 1 to {CURRENCY_CHARACTERS_MAX} visible characters"));
    }
    Ok(Notice { reference, transaction_id: transaction_id(id)?, amount, currency, outcome: outcome(told) })
}

/// A text for clients and logs, in one line and not too long.
pub(super) fn told(text: &str) -> String {
    let plain = text.chars().map(|character| if character.is_control() { ' ' } else { character });
    plain.take(TOLD_CHARACTERS_MAX).collect()
}

fn transaction_id(id: String) -> Result<String, String> {
    if id.chars().any(char::is_control) {
        return Err("the id of the transaction has control characters".to_owned());
    }
    let characters = id.chars().count();
    if !(1..=TRANSACTION_ID_CHARACTERS_MAX).contains(&characters) {
        return Err(format!(
            "the id of the transaction has {characters} characters, not 1 to {TRANSACTION_ID_CHARACTERS_MAX}"
        ));
    }
    Ok(id)
}

fn outcome(given: contract::Outcome) -> Outcome {
    match given {
        contract::Outcome::Succeeded => Outcome::Succeeded,
        contract::Outcome::Declined(reason) if is_reason(&reason) => Outcome::Declined { reason },
        contract::Outcome::Declined(_) => Outcome::Declined { reason: DECLINED.to_owned() },
        contract::Outcome::Pending => Outcome::Pending,
    }
}

/// Snake case, which begins with a letter.
fn is_reason(text: &str) -> bool {
    text.len() <= REASON_CHARACTERS_MAX
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn details(text: &str) -> Result<Value, String> {
    if text.len() > DETAILS_BYTES_MAX {
        return Err(format!("it has {} bytes, more than {DETAILS_BYTES_MAX}", text.len()));
    }
    let details: Map<String, Value> =
        serde_json::from_str(text).map_err(|error| format!("it is no JSON object: {error}"))?;
    let details = Value::Object(details);
    // PostgreSQL stores the character nowhere, not even in JSON.
    if has_nul(&details) { Err("it has the character U+0000".to_owned()) } else { Ok(details) }
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(has_nul),
        Value::Object(members) => members.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
