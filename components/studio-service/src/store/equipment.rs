//! The table `equipment`.

use crate::domain::day::Day;
use crate::domain::equipment::Specifications;
use crate::domain::{CategoryId, EquipmentId};
use mutrapro_sdk::json::Patch;
use mutrapro_sdk::money::Currency;
use mutrapro_sdk::sql::{Error, Filter, Reader, Transaction, params, row};
use mutrapro_sdk::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

/// Models are told apart by what they are, who makes them and what they are called there.
pub(crate) const EQUIPMENT_MODEL: &str = "equipment_name_brand_model_key";

const COLUMNS: &str = "id, category_id, name, brand, model, description, specifications, purchase_price, \
                       current_value, currency, purchased_on, is_active, created_at, updated_at";

row! {
    /// A model of equipment.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
    pub(crate) struct Equipment {
        /// The model's id.
        pub(crate) id: EquipmentId,
        /// What kind it is.
        pub(crate) category_id: CategoryId,
        /// What it is.
        pub(crate) name: String,
        /// Who makes it.
        pub(crate) brand: String,
        /// What its maker calls it.
        pub(crate) model: String,
        /// For people.
        pub(crate) description: Option<String>,
        /// What its maker says of it.
        pub(crate) specifications: Specifications,
        /// Of one piece, in minor units; for administrators.
        pub(crate) purchase_price: Option<i64>,
        /// Of one piece, in minor units; for administrators.
        pub(crate) current_value: Option<i64>,
        /// What its price and value are counted in.
        pub(crate) currency: Currency,
        /// For administrators.
        pub(crate) purchased_on: Option<Day>,
        /// Whether studios still keep it.
        pub(crate) is_active: bool,
        /// When it was added.
        pub(crate) created_at: Instant,
        /// When it last changed.
        pub(crate) updated_at: Instant,
    }
}

/// What a PATCH may change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct EquipmentChange {
    pub(crate) category_id: Option<CategoryId>,
    pub(crate) name: Option<String>,
    pub(crate) brand: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) description: Patch<String>,
    pub(crate) specifications: Option<Specifications>,
    pub(crate) purchase_price: Patch<i64>,
    pub(crate) current_value: Patch<i64>,
    pub(crate) purchased_on: Patch<Day>,
    pub(crate) is_active: Option<bool>,
}

/// Which equipment to list: all conditions hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EquipmentFilter {
    pub(crate) category: Option<CategoryId>,
    pub(crate) is_active: Option<bool>,
}

/// The constraint [`EQUIPMENT_MODEL`] refuses a second one of this model.
pub(crate) fn insert_equipment(tx: &Transaction<'_>, equipment: &Equipment) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO equipment (id, category_id, name, brand, model, description, specifications, purchase_price,
            current_value, currency, purchased_on, is_active, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        params![
            equipment.id,
            equipment.category_id,
            equipment.name,
            equipment.brand,
            equipment.model,
            equipment.description,
            equipment.specifications,
            equipment.purchase_price,
            equipment.current_value,
            equipment.currency,
            equipment.purchased_on,
            equipment.is_active,
            equipment.created_at,
            equipment.updated_at,
        ],
    )?;
    Ok(())
}

pub(crate) fn equipment(db: &impl Reader, id: EquipmentId) -> Result<Option<Equipment>, Error> {
    db.query_optional(&format!("SELECT {COLUMNS} FROM equipment WHERE id = $1"), params![id])
}

/// At most `rows_max` models after the one with the id `after`, those added first first.
pub(crate) fn all_equipment(
    db: &impl Reader,
    filter: EquipmentFilter,
    after: Option<EquipmentId>,
    rows_max: i64,
) -> Result<Vec<Equipment>, Error> {
    let (statement, parameters) = Filter::default()
        .with("category_id = ", filter.category)
        .with("is_active = ", filter.is_active)
        .with("id > ", after)
        .statement(&format!("SELECT {COLUMNS} FROM equipment"), "ORDER BY id", rows_max);
    db.query(&statement, &parameters)
}

/// Changes the fields that are given. `false` when there is no such equipment.
///
/// The constraint [`EQUIPMENT_MODEL`] refuses a model that there is.
pub(crate) fn update_equipment(
    tx: &Transaction<'_>,
    id: EquipmentId,
    change: &EquipmentChange,
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE equipment SET
            category_id = COALESCE($2, category_id), name = COALESCE($3, name), brand = COALESCE($4, brand),
            model = COALESCE($5, model), description = CASE WHEN $6 THEN $7 ELSE description END,
            specifications = COALESCE($8, specifications),
            purchase_price = CASE WHEN $9 THEN $10 ELSE purchase_price END,
            current_value = CASE WHEN $11 THEN $12 ELSE current_value END,
            purchased_on = CASE WHEN $13 THEN $14 ELSE purchased_on END,
            is_active = COALESCE($15, is_active), updated_at = $16
         WHERE id = $1",
        params![
            id,
            change.category_id,
            change.name,
            change.brand,
            change.model,
            change.description.is_given(),
            change.description.value(),
            change.specifications,
            change.purchase_price.is_given(),
            change.purchase_price.value(),
            change.current_value.is_given(),
            change.current_value.value(),
            change.purchased_on.is_given(),
            change.purchased_on.value(),
            change.is_active,
            now,
        ],
    )?;
    Ok(changed == 1)
}
