//! The table `studio_equipment`.

use crate::domain::booking::BookingStatus;
use crate::domain::day::Day;
use crate::domain::equipment::{Condition, Stock};
use crate::domain::{CategoryId, EquipmentId, StudioEquipmentId, StudioId};
use mutrapro_sdk::json::Patch;
use mutrapro_sdk::sql::{Error, Filter, Reader, Transaction, params, row};
use mutrapro_sdk::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

const SELECT: &str = "SELECT pieces.id, pieces.equipment_id, pieces.studio_id, equipment.category_id, equipment.name, \
                          equipment.brand, equipment.model, pieces.quantity, pieces.condition, pieces.rental_fee, \
                          pieces.is_available, pieces.location_in_studio, pieces.last_maintained_on, \
                          pieces.next_maintenance_on, equipment.is_active AS is_kept, pieces.created_at, pieces.updated_at \
                      FROM studio_equipment pieces JOIN equipment ON equipment.id = pieces.equipment_id";

row! {
    /// The pieces of a model that a studio has.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
    pub(crate) struct StudioEquipment {
        /// The id by which they are booked.
        pub(crate) id: StudioEquipmentId,
        /// The model.
        pub(crate) equipment_id: EquipmentId,
        /// Where they are, and where alone they are lent.
        pub(crate) studio_id: StudioId,
        /// What kind they are.
        pub(crate) category_id: CategoryId,
        /// What they are.
        pub(crate) name: String,
        /// Who makes them.
        pub(crate) brand: String,
        /// What their maker calls them.
        pub(crate) model: String,
        /// How many there are.
        pub(crate) quantity: u32,
        /// What state they are in; in `maintenance` and `out_of_order` they are not lent.
        pub(crate) condition: Condition,
        /// Of one piece for one session, in minor units of the studio's currency.
        pub(crate) rental_fee: i64,
        /// Whether the studio lends them.
        pub(crate) is_available: bool,
        /// For people.
        pub(crate) location_in_studio: Option<String>,
        /// When somebody last looked after them.
        pub(crate) last_maintained_on: Option<Day>,
        /// When somebody will.
        pub(crate) next_maintenance_on: Option<Day>,
        /// Whether studios still keep the model.
        #[serde(skip)]
        pub(crate) is_kept: bool,
        /// When they were added.
        pub(crate) created_at: Instant,
        /// When they last changed.
        pub(crate) updated_at: Instant,
    }
}

impl StudioEquipment {
    /// What the rules of lending need of it.
    pub(crate) fn stock(&self) -> Stock {
        Stock { quantity: self.quantity, condition: self.condition, is_available: self.is_available && self.is_kept }
    }
}

/// What is written of new pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewStudioEquipment {
    pub(crate) id: StudioEquipmentId,
    pub(crate) equipment_id: EquipmentId,
    pub(crate) studio_id: StudioId,
    pub(crate) quantity: u32,
    pub(crate) condition: Condition,
    pub(crate) rental_fee: i64,
    pub(crate) is_available: bool,
    pub(crate) location_in_studio: Option<String>,
    pub(crate) last_maintained_on: Option<Day>,
    pub(crate) next_maintenance_on: Option<Day>,
}

/// What a PATCH may change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct StudioEquipmentChange {
    pub(crate) quantity: Option<u32>,
    pub(crate) condition: Option<Condition>,
    pub(crate) rental_fee: Option<i64>,
    pub(crate) is_available: Option<bool>,
    pub(crate) location_in_studio: Patch<String>,
    pub(crate) last_maintained_on: Patch<Day>,
    pub(crate) next_maintenance_on: Patch<Day>,
}

/// Which pieces to list: all conditions hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct StudioEquipmentFilter {
    pub(crate) studio: Option<StudioId>,
    pub(crate) equipment: Option<EquipmentId>,
    pub(crate) category: Option<CategoryId>,
    /// Only what can be lent.
    pub(crate) is_lent: bool,
}

