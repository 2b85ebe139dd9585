//! The copies of what user-service knows of a specialist's account.
//!
//! A copy is looked at again right after it was first written: the event that would correct it may have come when there
//! was no row to correct. From then on events keep it right. They are user-service's, and of one user they come in
//! order.

use crate::domain::account::{Account, SPECIALIST_ROLES};
use crate::store::{self, Specialist};
use crate::{dependencies, profiles};
use mutrapro_contracts::user::{RoleGranted, RoleRevoked, UserDeactivated, UserUpdated};
use mutrapro_sdk::identity::{Role, UserId};
use mutrapro_sdk::log;
use mutrapro_sdk::problem::{Problem, Result};
use mutrapro_sdk::sql::{Error, Transaction, transaction};
use mutrapro_sdk::time::Instant;

/// The account of a user who can be given a profile.
///
/// # Errors
/// 422 when there is no such user, 409 when they cannot work.
pub(crate) fn of_specialist_to_be(account: Option<Account>) -> Result<Account> {
    let account = account.ok_or_else(|| profiles::wrong_field("user_id", "unknown", "is none of a user's"))?;
    if !account.is_active {
        return Err(Problem::conflict("user_inactive", "the account is closed: activate the user first"));
    }
    if !account.is_specialist() {
        let roles = SPECIALIST_ROLES.map(Role::as_str).join(" or ");
        let detail = format!("the user is no specialist: grant {roles} first");
        return Err(Problem::conflict("specialist_role_required", detail));
    }
    Ok(account)
}

/// Looks again at the account of a profile that was just written, and gives the profile as it is then.
///
/// # Errors
/// What the database makes of it. That user-service does not answer is no error: the profile stands, and the copy is
/// wrong only if the user changed at this very moment.
pub(crate) fn settled(specialist: Specialist, now: Instant) -> Result<Specialist> {
    let written = specialist.account();
    let account = match dependencies::account(specialist.user_id) {
        Ok(account) => account.filter(|account| *account != written),
        Err(problem) => {
            log::warn!("the account of specialist {} was not looked at again: {problem}", specialist.id);
            None
        }
    };
    let Some(account) = account else {
        return Ok(specialist);
    };
    transaction(|tx| {
        store::replace_account(tx, specialist.id, (&written, &account), now)?;
        profiles::found(tx, specialist.id)
    })
}

/// The name changed, or the account was opened again.
pub(crate) fn user_updated(tx: &Transaction<'_>, event: &UserUpdated, now: Instant) -> Result<(), Error> {
    store::keep_user(tx, event.user_id.into(), (&event.full_name, event.is_active), now).map(drop)
}

/// The account was closed.
pub(crate) fn user_deactivated(tx: &Transaction<'_>, event: &UserDeactivated, now: Instant) -> Result<(), Error> {
    store::keep_closed(tx, event.user_id.into(), now).map(drop)
}

/// The user holds a role more.
pub(crate) fn role_granted(tx: &Transaction<'_>, event: &RoleGranted, now: Instant) -> Result<(), Error> {
    keep_role(tx, event.user_id.into(), (&event.role, true), now)
}

/// The user holds a role less.
pub(crate) fn role_revoked(tx: &Transaction<'_>, event: &RoleRevoked, now: Instant) -> Result<(), Error> {
    keep_role(tx, event.user_id.into(), (&event.role, false), now)
}

fn keep_role(tx: &Transaction<'_>, user_id: UserId, (role, is_held): (&str, bool), now: Instant) -> Result<(), Error> {
    // A role that this service does not know makes nobody a specialist.
    match role.parse::<Role>() {
        Ok(role) => store::keep_role(tx, user_id, (role, is_held), now).map(drop),
        Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(is_active: bool, role: &str) -> Account {
        Account::new("Thu".into(), is_active, &[role.to_owned()])
    }

    #[test]
    fn who_can_work_can_have_a_profile() {
        let singer = account(true, "recording_artist");
        assert_eq!(of_specialist_to_be(Some(singer.clone())), Ok(singer));
    }

    #[test]
    fn others_are_told_what_is_missing() {
        let refused = |account| {
            let problem = of_specialist_to_be(account).unwrap_err();
            (problem.status().as_u16(), problem.code().to_owned())
        };
        assert_eq!(refused(None), (422, "invalid_fields".into()));
        assert_eq!(refused(Some(account(false, "recording_artist"))), (409, "user_inactive".into()));
        assert_eq!(refused(Some(account(true, "customer"))), (409, "specialist_role_required".into()));
    }
}
