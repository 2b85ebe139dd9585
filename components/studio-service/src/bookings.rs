//! What happens to a booking once it is made, each within a transaction that tells of it.

use crate::announcements as announce;
use crate::domain::booking::{BookingStatus, People, Standing, may_cancel, may_conduct, standing};
use crate::domain::{BookingId, RequestId};
use crate::store::{self, Booking, BookingArtist, BookingEquipment};
use mutrapro_sdk::identity::{User, UserId};
use mutrapro_sdk::problem::{Problem, Result};
use mutrapro_sdk::sql::{Reader, Transaction};
use mutrapro_sdk::state;
use mutrapro_sdk::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

const HOLD_EXPIRED: &str = "nobody confirmed it in time";

/// A booking with everything that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct BookingDetails {
    #[serde(flatten)]
    pub(crate) booking: Booking,
    /// Who sings and plays.
    pub(crate) artists: Vec<BookingArtist>,
    /// What equipment is wanted.
    pub(crate) equipment: Vec<BookingEquipment>,
}

impl BookingDetails {
    /// Adds what belongs to a booking.
    ///
    /// # Errors
    /// What the database makes of it.
    pub(crate) fn of(db: &impl Reader, booking: Booking) -> Result<Self> {
        let artists = store::artists(db, booking.id)?;
        let equipment = store::required_equipment(db, booking.id)?;
        Ok(Self { booking, artists, equipment })
    }

    fn standing(&self, user: &User) -> Standing {
        let artists: Vec<UserId> = self.artists.iter().map(|artist| artist.specialist_user_id).collect();
        let (customer, coordinator) = (self.booking.customer_user_id, self.booking.coordinator_user_id);
        standing(user, People { customer, coordinator, artists: &artists })
    }
}

/// The booking, and who `user` is to it.
///
/// # Errors
/// 404 when `user` may not know of it.
pub(crate) fn visible(db: &impl Reader, id: BookingId, user: &User) -> Result<(BookingDetails, Standing)> {
    let details = found(db, id)?;
    match details.standing(user) {
        Standing::Stranger => Err(no_such_booking()),
        standing => Ok((details, standing)),
    }
}

/// The booking, if `user` may confirm, start and complete it.
///
/// # Errors
/// 404 when `user` may not know of it, 403 when they may only look on.
pub(crate) fn conducted(db: &impl Reader, id: BookingId, user: &User) -> Result<BookingDetails> {
    let (details, standing) = visible(db, id, user)?;
    if may_conduct(standing) {
        return Ok(details);
    }
    Err(Problem::forbidden("not_your_booking", "only its coordinator or an administrator may do this"))
}

/// The booking, whoever asks.
///
/// # Errors
/// 404.
pub(crate) fn found(db: &impl Reader, id: BookingId) -> Result<BookingDetails> {
    let booking = store::booking(db, id)?.ok_or_else(no_such_booking)?;
    BookingDetails::of(db, booking)
}

/// Confirms a booking on behalf of `user`.
///
/// # Errors
/// 403 when they may not, 409 when it is not pending or its hold has expired.
pub(crate) fn confirm(tx: &Transaction<'_>, id: BookingId, user: &User, now: Instant) -> Result<BookingDetails> {
    let details = conducted(tx, id, user)?;
    state::check(details.booking.status, BookingStatus::Confirmed)?;
    if details.booking.hold_expires_at.is_none_or(|expires_at| expires_at <= now) {
        return Err(Problem::conflict("hold_expired", "the studio was held for 30 minutes: book again"));
    }
    if !store::confirm_booking(tx, id, now, now)? {
        return Err(state::changed_meanwhile("booking"));
    }
    told_confirmed(tx, id, Some(user.id))
}

/// Confirms what is pending for a request whose deposit was paid at `paid_at`, as far as it was held until then.
///
/// # Errors
/// What the database makes of it.
pub(crate) fn confirm_paid(tx: &Transaction<'_>, request_id: RequestId, paid_at: Instant, now: Instant) -> Result<()> {
    for booking in store::bookings_of_request(tx, request_id, BookingStatus::Pending)? {
        if store::confirm_booking(tx, booking.id, paid_at, now)? {
            told_confirmed(tx, booking.id, None)?;
        }
    }
    Ok(())
}