pub(crate) fn insert_studio_equipment(
    tx: &Transaction<'_>,
    pieces: &NewStudioEquipment,
    now: Instant,
) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO studio_equipment (id, equipment_id, studio_id, quantity, condition, rental_fee, is_available,
            location_in_studio, last_maintained_on, next_maintenance_on, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)",
        params![
            pieces.id,
            pieces.equipment_id,
            pieces.studio_id,
            pieces.quantity,
            pieces.condition,
            pieces.rental_fee,
            pieces.is_available,
            pieces.location_in_studio,
            pieces.last_maintained_on,
            pieces.next_maintenance_on,
            now,
        ],
    )?;
    Ok(())
}

pub(crate) fn studio_equipment(db: &impl Reader, id: StudioEquipmentId) -> Result<Option<StudioEquipment>, Error> {
    db.query_optional(&format!("{SELECT} WHERE pieces.id = $1"), params![id])
}

/// At most `rows_max` pieces after those with the id `after`, those added first first.
pub(crate) fn all_studio_equipment(
    db: &impl Reader,
    filter: StudioEquipmentFilter,
    after: Option<StudioEquipmentId>,
    rows_max: i64,
) -> Result<Vec<StudioEquipment>, Error> {
    let (statement, parameters) = Filter::default()
        .with("pieces.studio_id = ", filter.studio)
        .with("pieces.equipment_id = ", filter.equipment)
        .with("equipment.category_id = ", filter.category)
        .when(filter.is_lent, "pieces.is_available AND equipment.is_active AND pieces.quantity > 0")
        .when(filter.is_lent, "pieces.condition NOT IN ('maintenance', 'out_of_order')")
        .with("pieces.id > ", after)
        .statement(SELECT, "ORDER BY pieces.id", rows_max);
    db.query(&statement, &parameters)
}

/// Changes the fields that are given. `false` when there are no such pieces.
pub(crate) fn update_studio_equipment(
    tx: &Transaction<'_>,
    id: StudioEquipmentId,
    change: &StudioEquipmentChange,
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE studio_equipment SET
            quantity = COALESCE($2, quantity), condition = COALESCE($3, condition),
            rental_fee = COALESCE($4, rental_fee), is_available = COALESCE($5, is_available),
            location_in_studio = CASE WHEN $6 THEN $7 ELSE location_in_studio END,
            last_maintained_on = CASE WHEN $8 THEN $9 ELSE last_maintained_on END,
            next_maintenance_on = CASE WHEN $10 THEN $11 ELSE next_maintenance_on END, updated_at = $12
         WHERE id = $1",
        params![
            id,
            change.quantity,
            change.condition,
            change.rental_fee,
            change.is_available,
            change.location_in_studio.is_given(),
            change.location_in_studio.value(),
            change.last_maintained_on.is_given(),
            change.last_maintained_on.value(),
            change.next_maintenance_on.is_given(),
            change.next_maintenance_on.value(),
            now,
        ],
    )?;
    Ok(changed == 1)
}

row! {
    struct Most {
        quantity: Option<u32>,
    }
}

/// How many of these pieces a session that is booked and not over wants at most.
pub(crate) fn most_lent(db: &impl Reader, id: StudioEquipmentId, now: Instant) -> Result<u32, Error> {
    let [pending, confirmed, in_progress] = BookingStatus::OCCUPYING;
    let most: Most = db.query_one(
        "SELECT MAX(wanted.quantity) AS quantity
         FROM booking_required_equipment wanted JOIN studio_bookings ON studio_bookings.id = wanted.booking_id
         WHERE wanted.studio_equipment_id = $1 AND studio_bookings.ends_at > $2
            AND studio_bookings.status IN ($3, $4, $5)",
        params![id, now, pending, confirmed, in_progress],
    )?;
    Ok(most.quantity.unwrap_or(0))
}
