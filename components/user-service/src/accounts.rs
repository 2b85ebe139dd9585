//! What is done with accounts: each function is a part of one transaction, with the events that it leads to.

use crate::domain::roles::{Refusal, Roles};
use crate::problems::{no_such_user, taken};
use crate::store::{self, Account, NewCoordinator, NewUser, UserChange};
use mutrapro_contracts::user::{RoleGranted, RoleRevoked, UserDeactivated, UserRegistered, UserUpdated};
use mutrapro_sdk::identity::{Role, User, UserId};
use mutrapro_sdk::problem::{Problem, Result};
use mutrapro_sdk::sql::{Reader, Transaction};
use mutrapro_sdk::time::Instant;

/// An account to be, checked, in normal form, its password hashed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Registration {
    pub(crate) email: String,
    pub(crate) username: String,
    pub(crate) password_hash: String,
    pub(crate) full_name: String,
    pub(crate) phone: Option<String>,
    pub(crate) role: Role,
}

/// The account and its roles.
///
/// # Errors
/// 404 when there is no such user.
pub(crate) fn find(db: &impl Reader, id: UserId) -> Result<(Account, Vec<Role>)> {
    let account = store::account(db, id)?.ok_or_else(no_such_user)?;
    Ok((account, store::active_roles(db, id)?))
}

/// Creates an account with its first role.
///
/// # Errors
/// 409 `email_taken` or `username_taken`.
pub(crate) fn register(tx: &Transaction<'_>, registration: &Registration, now: Instant) -> Result<UserId> {
    let id = UserId::generate();
    let user = NewUser {
        id,
        email: &registration.email,
        username: &registration.username,
        password_hash: &registration.password_hash,
        full_name: &registration.full_name,
        phone: registration.phone.as_deref(),
        primary_role: registration.role,
    };
    taken(store::insert_user(tx, &user, now))?;
    store::activate_role(tx, id, registration.role, None, now)?;
    ensure_profile(tx, id, registration.role, now)?;
    let customer = store::customer(tx, id)?;
    tx.emit(&UserRegistered {
        user_id: id.uuid(),
        email: registration.email.clone(),
        username: registration.username.clone(),
        full_name: registration.full_name.clone(),
        role: registration.role.to_string(),
        customer_id: customer.map(|customer| customer.id.uuid()),
    })?;
    Ok(id)
}

/// Gives a role, and the profile that goes with it.
///
/// # Errors
/// 404; 409 `role_held`.
pub(crate) fn grant_role(tx: &Transaction<'_>, id: UserId, role: Role, by: UserId, now: Instant) -> Result<()> {
    let before = hold(tx, id)?;
    let had_primary = before.primary.is_some();
    let after = before.granted(role)?;
    store::activate_role(tx, id, role, Some(by), now)?;
    ensure_profile(tx, id, role, now)?;
    if !had_primary {
        let change = UserChange { primary_role: after.primary, ..UserChange::default() };
        store::update_user(tx, id, &change, now)?;
    }
    Ok(tx.emit(&RoleGranted {
        user_id: id.uuid(),
        role: role.to_string(),
        granted_by: Some(by.uuid()),
        is_primary: after.primary == Some(role),
    })?)
}

/// Takes a role away; the profile stays, for what refers to it.
///
/// # Errors
/// 404; 409 `role_not_held`, `role_is_primary` or `last_admin`.
pub(crate) fn revoke_role(tx: &Transaction<'_>, id: UserId, role: Role, by: UserId, now: Instant) -> Result<()> {
    store::hold_admins(tx)?;
    hold(tx, id)?.revoked(role, store::count_other_admins(tx, Some(id))?)?;
    store::deactivate_role(tx, id, role, now)?;
    Ok(tx.emit(&RoleRevoked { user_id: id.uuid(), role: role.to_string(), revoked_by: Some(by.uuid()) })?)
}

/// Makes a coordinator of a user: the role if they do not hold it, and the profile as given.
///
/// # Errors
/// 404; 409 `coordinator_exists` when they are one.
pub(crate) fn add_coordinator(
    tx: &Transaction<'_>,
    coordinator: &NewCoordinator,
    by: UserId,
    now: Instant,
) -> Result<()> {
    match grant_role(tx, coordinator.user_id, Role::ServiceCoordinator, by, now) {
        Err(problem) if problem.code() == Problem::from(Refusal::Held).code() => {
            Err(Problem::conflict("coordinator_exists", "the user is a coordinator already"))
        }
        Err(problem) => Err(problem),
        Ok(()) => Ok(store::update_coordinator(tx, coordinator, now)?),
    }
}

