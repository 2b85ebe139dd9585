//! The first administrator, who cannot be granted the role by another.

use crate::accounts::{self, Registration};
use crate::domain::account::{check_email, check_password, normal};
use crate::{password, store};
use mutrapro_contracts::user::RoleGranted;
use mutrapro_sdk::identity::Role;
use mutrapro_sdk::jobs::Job;
use mutrapro_sdk::problem::{Problem, Result};
use mutrapro_sdk::sql::{Database, Transaction, transaction};
use mutrapro_sdk::time::Instant;
use mutrapro_sdk::{log, variables};

const CREATE_FIRST_ADMIN: &str = "create-first-admin";
const USERNAME: &str = "admin";
const FULL_NAME: &str = "Administrator";

/// Runs at each start of the host.
pub(crate) fn run(job: &Job) -> Result<()> {
    match job.name.as_str() {
        CREATE_FIRST_ADMIN => create_first_admin(),
        _ => Err(job.unknown()),
    }
}

fn create_first_admin() -> Result<()> {
    if store::count_other_admins(&Database, None)? > 0 {
        return Ok(());
    }
    let (Some(email), Some(password)) = (variables::get("admin_email")?, variables::get("admin_password")?) else {
        log::warn!(
            "there is no administrator: start with MUTRAPRO_ADMIN_EMAIL and MUTRAPRO_ADMIN_PASSWORD to create one"
        );
        return Ok(());
    };
    let email = checked(&email, &password)?;
    let password_hash = password::hash(&password)?;
    let now = Instant::now();
    let is_created = transaction(|tx| {
        store::hold_admins(tx)?;
        if store::count_other_admins(tx, None)? > 0 {
            return Ok(false);
        }
        create(tx, &email, &password_hash, now)?;
        Ok(true)
    })?;
    if is_created {
        log::info!("created the first administrator");
    }
    Ok(())
}

fn create(tx: &Transaction<'_>, email: &str, password_hash: &str, now: Instant) -> Result<()> {
    let id = accounts::register(
        tx,
        &Registration {
            email: email.to_owned(),
            username: free_username(tx)?,
            password_hash: password_hash.to_owned(),
            full_name: FULL_NAME.to_owned(),
            phone: None,
            role: Role::SystemAdmin,
        },
        now,
    )?;
    let role = Role::SystemAdmin.to_string();
    Ok(tx.emit(&RoleGranted { user_id: id.uuid(), role, granted_by: None, is_primary: true })?)
}

/// `admin`, or with a number if a customer has taken that.
fn free_username(tx: &Transaction<'_>) -> Result<String> {
    let mut username = USERNAME.to_owned();
    let mut number = 1;
    while store::is_username_taken(tx, &username)? {
        number += 1;
        username = format!("{USERNAME}-{number}");
    }
    Ok(username)
}

/// The address in its normal form.
fn checked(email: &str, password: &str) -> Result<String> {
    let email = normal(email);
    let wrong = |variable: &str, rule: &str| Problem::internal(format!("no administrator: {variable} {rule}"));
    check_email(&email).map_err(|rule| wrong("MUTRAPRO_ADMIN_EMAIL", rule))?;
    check_password(password).map_err(|rule| wrong("MUTRAPRO_ADMIN_PASSWORD", rule))?;
    Ok(email)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configured_administrator_is_checked_like_any_other() {
        assert_eq!(checked(" Admin@Example.com ", "12345678"), Ok("admin@example.com".into()));
        assert!(checked("admin", "12345678").unwrap_err().to_string().contains("MUTRAPRO_ADMIN_EMAIL"));
        let error = checked("admin@example.com", "secret").unwrap_err().to_string();
        assert!(error.contains("MUTRAPRO_ADMIN_PASSWORD") && !error.contains("secret"), "{error}");
    }
}
