//! The table `users`.

use crate::domain::lockout::Lockout;
use mutrapro_sdk::identity::{Role, UserId};
use mutrapro_sdk::json::Patch;
use mutrapro_sdk::sql::{Error, FromRow, Reader, Row, Transaction, params};
use mutrapro_sdk::time::Instant;

/// A row to be.
pub(crate) struct NewUser<'a> {
    pub(crate) id: UserId,
    pub(crate) email: &'a str,
    pub(crate) username: &'a str,
    pub(crate) password_hash: &'a str,
    pub(crate) full_name: &'a str,
    pub(crate) phone: Option<&'a str>,
    pub(crate) primary_role: Role,
}

/// An account without its password, and with the ids of its profiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) id: UserId,
    pub(crate) email: String,
    pub(crate) username: String,
    pub(crate) full_name: String,
    pub(crate) phone: Option<String>,
    pub(crate) address: Option<String>,
    pub(crate) primary_role: Option<Role>,
    pub(crate) is_active: bool,
    pub(crate) created_at: Instant,
    pub(crate) updated_at: Instant,
    pub(crate) customer_id: Option<super::CustomerId>,
    pub(crate) coordinator_id: Option<super::CoordinatorId>,
}

impl FromRow for Account {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.get("id")?,
            email: row.get("email")?,
            username: row.get("username")?,
            full_name: row.get("full_name")?,
            phone: row.get("phone")?,
            address: row.get("address")?,
            primary_role: row.get("primary_role")?,
            is_active: row.get("is_active")?,
            created_at: row.get("created_at")?,
            updated_at: row.get("updated_at")?,
            customer_id: row.get("customer_id")?,
            coordinator_id: row.get("coordinator_id")?,
        })
    }
}

/// What is needed to judge a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) user_id: UserId,
    pub(crate) password_hash: String,
    pub(crate) is_active: bool,
    pub(crate) lockout: Lockout,
}

impl FromRow for Credentials {
    fn from_row(row: &Row) -> Result<Self, Error> {
        let lockout = Lockout { failed_logins: row.get("failed_logins")?, locked_until: row.get("locked_until")? };
        Ok(Self {
            user_id: row.get("id")?,
            password_hash: row.get("password_hash")?,
            is_active: row.get("is_active")?,
            lockout,
        })
    }
}

/// What a PATCH may change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct UserChange {
    pub(crate) email: Option<String>,
    pub(crate) username: Option<String>,
    pub(crate) full_name: Option<String>,
    pub(crate) phone: Patch<String>,
    pub(crate) address: Patch<String>,
    pub(crate) primary_role: Option<Role>,
}

pub(crate) fn insert_user(tx: &Transaction<'_>, user: &NewUser<'_>, now: Instant) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO users (id, email, username, password_hash, full_name, phone, primary_role, is_active,
            failed_logins, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, TRUE, 0, $8, $8)",
        params![
            user.id,
            user.email,
            user.username,
            user.password_hash,
            user.full_name,
            user.phone,
            user.primary_role,
            now
        ],
    )?;
    Ok(())
}

pub(crate) fn account(db: &impl Reader, id: UserId) -> Result<Option<Account>, Error> {
    db.query_optional(
        "SELECT u.id, u.email, u.username, u.full_name, u.phone, u.address, u.primary_role, u.is_active,
            u.created_at, u.updated_at, c.id AS customer_id, s.id AS coordinator_id
         FROM users u
         LEFT JOIN customers c ON c.user_id = u.id
         LEFT JOIN service_coordinators s ON s.user_id = u.id
         WHERE u.id = $1",
        params![id],
    )
}

pub(crate) fn credentials(db: &impl Reader, id: UserId) -> Result<Option<Credentials>, Error> {
    db.query_optional(
        "SELECT id, password_hash, is_active, failed_logins, locked_until FROM users WHERE id = $1",
        params![id],
    )
}

pub(crate) fn credentials_by_email(db: &impl Reader, email: &str) -> Result<Option<Credentials>, Error> {
    db.query_optional(
        "SELECT id, password_hash, is_active, failed_logins, locked_until FROM users WHERE email = $1",
        params![email],
    )
}

pub(crate) fn is_username_taken(db: &impl Reader, username: &str) -> Result<bool, Error> {
    Ok(!db.rows("SELECT id FROM users WHERE username = $1", params![username])?.is_empty())
}

/// Changes the fields that are given. `false` when there is no such user.
pub(crate) fn update_user(tx: &Transaction<'_>, id: UserId, change: &UserChange, now: Instant) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE users SET
            email = COALESCE($2, email), username = COALESCE($3, username), full_name = COALESCE($4, full_name),
            phone = CASE WHEN $5 THEN $6 ELSE phone END, address = CASE WHEN $7 THEN $8 ELSE address END,
            primary_role = COALESCE($9, primary_role), updated_at = $10
         WHERE id = $1",
        params![
            id,
            change.email,
            change.username,
            change.full_name,
            change.phone.is_given(),
            change.phone.value(),
            change.address.is_given(),
            change.address.value(),
            change.primary_role,
            now
        ],
    )?;
    Ok(changed == 1)
}

/// Holds the user's row until the transaction ends, so that two changes to one user's roles follow each other. `false`
/// when there is no such user.
pub(crate) fn hold_user(tx: &Transaction<'_>, id: UserId) -> Result<bool, Error> {
    Ok(tx.execute("UPDATE users SET is_active = is_active WHERE id = $1", params![id])? == 1)
}

/// `false` when the account is not in the state `!is_active`, or does not exist.
pub(crate) fn set_active(tx: &Transaction<'_>, id: UserId, is_active: bool, now: Instant) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE users SET is_active = $2, failed_logins = 0, locked_until = NULL, updated_at = $3
         WHERE id = $1 AND is_active <> $2",
        params![id, is_active, now],
    )?;
    Ok(changed == 1)
}

/// Remembers a login. `false` when another one was remembered since `from` was read.
pub(crate) fn update_lockout(tx: &Transaction<'_>, id: UserId, from: Lockout, to: Lockout) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE users SET failed_logins = $3, locked_until = $4 WHERE id = $1 AND failed_logins = $2",
        params![id, from.failed_logins, to.failed_logins, to.locked_until],
    )?;
    Ok(changed == 1)
}

/// `false` when the password is no longer the one that `from_hash` was made of.
pub(crate) fn update_password(
    tx: &Transaction<'_>,
    id: UserId,
    from_hash: &str,
    to_hash: &str,
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE users SET password_hash = $3, updated_at = $4 WHERE id = $1 AND password_hash = $2",
        params![id, from_hash, to_hash, now],
    )?;
    Ok(changed == 1)
}
