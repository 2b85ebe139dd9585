//! Judging passwords.
//!
//! A hash takes tens of milliseconds and is computed outside any transaction. Every attempt costs one, whether the
//! account exists or not. What remains is that a failure at an existing account is written to disk and one at none is
//! not; the difference is small against that of two hashes.

use crate::accounts;
use crate::domain::account::normal;
use crate::password;
use crate::problems::{invalid_credentials, no_such_user, wrong_password};
use crate::store::{self, Credentials};
use mutrapro_contracts::user::UserUpdated;
use mutrapro_sdk::identity::{User, UserId};
use mutrapro_sdk::problem::Result;
use mutrapro_sdk::sql::{Database, Error, Transaction, transaction};
use mutrapro_sdk::time::Instant;

/// Who has this e-mail address and password.
///
/// # Errors
/// 401 `invalid_credentials`, whatever the reason.
pub(crate) fn verify(email: &str, password: &str, now: Instant) -> Result<UserId> {
    let found = store::credentials_by_email(&Database, &normal(email))?;
    let is_right = match &found {
        Some(credentials) => password::matches(password, &credentials.password_hash)?,
        None => {
            password::pretend(password)?;
            false
        }
    };
    let judged = found.ok_or_else(invalid_credentials)?;
    let is_in = transaction(|tx| attempt(tx, &judged, is_right, now))?;
    if is_in { Ok(judged.user_id) } else { Err(invalid_credentials()) }
}

/// Gives the user another password. A wrong old one counts as a failed login.
///
/// The event tells auth-service, which ends every session but the one that the change came through.
///
/// # Errors
/// 403 `wrong_password`.
pub(crate) fn change_password(user: &User, old: &str, new: &str, now: Instant) -> Result<()> {
    let judged = store::credentials(&Database, user.id)?.ok_or_else(no_such_user)?;
    let is_right = password::matches(old, &judged.password_hash)?;
    let new_hash = password::hash(new)?;
    let is_changed = transaction(|tx| {
        // A refusal commits: the failure is to be remembered.
        if !attempt(tx, &judged, is_right, now)? {
            return Ok(false);
        }
        if !store::update_password(tx, user.id, &judged.password_hash, &new_hash, now)? {
            return Ok(false);
        }
        accounts::emit_updated(tx, user.id, user, vec![UserUpdated::PASSWORD.to_owned()])?;
        Ok(true)
    })?;
    if is_changed { Ok(()) } else { Err(wrong_password()) }
}

/// Whether the attempt is let in, and remembers it. `judged` is what the password was compared with.
fn attempt(tx: &Transaction<'_>, judged: &Credentials, is_right: bool, now: Instant) -> Result<bool> {
    let Some(current) = store::credentials(tx, judged.user_id)? else {
        return Ok(false);
    };
    let is_right = is_right && current.password_hash == judged.password_hash;
    let (is_in, next) = current.lockout.attempt(is_right, now);
    if next != current.lockout && !store::update_lockout(tx, current.user_id, current.lockout, next)? {
        // Another attempt was remembered in between: judge by what it left.
        return Err(Error::Conflict.into());
    }
    Ok(is_in && current.is_active)
}
