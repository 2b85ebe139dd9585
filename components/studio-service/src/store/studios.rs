//! The table `studios`.

use crate::domain::StudioId;
use crate::domain::calendar::Opening;
use mutrapro_sdk::json::Patch;
use mutrapro_sdk::money::Currency;
use mutrapro_sdk::sql::{Error, Filter, Reader, Transaction, params, row};
use mutrapro_sdk::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

/// Studios are told apart by their names.
pub(crate) const STUDIO_NAME: &str = "studios_name_key";
/// A studio opens before it closes.
pub(crate) const STUDIO_OPENING: &str = "studios_opening_check";

const COLUMNS: &str = "id, name, location, capacity, hourly_rate, admin_fee, currency, opens_at_minute, \
                       closes_at_minute, utc_offset_minutes, description, is_active, created_at, updated_at";

row! {
    /// A studio.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
    pub(crate) struct Studio {
        /// The studio's id.
        pub(crate) id: StudioId,
        /// What it is called.
        pub(crate) name: String,
        /// Where it is.
        pub(crate) location: String,
        /// How many people it holds.
        pub(crate) capacity: u32,
        /// In minor units.
        pub(crate) hourly_rate: i64,
        /// Added to each booking, in minor units.
        pub(crate) admin_fee: i64,
        /// What everything in this studio is paid in.
        pub(crate) currency: Currency,
        /// In minutes after midnight, on the studio's own clock.
        pub(crate) opens_at_minute: u32,
        /// In minutes after the same midnight; above 1440 it closes on the next day.
        pub(crate) closes_at_minute: u32,
        /// How far the studio's own clock is ahead of UTC, in minutes.
        pub(crate) utc_offset_minutes: i32,
        /// For people.
        pub(crate) description: Option<String>,
        /// Whether it can be booked.
        pub(crate) is_active: bool,
        /// When it was added.
        pub(crate) created_at: Instant,
        /// When it last changed.
        pub(crate) updated_at: Instant,
    }
}

impl Studio {
    /// When it is open.
    pub(crate) fn opening(&self) -> Opening {
        let Self { opens_at_minute, closes_at_minute, utc_offset_minutes, .. } = *self;
        Opening { opens_at_minute, closes_at_minute, utc_offset_minutes }
    }
}

/// What a PATCH may change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct StudioChange {
    pub(crate) name: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) capacity: Option<u32>,
    pub(crate) hourly_rate: Option<i64>,
    pub(crate) admin_fee: Option<i64>,
    pub(crate) opens_at_minute: Option<u32>,
    pub(crate) closes_at_minute: Option<u32>,
    pub(crate) utc_offset_minutes: Option<i32>,
    pub(crate) description: Patch<String>,
    pub(crate) is_active: Option<bool>,
}

/// The constraint [`STUDIO_NAME`] refuses a second one of this name.
pub(crate) fn insert_studio(tx: &Transaction<'_>, studio: &Studio) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO studios (id, name, location, capacity, hourly_rate, admin_fee, currency, opens_at_minute,
            closes_at_minute, utc_offset_minutes, description, is_active, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        params![
            studio.id,
            studio.name,
            studio.location,
            studio.capacity,
            studio.hourly_rate,
            studio.admin_fee,
            studio.currency,
            studio.opens_at_minute,
            studio.closes_at_minute,
            studio.utc_offset_minutes,
            studio.description,
            studio.is_active,
            studio.created_at,
            studio.updated_at,
        ],
    )?;
    Ok(())
}

pub(crate) fn studio(db: &impl Reader, id: StudioId) -> Result<Option<Studio>, Error> {
    db.query_optional(&format!("SELECT {COLUMNS} FROM studios WHERE id = $1"), params![id])
}

/// At most `rows_max` studios after the one with the id `after`, those added first first.
pub(crate) fn studios(
    db: &impl Reader,
    is_active: Option<bool>,
    after: Option<StudioId>,
    rows_max: i64,
) -> Result<Vec<Studio>, Error> {
    let (statement, parameters) = Filter::default().with("is_active = ", is_active).with("id > ", after).statement(
        &format!("SELECT {COLUMNS} FROM studios"),
        "ORDER BY id",
        rows_max,
    );
    db.query(&statement, &parameters)
}

row! {
    struct Identified {
        id: StudioId,
    }
}

/// Every studio, in the order in which [`hold_studio`] is to be called.
pub(crate) fn studio_ids(db: &impl Reader) -> Result<Vec<StudioId>, Error> {
    let studios: Vec<Identified> = db.query("SELECT id FROM studios ORDER BY id", params![])?;
    Ok(studios.into_iter().map(|studio| studio.id).collect())
}

/// Makes everyone else who wants to hold this studio wait until this transaction ends. `false` when there is no such studio.
///
/// An update that changes nothing is the lock that every engine has: on PostgreSQL it takes the row, and what is read after it is
/// what those before have committed; on SQLite writers follow each other anyway.
pub(crate) fn hold_studio(tx: &Transaction<'_>, id: StudioId) -> Result<bool, Error> {
    Ok(tx.execute("UPDATE studios SET is_active = is_active WHERE id = $1", params![id])? == 1)
}

/// Changes the fields that are given. `false` when there is no such studio.
///
/// The constraints [`STUDIO_NAME`] and [`STUDIO_OPENING`] refuse what does not fit the fields that stay.
pub(crate) fn update_studio(
    tx: &Transaction<'_>,
    id: StudioId,
    change: &StudioChange,
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE studios SET
            name = COALESCE($2, name), location = COALESCE($3, location), capacity = COALESCE($4, capacity),
            hourly_rate = COALESCE($5, hourly_rate), admin_fee = COALESCE($6, admin_fee),
            opens_at_minute = COALESCE($7, opens_at_minute), closes_at_minute = COALESCE($8, closes_at_minute),
            utc_offset_minutes = COALESCE($9, utc_offset_minutes),
            description = CASE WHEN $10 THEN $11 ELSE description END,
            is_active = COALESCE($12, is_active), updated_at = $13
         WHERE id = $1",
        params![
            id,
            change.name,
            change.location,
            change.capacity,
            change.hourly_rate,
            change.admin_fee,
            change.opens_at_minute,
            change.closes_at_minute,
            change.utc_offset_minutes,
            change.description.is_given(),
            change.description.value(),
            change.is_active,
            now,
        ],
    )?;
    Ok(changed == 1)
}
