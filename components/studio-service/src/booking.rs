//! Making a booking: what is asked for, what it costs, and that nobody else has it.
//!
//! Who wants a studio holds its row first, so that bookings of a studio follow each other and each sees those before it: then
//! two sessions never overlap. Artists go from studio to studio, and no row is theirs: who wants artists holds *every* studio,
//! one after the other in the order of their ids, so that nobody waits in a circle. Of two such bookings the one that lists the
//! studios later finds the other's among them, whatever was added meanwhile, so they too follow each other. There are few studios,
//! and they are held for the moment of a transaction.

use crate::announcements as announce;
use crate::bookings::{self, BookingDetails};
use crate::dependencies::{Artist, Party};
use crate::domain::billing::{Bill, STEPS, Usage, bill};
use crate::domain::booking::{ArtistRole, BookingStatus, SessionType};
use crate::domain::calendar::Interval;
use crate::domain::equipment::check_lending;
use crate::domain::session::{check_bookable, hold_expires_at};
use crate::domain::{
    BookingArtistId, BookingId, ProjectId, RequestId, SkillId, SpecialistId, StudioEquipmentId, StudioId,
};
use crate::store::{self, BOOKING_ONCE, Booking, BookingArtist, NewBookingEquipment, Studio};
use mutrapro_sdk::idempotency;
use mutrapro_sdk::identity::UserId;
use mutrapro_sdk::json::FieldErrors;
use mutrapro_sdk::problem::{OnConstraint, Problem, Result};
use mutrapro_sdk::sql::{Reader, Transaction};
use mutrapro_sdk::time::Instant;

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Whoever books.
    Own,
    /// A project, and its request.
    Project(ProjectId),
    /// A request.
    Request(RequestId),
}

/// A part for an artist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ArtistWish {
    pub(crate) specialist_id: SpecialistId,
    pub(crate) role: ArtistRole,
    pub(crate) instrument_skill_id: Option<SkillId>,
}

/// Some pieces of equipment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EquipmentWish {
    pub(crate) studio_equipment_id: StudioEquipmentId,
    pub(crate) quantity: u32,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) studio_id: StudioId,
    pub(crate) purpose: Purpose,
    pub(crate) session_type: SessionType,
    pub(crate) session: Interval,
    pub(crate) artists: Vec<ArtistWish>,
    pub(crate) equipment: Vec<EquipmentWish>,
    /// What is recorded.
    pub(crate) subject: Option<String>,
    pub(crate) special_instructions: Option<String>,
}

/// What is asked for, with what other services know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) wish: Wish,
    pub(crate) party: Party,
    pub(crate) artists: Vec<Artist>,
}

/// What a session costs in a studio.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) studio: Studio,
    pub(crate) bill: Bill,
    /// What one of the pieces costs, in the order in which they are asked for.
    pub(crate) rental_fees: Vec<i64>,
}

/// Works out what an order costs, if the studio takes it; whether others have the studio or the artists is another question.
///
/// # Errors
/// 422 for what can never be, 409 for equipment that cannot be lent.
pub(crate) fn offer(db: &impl Reader, order: &Order, now: Instant) -> Result<Offer> {
    let Order { wish, party, artists } = order;
    let studio = active_studio(db, wish.studio_id)?;
    let mut errors = FieldErrors::default();
    check_bookable(&mut errors, wish.session, studio.opening(), now);
    check_currencies(&mut errors, &studio, party, artists);
    let fits = artists.len() <= usize::try_from(studio.capacity).unwrap_or(usize::MAX);
    errors.check(fits, "artists", &format!("the studio holds {} people: choose a larger one", studio.capacity));
    errors.finish()?;
    let rental_fees = rental_fees(db, wish)?;
    let rates: Vec<i64> = artists.iter().map(|artist| artist.hourly_rate).collect();
    let pieces = wish.equipment.iter().zip(&rental_fees);
    let equipment: Vec<(u32, i64)> = pieces.map(|(line, fee)| (line.quantity, *fee)).collect();
    let usage = Usage {
        minutes: wish.session.minutes(),
        studio_rate: studio.hourly_rate,
        artist_rates: &rates,
        equipment: &equipment,
        admin_fee: studio.admin_fee,
    };
    let bill = bill(STEPS, &usage).ok_or_else(|| {
        Problem::conflict("cost_too_large", "the session would cost more than 1000000000000 minor units")
    })?;
    Ok(Offer { studio, bill, rental_fees })
}

