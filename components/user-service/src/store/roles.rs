//! The tables `user_roles` and `role_locks`.

use mutrapro_sdk::identity::{Role, UserId};
use mutrapro_sdk::sql::{Error, FromRow, Reader, Row, Transaction, params};
use mutrapro_sdk::time::Instant;

struct Held(Role);

impl FromRow for Held {
    fn from_row(row: &Row) -> Result<Self, Error> {
        row.get("role").map(Self)
    }
}

struct Count(u32);

impl FromRow for Count {
    fn from_row(row: &Row) -> Result<Self, Error> {
        row.get("number").map(Self)
    }
}

/// The roles that the user holds now.
pub(crate) fn active_roles(db: &impl Reader, id: UserId) -> Result<Vec<Role>, Error> {
    let held: Vec<Held> = db.query(
        "SELECT role FROM user_roles WHERE user_id = $1 AND is_active ORDER BY assigned_at, role",
        params![id],
    )?;
    Ok(held.into_iter().map(|Held(role)| role).collect())
}

/// Gives a role, for the first time or again.
pub(crate) fn activate_role(
    tx: &Transaction<'_>,
    id: UserId,
    role: Role,
    by: Option<UserId>,
    now: Instant,
) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO user_roles (user_id, role, assigned_at, assigned_by, is_active, created_at, updated_at)
         VALUES ($1, $2, $3, $4, TRUE, $3, $3)
         ON CONFLICT (user_id, role) DO UPDATE SET
            assigned_at = excluded.assigned_at, assigned_by = excluded.assigned_by, is_active = TRUE,
            updated_at = excluded.updated_at",
        params![id, role, now, by],
    )?;
    Ok(())
}

pub(crate) fn deactivate_role(tx: &Transaction<'_>, id: UserId, role: Role, now: Instant) -> Result<(), Error> {
    tx.execute(
        "UPDATE user_roles SET is_active = FALSE, updated_at = $3 WHERE user_id = $1 AND role = $2 AND is_active",
        params![id, role, now],
    )?;
    Ok(())
}

/// Lets nobody else take administrators away until the transaction ends, so that no two of them are removed at once, each
/// because the other is left.
pub(crate) fn hold_admins(tx: &Transaction<'_>) -> Result<(), Error> {
    tx.execute("UPDATE role_locks SET role = role WHERE role = $1", params![Role::SystemAdmin])?;
    Ok(())
}

/// How many active users other than `id` are administrators.
pub(crate) fn count_other_admins(db: &impl Reader, id: Option<UserId>) -> Result<u32, Error> {
    let Count(number) = db.query_one(
        "SELECT COUNT(*) AS number FROM user_roles r JOIN users u ON u.id = r.user_id
         WHERE r.role = $1 AND r.is_active AND u.is_active AND (u.id <> $2 OR $2 IS NULL)",
        params![Role::SystemAdmin, id],
    )?;
    Ok(number)
}