/// Closes an account: nobody can log in, and who holds sessions of it ends them.
///
/// # Errors
/// 404; 409 `already_inactive` or `last_admin`.
pub(crate) fn deactivate(tx: &Transaction<'_>, id: UserId, by: UserId, now: Instant) -> Result<()> {
    store::hold_admins(tx)?;
    let roles = hold(tx, id)?;
    // First whether there is anything to do: an inactive administrator is not the last active one.
    if !store::set_active(tx, id, false, now)? {
        return Err(Problem::conflict("already_inactive", "the account is inactive already"));
    }
    roles.check_deactivation(store::count_other_admins(tx, Some(id))?)?;
    Ok(tx.emit(&UserDeactivated { user_id: id.uuid(), deactivated_by: Some(by.uuid()) })?)
}

/// Opens an account again, unlocked.
///
/// # Errors
/// 404; 409 `already_active`.
pub(crate) fn activate(tx: &Transaction<'_>, id: UserId, by: &User, now: Instant) -> Result<()> {
    if !store::set_active(tx, id, true, now)? {
        store::account(tx, id)?.ok_or_else(no_such_user)?;
        return Err(Problem::conflict("already_active", "the account is active already"));
    }
    emit_updated(tx, id, by, vec!["is_active".to_owned()])
}

/// Changes the fields that are given.
///
/// # Errors
/// 404; 409 `email_taken`, `username_taken`, or `role_not_held` for a primary role that the user does not hold.
pub(crate) fn update(tx: &Transaction<'_>, id: UserId, change: &UserChange, by: &User, now: Instant) -> Result<()> {
    let roles = hold(tx, id)?;
    if let Some(primary) = change.primary_role {
        roles.with_primary(primary)?;
    }
    let changed = changed_fields(change);
    if changed.is_empty() {
        return Ok(());
    }
    taken(store::update_user(tx, id, change, now))?;
    emit_updated(tx, id, by, changed)
}

/// Tells that `changed` is new.
pub(crate) fn emit_updated(tx: &Transaction<'_>, id: UserId, by: &User, changed: Vec<String>) -> Result<()> {
    let account = store::account(tx, id)?.ok_or_else(no_such_user)?;
    Ok(tx.emit(&UserUpdated {
        user_id: id.uuid(),
        updated_by: by.id.uuid(),
        session_id: by.session_id.map(|session| session.uuid()),
        changed,
        full_name: account.full_name,
        primary_role: account.primary_role.map(|role| role.to_string()),
        is_active: account.is_active,
    })?)
}

/// The user's roles, which nobody else changes until the transaction ends.
fn hold(tx: &Transaction<'_>, id: UserId) -> Result<Roles> {
    if !store::hold_user(tx, id)? {
        return Err(no_such_user());
    }
    let (account, active) = find(tx, id)?;
    Ok(Roles { active: active.into_iter().collect(), primary: account.primary_role })
}

fn ensure_profile(tx: &Transaction<'_>, id: UserId, role: Role, now: Instant) -> Result<()> {
    match role {
        Role::Customer => store::ensure_customer(tx, id, now)?,
        Role::ServiceCoordinator => {
            store::ensure_coordinator(tx, &NewCoordinator::plain(id), now)?;
        }
        // Specialists have their profiles in specialist-service; administrators have none.
        Role::TranscriptionSpecialist | Role::ArrangementSpecialist | Role::RecordingArtist | Role::SystemAdmin => {}
    }
    Ok(())
}

fn changed_fields(change: &UserChange) -> Vec<String> {
    let given = [
        ("email", change.email.is_some()),
        ("username", change.username.is_some()),
        ("full_name", change.full_name.is_some()),
        ("phone", change.phone.is_given()),
        ("address", change.address.is_given()),
        ("primary_role", change.primary_role.is_some()),
    ];
    given.into_iter().filter(|(_, is_given)| *is_given).map(|(field, _)| field.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mutrapro_sdk::json::Patch;

    #[test]
    fn only_given_fields_count_as_changed() {
        assert_eq!(changed_fields(&UserChange::default()), Vec::<String>::new());
        let change = UserChange { full_name: Some("Lan".into()), phone: Patch::Cleared, ..UserChange::default() };
        assert_eq!(changed_fields(&change), ["full_name", "phone"]);
    }
}