/// Who or what keeps an order from being booked, if anything does.
///
/// # Errors
/// What the database makes of it.
pub(crate) fn clash(db: &impl Reader, order: &Order, now: Instant) -> Result<Option<Problem>> {
    let wish = &order.wish;
    if !store::taken(db, wish.studio_id, wish.session, now)?.is_empty() {
        let detail = "the studio is taken at some of this time: see its availability";
        return Ok(Some(Problem::conflict("slot_taken", detail)));
    }
    for Artist { specialist_id, .. } in &order.artists {
        if store::is_artist_taken(db, *specialist_id, wish.session, now)? {
            let detail = format!("the artist {specialist_id} is in another session at some of this time");
            return Ok(Some(Problem::conflict("artist_taken", detail)));
        }
    }
    Ok(None)
}

/// Under which key somebody books, so that they can send it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Repeatable<'a> {
    pub(crate) by: UserId,
    pub(crate) key: &'a str,
}

/// What was booked under this key before, if it is what is asked for now.
///
/// # Errors
/// 409 when it is something else.
pub(crate) fn repeated(db: &impl Reader, of: Repeatable<'_>, wish: &Wish) -> Result<Option<BookingDetails>> {
    let Some(booking) = store::booking_of_key(db, of.by, of.key)? else {
        return Ok(None);
    };
    let details = BookingDetails::of(db, booking)?;
    if wish_of(&details) == *wish { Ok(Some(details)) } else { Err(idempotency::reused()) }
}

/// Books. What was booked under the same key by the same request is given instead of booked again.
///
/// # Errors
/// As [`offer`] and [`clash`]; 409 when the key belongs to another request.
pub(crate) fn book(tx: &Transaction<'_>, order: &Order, of: Repeatable<'_>, now: Instant) -> Result<BookingDetails> {
    hold_studios(tx, &order.wish)?;
    // The same request may have been waiting here for itself.
    if let Some(details) = repeated(tx, of, &order.wish)? {
        return Ok(details);
    }
    let offer = offer(tx, order, now)?;
    // So that at no moment two open bookings overlap, not even one that nobody can confirm any more.
    for expired in store::expired_during(tx, order.wish.session, now)? {
        bookings::expire(tx, expired.id, now)?;
    }
    if let Some(problem) = clash(tx, order, now)? {
        return Err(problem);
    }
    let booking = pending(order, &offer, of, now);
    store::insert_booking(tx, &booking).on_constraint(BOOKING_ONCE, idempotency::reused)?;
    insert_parts(tx, booking.id, order, &offer, now)?;
    let details = bookings::found(tx, booking.id)?;
    tx.emit(&announce::booking_created(&details))?;
    Ok(details)
}

/// Makes others wait; see the top of this file.
fn hold_studios(tx: &Transaction<'_>, wish: &Wish) -> Result<()> {
    let studios = if wish.artists.is_empty() { vec![wish.studio_id] } else { store::studio_ids(tx)? };
    for id in studios {
        store::hold_studio(tx, id)?;
    }
    Ok(())
}

fn active_studio(db: &impl Reader, id: StudioId) -> Result<Studio> {
    if let Some(studio) = store::studio(db, id)?.filter(|studio| studio.is_active) {
        return Ok(studio);
    }
    Err(unprocessable("studio_id", "unknown_studio", "there is no such studio: see GET /studios"))
}

fn check_currencies(errors: &mut FieldErrors, studio: &Studio, party: &Party, artists: &[Artist]) {
    let own = studio.currency.as_str();
    let message = |whose: &str, currency: &str| {
        format!("{whose} is paid in {currency}, the studio in {own}: choose one with the same currency")
    };
    if let Some(currency) = party.currency.as_deref().filter(|currency| *currency != own) {
        let whose = if party.project_id.is_some() { "project" } else { "request" };
        errors.add(format!("{whose}_id"), "other_currency", message(whose, currency));
    }
    for artist in artists.iter().filter(|artist| artist.currency != own) {
        let whose = format!("the artist {}", artist.specialist_id);
        errors.add("artists", "other_currency", message(&whose, &artist.currency));
    }
}

fn rental_fees(db: &impl Reader, wish: &Wish) -> Result<Vec<i64>> {
    let mut fees = Vec::new();
    for (index, line) in wish.equipment.iter().enumerate() {
        let pieces = store::studio_equipment(db, line.studio_equipment_id)?;
        let Some(pieces) = pieces.filter(|pieces| pieces.studio_id == wish.studio_id) else {
            let field = format!("equipment[{index}].studio_equipment_id");
            let message = "the studio has no such equipment: see GET /studio-equipment?studio=…";
            return Err(unprocessable(&field, "unknown_equipment", message));
        };
        check_lending(pieces.stock(), line.quantity).map_err(|reason| {
            Problem::conflict("equipment_unavailable", format!("{} {}: {reason}", pieces.brand, pieces.model))
        })?;
        fees.push(pieces.rental_fee);
    }
    Ok(fees)
}