fn told_confirmed(tx: &Transaction<'_>, id: BookingId, by: Option<UserId>) -> Result<BookingDetails> {
    let details = found(tx, id)?;
    tx.emit(&announce::booking_confirmed(&details, by))?;
    Ok(details)
}

/// Cancels a booking on behalf of `user`.
///
/// # Errors
/// 403 when they may not, 409 when the session has begun or the booking has ended.
pub(crate) fn cancel(
    tx: &Transaction<'_>,
    id: BookingId,
    user: &User,
    reason: Option<String>,
    now: Instant,
) -> Result<BookingDetails> {
    let (details, standing) = visible(tx, id, user)?;
    if !may_cancel(standing) {
        let detail = "only its customer, its coordinator or an administrator may cancel it";
        return Err(Problem::forbidden("not_your_booking", detail));
    }
    let details = advance(tx, &details, BookingStatus::Cancelled, now)?;
    tx.emit(&announce::booking_cancelled(&details, reason, Some(user.id)))?;
    Ok(details)
}

/// Cancels what was booked for a request, or its project, and has not begun.
///
/// # Errors
/// What the database makes of it.
pub(crate) fn release(tx: &Transaction<'_>, request_id: RequestId, reason: &str, now: Instant) -> Result<()> {
    for status in [BookingStatus::Pending, BookingStatus::Confirmed] {
        for booking in store::bookings_of_request(tx, request_id, status)? {
            // One that was confirmed meanwhile is found in the next round; one that has begun is finished.
            if store::move_booking(tx, booking.id, (status, BookingStatus::Cancelled), now)? {
                let details = found(tx, booking.id)?;
                tx.emit(&announce::booking_cancelled(&details, Some(reason.to_owned()), None))?;
            }
        }
    }
    Ok(())
}

/// They are at it. Coordinators say when: people come early, and until half an hour after the start they may come late.
///
/// # Errors
/// 403 when `user` may not, 409 when it is not confirmed.
pub(crate) fn start(tx: &Transaction<'_>, id: BookingId, user: &User, now: Instant) -> Result<BookingDetails> {
    let details = conducted(tx, id, user)?;
    advance(tx, &details, BookingStatus::InProgress, now)
}

/// The session is over.
///
/// # Errors
/// 403 when `user` may not, 409 when it has not begun.
pub(crate) fn complete(tx: &Transaction<'_>, id: BookingId, user: &User, now: Instant) -> Result<BookingDetails> {
    let details = conducted(tx, id, user)?;
    let details = advance(tx, &details, BookingStatus::Completed, now)?;
    tx.emit(&announce::booking_completed(&details))?;
    Ok(details)
}

/// Nobody came. Does nothing when somebody did after all.
///
/// # Errors
/// What the database makes of it.
pub(crate) fn mark_no_show(tx: &Transaction<'_>, id: BookingId, now: Instant) -> Result<()> {
    if store::move_booking(tx, id, (BookingStatus::Confirmed, BookingStatus::NoShow), now)? {
        tx.emit(&announce::booking_no_show(&found(tx, id)?))?;
    }
    Ok(())
}

/// Nobody confirmed. Does nothing when somebody did after all.
///
/// # Errors
/// What the database makes of it.
pub(crate) fn expire(tx: &Transaction<'_>, id: BookingId, now: Instant) -> Result<()> {
    if store::expire_booking(tx, id, now)? {
        tx.emit(&announce::booking_cancelled(&found(tx, id)?, Some(HOLD_EXPIRED.to_owned()), None))?;
    }
    Ok(())
}

/// Moves a booking to another status; the caller tells of it.
fn advance(tx: &Transaction<'_>, details: &BookingDetails, to: BookingStatus, now: Instant) -> Result<BookingDetails> {
    let booking = &details.booking;
    state::check(booking.status, to)?;
    if !store::move_booking(tx, booking.id, (booking.status, to), now)? {
        return Err(state::changed_meanwhile("booking"));
    }
    found(tx, booking.id)
}

fn no_such_booking() -> Problem {
    Problem::not_found("booking")
}
