//! Lists, a page at a time, each ordered by the id that its cursor holds.

use super::CoordinatorId;
use mutrapro_sdk::identity::{Role, UserId};
use mutrapro_sdk::sql::{Error, FromRow, Reader, Row, params};
use mutrapro_sdk::time::Instant;

/// A user in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListedUser {
    pub(crate) id: UserId,
    pub(crate) email: String,
    pub(crate) username: String,
    pub(crate) full_name: String,
    pub(crate) primary_role: Option<Role>,
    pub(crate) is_active: bool,
    pub(crate) created_at: Instant,
}

impl FromRow for ListedUser {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.get("id")?,
            email: row.get("email")?,
            username: row.get("username")?,
            full_name: row.get("full_name")?,
            primary_role: row.get("primary_role")?,
            is_active: row.get("is_active")?,
            created_at: row.get("created_at")?,
        })
    }
}

/// A coordinator in a list, or alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Coordinator {
    pub(crate) id: CoordinatorId,
    pub(crate) user_id: UserId,
    pub(crate) full_name: String,
    pub(crate) email: String,
    pub(crate) department: Option<String>,
    pub(crate) max_concurrent_projects: u16,
}

impl FromRow for Coordinator {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.get("id")?,
            user_id: row.get("user_id")?,
            full_name: row.get("full_name")?,
            email: row.get("email")?,
            department: row.get("department")?,
            max_concurrent_projects: row.get("max_concurrent_projects")?,
        })
    }
}

/// Which users to list; `None` for all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct UserFilter {
    pub(crate) role: Option<Role>,
    pub(crate) is_active: Option<bool>,
    /// Part of a name, a username or an address.
    pub(crate) text: Option<String>,
}

/// At most `rows` users after the one with the id `after`.
pub(crate) fn users(
    db: &impl Reader,
    filter: &UserFilter,
    after: Option<UserId>,
    rows: i64,
) -> Result<Vec<ListedUser>, Error> {
    let pattern = filter.text.as_deref().map(pattern);
    db.query(
        "SELECT u.id, u.email, u.username, u.full_name, u.primary_role, u.is_active, u.created_at FROM users u
         WHERE (u.id > $1 OR $1 IS NULL)
            AND (u.is_active = $2 OR $2 IS NULL)
            AND (EXISTS (SELECT 1 FROM user_roles r WHERE r.user_id = u.id AND r.role = $3 AND r.is_active)
                OR $3 IS NULL)
            AND (u.email LIKE $4 ESCAPE '!' OR u.username LIKE $4 ESCAPE '!' OR lower(u.full_name) LIKE $4 ESCAPE '!'
                OR $4 IS NULL)
         ORDER BY u.id LIMIT $5",
        params![after, filter.is_active, filter.role, pattern, rows],
    )
}

/// At most `rows` coordinators after the one with the id `after`: those who hold the role and are active.
pub(crate) fn coordinators(
    db: &impl Reader,
    after: Option<CoordinatorId>,
    rows: i64,
) -> Result<Vec<Coordinator>, Error> {
    db.query(
        "SELECT s.id, s.user_id, u.full_name, u.email, s.department, s.max_concurrent_projects
         FROM service_coordinators s
         JOIN users u ON u.id = s.user_id
         JOIN user_roles r ON r.user_id = s.user_id AND r.role = $2 AND r.is_active
         WHERE u.is_active AND (s.id > $1 OR $1 IS NULL)
         ORDER BY s.id LIMIT $3",
        params![after, Role::ServiceCoordinator, rows],
    )
}

pub(crate) fn coordinator(db: &impl Reader, user_id: UserId) -> Result<Option<Coordinator>, Error> {
    db.query_optional(
        "SELECT s.id, s.user_id, u.full_name, u.email, s.department, s.max_concurrent_projects
         FROM service_coordinators s JOIN users u ON u.id = s.user_id
         WHERE s.user_id = $1",
        params![user_id],
    )
}

/// A LIKE pattern, with `!` as its escape, for what contains `text`.
fn pattern(text: &str) -> String {
    let escaped = text.to_lowercase().replace('!', "!!").replace('%', "!%").replace('_', "!_");
    format!("%{escaped}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_in_a_search_stand_for_themselves() {
        assert_eq!(pattern("100%_Lan!"), "%100!%!_lan!!%");
    }
}