fn pending(order: &Order, offer: &Offer, of: Repeatable<'_>, now: Instant) -> Booking {
    let Order { wish, party, .. } = order;
    let Offer { studio, bill, .. } = offer;
    Booking {
        id: BookingId::generate(),
        customer_id: party.customer_id,
        customer_user_id: party.customer_user_id,
        studio_id: studio.id,
        studio_name: studio.name.clone(),
        project_id: party.project_id,
        request_id: party.request_id,
        coordinator_user_id: party.coordinator_user_id,
        session_type: wish.session_type,
        starts_at: wish.session.starts_at,
        ends_at: wish.session.ends_at,
        status: BookingStatus::Pending,
        billing_step_minutes: STEPS.step_minutes,
        min_billing_minutes: STEPS.min_minutes,
        studio_rate: studio.hourly_rate,
        billable_minutes: bill.billable_minutes,
        studio_fee: bill.studio_fee,
        artist_fee: bill.artist_fee,
        admin_fee: bill.admin_fee,
        equipment_fee: bill.equipment_fee,
        total_cost: bill.total_cost,
        currency: studio.currency,
        purpose: wish.subject.clone(),
        special_instructions: wish.special_instructions.clone(),
        hold_expires_at: Some(hold_expires_at(now)),
        reminded_days_left: None,
        created_by: of.by,
        idempotency_key: of.key.to_owned(),
        created_at: now,
        updated_at: now,
    }
}

fn insert_parts(tx: &Transaction<'_>, id: BookingId, order: &Order, offer: &Offer, now: Instant) -> Result<()> {
    for artist in parts(id, order, &offer.bill) {
        store::insert_artist(tx, &artist, now)?;
    }
    for (line, rental_fee) in order.wish.equipment.iter().zip(&offer.rental_fees) {
        let EquipmentWish { studio_equipment_id, quantity } = *line;
        let line = NewBookingEquipment { booking_id: id, studio_equipment_id, quantity, rental_fee: *rental_fee };
        store::insert_required_equipment(tx, line, now)?;
    }
    Ok(())
}

/// A row for each part. An artist is paid once, with the first one.
fn parts(booking_id: BookingId, order: &Order, bill: &Bill) -> Vec<BookingArtist> {
    let mut paid: Vec<SpecialistId> = Vec::new();
    let mut parts = Vec::new();
    for wish in &order.wish.artists {
        let artists = order.artists.iter().zip(&bill.artist_fees);
        for (artist, fee) in artists.filter(|(artist, _)| artist.specialist_id == wish.specialist_id) {
            let is_paid = paid.contains(&artist.specialist_id);
            paid.push(artist.specialist_id);
            parts.push(BookingArtist {
                id: BookingArtistId::generate(),
                booking_id,
                specialist_id: artist.specialist_id,
                specialist_user_id: artist.user_id,
                role: wish.role,
                instrument_skill_id: wish.instrument_skill_id,
                fee: if is_paid { 0 } else { *fee },
            });
        }
    }
    parts
}

/// What was asked for when this was booked.
fn wish_of(details: &BookingDetails) -> Wish {
    let BookingDetails { booking, artists, equipment } = details;
    let purpose = match (booking.project_id, booking.request_id) {
        (Some(project), _) => Purpose::Project(project),
        (None, Some(request)) => Purpose::Request(request),
        (None, None) => Purpose::Own,
    };
    let artist = |part: &BookingArtist| ArtistWish {
        specialist_id: part.specialist_id,
        role: part.role,
        instrument_skill_id: part.instrument_skill_id,
    };
    Wish {
        studio_id: booking.studio_id,
        purpose,
        session_type: booking.session_type,
        session: booking.session(),
        artists: artists.iter().map(artist).collect(),
        equipment: equipment
            .iter()
            .map(|line| EquipmentWish { studio_equipment_id: line.studio_equipment_id, quantity: line.quantity })
            .collect(),
        subject: booking.purpose.clone(),
        special_instructions: booking.special_instructions.clone(),
    }
}

fn unprocessable(field: &str, code: &'static str, message: &str) -> Problem {
    let mut errors = FieldErrors::default();
    errors.add(field, code, message);
    errors.finish().err().unwrap_or_else(|| Problem::bad_request(message))
}

#[cfg(test)]
pub(crate) mod tests;
