//! The tables `booking_artists` and `booking_required_equipment`.

use crate::domain::booking::ArtistRole;
use crate::domain::{BookingArtistId, BookingEquipmentId, BookingId, SkillId, SpecialistId, StudioEquipmentId};
use mutrapro_sdk::identity::UserId;
use mutrapro_sdk::sql::{Error, Reader, Transaction, params, row};
use mutrapro_sdk::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

row! {
    /// What an artist does in a session.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
    pub(crate) struct BookingArtist {
        /// The part's id.
        pub(crate) id: BookingArtistId,
        /// The booking.
        #[serde(skip)]
        pub(crate) booking_id: BookingId,
        /// Who.
        pub(crate) specialist_id: SpecialistId,
        /// The user who is that specialist.
        pub(crate) specialist_user_id: UserId,
        /// What they do.
        pub(crate) role: ArtistRole,
        /// What they play.
        pub(crate) instrument_skill_id: Option<SkillId>,
        /// For the session, in minor units; 0 for a further part of the same artist.
        pub(crate) fee: i64,
    }
}

row! {
    /// What of a studio's equipment is wanted in a session.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
    pub(crate) struct BookingEquipment {
        /// The line's id.
        pub(crate) id: BookingEquipmentId,
        /// The pieces.
        pub(crate) studio_equipment_id: StudioEquipmentId,
        /// What they are.
        pub(crate) name: String,
        /// Who makes them.
        pub(crate) brand: String,
        /// What their maker calls them.
        pub(crate) model: String,
        /// How many.
        pub(crate) quantity: u32,
        /// Of one piece, in minor units.
        pub(crate) rental_fee: i64,
    }
}

pub(crate) fn insert_artist(tx: &Transaction<'_>, artist: &BookingArtist, now: Instant) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO booking_artists (id, booking_id, specialist_id, specialist_user_id, role, instrument_skill_id, fee,
            created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            artist.id,
            artist.booking_id,
            artist.specialist_id,
            artist.specialist_user_id,
            artist.role,
            artist.instrument_skill_id,
            artist.fee,
            now,
        ],
    )?;
    Ok(())
}

/// The parts of a booking's artists, as they were asked for.
pub(crate) fn artists(db: &impl Reader, booking_id: BookingId) -> Result<Vec<BookingArtist>, Error> {
    db.query(
        "SELECT id, booking_id, specialist_id, specialist_user_id, role, instrument_skill_id, fee
         FROM booking_artists WHERE booking_id = $1 ORDER BY id",
        params![booking_id],
    )
}

/// What is written of a line of equipment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NewBookingEquipment {
    pub(crate) booking_id: BookingId,
    pub(crate) studio_equipment_id: StudioEquipmentId,
    pub(crate) quantity: u32,
    pub(crate) rental_fee: i64,
}

pub(crate) fn insert_required_equipment(
    tx: &Transaction<'_>,
    line: NewBookingEquipment,
    now: Instant,
) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO booking_required_equipment (id, booking_id, studio_equipment_id, quantity, rental_fee, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        params![
            BookingEquipmentId::generate(),
            line.booking_id,
            line.studio_equipment_id,
            line.quantity,
            line.rental_fee,
            now,
        ],
    )?;
    Ok(())
}

/// What equipment a booking wants, as it was asked for.
pub(crate) fn required_equipment(db: &impl Reader, booking_id: BookingId) -> Result<Vec<BookingEquipment>, Error> {
    db.query(
        "SELECT wanted.id, wanted.studio_equipment_id, equipment.name, equipment.brand, equipment.model,
            wanted.quantity, wanted.rental_fee
         FROM booking_required_equipment wanted
            JOIN studio_equipment pieces ON pieces.id = wanted.studio_equipment_id
            JOIN equipment ON equipment.id = pieces.equipment_id
         WHERE wanted.booking_id = $1 ORDER BY wanted.id",
        params![booking_id],
    )
}
