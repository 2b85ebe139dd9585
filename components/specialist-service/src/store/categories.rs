//! The table `skill_categories`.

use crate::domain::CategoryId;
use mutrapro_sdk::json::Patch;
use mutrapro_sdk::sql::{Error, Filter, Reader, Transaction, params, row};
use mutrapro_sdk::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

/// Categories have names of their own.
pub(crate) const CATEGORY_NAME: &str = "skill_categories_name_key";

const COLUMNS: &str = "id, name, description, is_active, created_at, updated_at";

row! {
    /// What skills are sorted into.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
    pub(crate) struct SkillCategory {
        /// The category's id.
        pub(crate) id: CategoryId,
        /// What it is called.
        pub(crate) name: String,
        /// What belongs into it.
        pub(crate) description: Option<String>,
        /// Whether it has skills that can be chosen.
        pub(crate) is_active: bool,
        /// When it was made.
        pub(crate) created_at: Instant,
        /// When it last changed.
        pub(crate) updated_at: Instant,
    }
}

/// What a PATCH may change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct CategoryChange {
    pub(crate) name: Option<String>,
    pub(crate) description: Patch<String>,
    pub(crate) is_active: Option<bool>,
}

/// The constraint [`CATEGORY_NAME`] refuses a name that there is.
pub(crate) fn insert_category(tx: &Transaction<'_>, category: &SkillCategory) -> Result<(), Error> {
    tx.execute(
        &format!("INSERT INTO skill_categories ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6)"),
        params![
            category.id,
            category.name,
            category.description,
            category.is_active,
            category.created_at,
            category.updated_at,
        ],
    )?;
    Ok(())
}

pub(crate) fn category(db: &impl Reader, id: CategoryId) -> Result<Option<SkillCategory>, Error> {
    db.query_optional(&format!("SELECT {COLUMNS} FROM skill_categories WHERE id = $1"), params![id])
}

/// At most `rows_max` categories that are active, or are not, after the one with the id `after`.
pub(crate) fn categories(
    db: &impl Reader,
    is_active: bool,
    after: Option<CategoryId>,
    rows_max: i64,
) -> Result<Vec<SkillCategory>, Error> {
    let (statement, parameters) = Filter::default()
        .with("is_active = ", Some(is_active))
        .with("id > ", after)
        .statement(&format!("SELECT {COLUMNS} FROM skill_categories"), "ORDER BY id", rows_max);
    db.query(&statement, &parameters)
}

/// Keeps a category active until this transaction ends. `false` when it is not active, or there is none.
pub(crate) fn hold_active_category(tx: &Transaction<'_>, id: CategoryId) -> Result<bool, Error> {
    // Changes nothing but who waits for whom: a category that has just got an active skill must not be ended meanwhile.
    let held =
        tx.execute("UPDATE skill_categories SET is_active = is_active WHERE id = $1 AND is_active", params![id])?;
    Ok(held == 1)
}

/// Changes the fields that are given. `false` when there is no such category.
pub(crate) fn update_category(
    tx: &Transaction<'_>,
    id: CategoryId,
    change: &CategoryChange,
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE skill_categories SET
            name = COALESCE($2, name), description = CASE WHEN $3 THEN $4 ELSE description END,
            is_active = COALESCE($5, is_active), updated_at = $6
         WHERE id = $1",
        params![id, change.name, change.description.is_given(), change.description.value(), change.is_active, now],
    )?;
    Ok(changed == 1)
}
