//! What of `studio_bookings` keeps a studio or an artist, and what waits for time to pass.

use super::Booking;
use super::bookings::COLUMNS;
use crate::domain::booking::BookingStatus;
use crate::domain::calendar::{Interval, days};
use crate::domain::session::REMINDER_DAYS;
use crate::domain::{SpecialistId, StudioId};
use mutrapro_sdk::sql::{Error, Reader, params, row};
use mutrapro_sdk::time::Instant;

row! {
    struct Taken {
        starts_at: Instant,
        ends_at: Instant,
    }
}

/// When a studio is taken within `range`, as it is at `now`: what is booked, but for holds that have expired.
pub(crate) fn taken(
    db: &impl Reader,
    studio_id: StudioId,
    range: Interval,
    now: Instant,
) -> Result<Vec<Interval>, Error> {
    let [pending, confirmed, in_progress] = BookingStatus::OCCUPYING;
    let taken: Vec<Taken> = db.query(
        "SELECT starts_at, ends_at FROM studio_bookings
         WHERE studio_id = $1 AND starts_at < $2 AND ends_at > $3
            AND (status IN ($4, $5) OR (status = $6 AND hold_expires_at > $7))
         ORDER BY starts_at",
        params![studio_id, range.ends_at, range.starts_at, confirmed, in_progress, pending, now],
    )?;
    Ok(taken.into_iter().map(|Taken { starts_at, ends_at }| Interval { starts_at, ends_at }).collect())
}

/// Whether an artist is in a session during `session`, in whatever studio, but for holds that have expired at `now`.
pub(crate) fn is_artist_taken(
    db: &impl Reader,
    specialist_id: SpecialistId,
    session: Interval,
    now: Instant,
) -> Result<bool, Error> {
    let [pending, confirmed, in_progress] = BookingStatus::OCCUPYING;
    let taken = db.rows(
        "SELECT booking.id FROM booking_artists part JOIN studio_bookings booking ON booking.id = part.booking_id
         WHERE part.specialist_id = $1 AND booking.starts_at < $2 AND booking.ends_at > $3
            AND (booking.status IN ($4, $5) OR (booking.status = $6 AND booking.hold_expires_at > $7))
         LIMIT 1",
        params![specialist_id, session.ends_at, session.starts_at, confirmed, in_progress, pending, now],
    )?;
    Ok(!taken.is_empty())
}

/// The bookings during `session`, in whatever studio, whose hold expired by `now`.
pub(crate) fn expired_during(db: &impl Reader, session: Interval, now: Instant) -> Result<Vec<Booking>, Error> {
    db.query(
        &format!(
            "SELECT {COLUMNS} FROM studio_bookings
             WHERE status = $1 AND hold_expires_at <= $2 AND starts_at < $3 AND ends_at > $4 ORDER BY id"
        ),
        params![BookingStatus::Pending, now, session.ends_at, session.starts_at],
    )
}

/// At most `rows_max` bookings whose hold expired by `now`, the first one first.
pub(crate) fn expired_holds(db: &impl Reader, now: Instant, rows_max: i64) -> Result<Vec<Booking>, Error> {
    db.query(
        &format!(
            "SELECT {COLUMNS} FROM studio_bookings
             WHERE status = $1 AND hold_expires_at <= $2 ORDER BY hold_expires_at LIMIT $3"
        ),
        params![BookingStatus::Pending, now, rows_max],
    )
}

/// At most `rows_max` confirmed bookings that were to start by `before`, the first one first.
pub(crate) fn not_begun(db: &impl Reader, before: Instant, rows_max: i64) -> Result<Vec<Booking>, Error> {
    db.query(
        &format!(
            "SELECT {COLUMNS} FROM studio_bookings
             WHERE status = $1 AND starts_at <= $2 ORDER BY starts_at LIMIT $3"
        ),
        params![BookingStatus::Confirmed, before, rows_max],
    )
}

/// At most `rows_max` confirmed bookings whose next reminder's time has come at `now`, the most urgent first.
pub(crate) fn bookings_to_remind(db: &impl Reader, now: Instant, rows_max: i64) -> Result<Vec<Booking>, Error> {
    // So many days are left until one day more is.
    let [three, one, none] = REMINDER_DAYS.map(|days_left| now.plus(days(u32::from(days_left) + 1)));
    db.query(
        &format!(
            "SELECT {COLUMNS} FROM studio_bookings
             WHERE status = $1 AND starts_at >= $2
                AND ((reminded_days_left IS NULL AND starts_at < $3) OR (reminded_days_left > 1 AND starts_at < $4)
                    OR (reminded_days_left > 0 AND starts_at < $5))
             ORDER BY starts_at LIMIT $6"
        ),
        params![BookingStatus::Confirmed, now, three, one, none, rows_max],
    )
}
