//! The table `equipment_categories`.

use crate::domain::CategoryId;
use mutrapro_sdk::json::Patch;
use mutrapro_sdk::sql::{Error, Filter, Reader, Transaction, params, row};
use mutrapro_sdk::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

/// Categories are told apart by their names.
pub(crate) const CATEGORY_NAME: &str = "equipment_categories_name_key";

const COLUMNS: &str = "id, name, description, is_active, created_at, updated_at";

row! {
    /// A kind of equipment.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
    #[schema(as = EquipmentCategory)]
    pub(crate) struct Category {
        /// The category's id.
        pub(crate) id: CategoryId,
        /// What it is called.
        pub(crate) name: String,
        /// For people.
        pub(crate) description: Option<String>,
        /// Whether equipment is still added to it.
        pub(crate) is_active: bool,
        /// When it was added.
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

/// The constraint [`CATEGORY_NAME`] refuses a second one of this name.
pub(crate) fn insert_category(tx: &Transaction<'_>, category: &Category) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO equipment_categories (id, name, description, is_active, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
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

pub(crate) fn category(db: &impl Reader, id: CategoryId) -> Result<Option<Category>, Error> {
    db.query_optional(&format!("SELECT {COLUMNS} FROM equipment_categories WHERE id = $1"), params![id])
}

/// At most `rows_max` categories after the one with the id `after`, those added first first.
pub(crate) fn categories(
    db: &impl Reader,
    is_active: Option<bool>,
    after: Option<CategoryId>,
    rows_max: i64,
) -> Result<Vec<Category>, Error> {
    let (statement, parameters) = Filter::default().with("is_active = ", is_active).with("id > ", after).statement(
        &format!("SELECT {COLUMNS} FROM equipment_categories"),
        "ORDER BY id",
        rows_max,
    );
    db.query(&statement, &parameters)
}

/// Changes the fields that are given. `false` when there is no such category.
///
/// The constraint [`CATEGORY_NAME`] refuses a name that another one has.
pub(crate) fn update_category(
    tx: &Transaction<'_>,
    id: CategoryId,
    change: &CategoryChange,
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE equipment_categories SET
            name = COALESCE($2, name), description = CASE WHEN $3 THEN $4 ELSE description END,
            is_active = COALESCE($5, is_active), updated_at = $6
         WHERE id = $1",
        params![id, change.name, change.description.is_given(), change.description.value(), change.is_active, now,],
    )?;
    Ok(changed == 1)
}
