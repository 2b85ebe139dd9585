//! What happens because time passes.

use crate::announcements as announce;
use crate::bookings;
use crate::domain::session::{no_show_before, reminder};
use crate::store;
use mutrapro_sdk::jobs::Job;
use mutrapro_sdk::problem::Result;
use mutrapro_sdk::sql::{Database, transaction};
use mutrapro_sdk::time::Instant;

/// How much one tick does; what is left is for the next one.
const ROWS_MAX: i64 = 100;

/// Runs a job of the manifest.
pub(crate) fn run(job: &Job) -> Result<()> {
    let now = Instant::now();
    match job.name.as_str() {
        "release-expired-holds" => release_expired_holds(now),
        "mark-no-shows" => mark_no_shows(now),
        "remind-bookings" => remind_bookings(now),
        _ => Err(job.unknown()),
    }
}

fn release_expired_holds(now: Instant) -> Result<()> {
    for booking in store::expired_holds(&Database, now, ROWS_MAX)? {
        transaction(|tx| bookings::expire(tx, booking.id, now))?;
    }
    Ok(())
}

fn mark_no_shows(now: Instant) -> Result<()> {
    for booking in store::not_begun(&Database, no_show_before(now), ROWS_MAX)? {
        transaction(|tx| bookings::mark_no_show(tx, booking.id, now))?;
    }
    Ok(())
}

fn remind_bookings(now: Instant) -> Result<()> {
    for booking in store::bookings_to_remind(&Database, now, ROWS_MAX)? {
        let reminded = booking.reminded_days_left;
        let Some(days_left) = reminder(booking.starts_at, reminded, now) else {
            continue;
        };
        transaction(|tx| {
            if !store::mark_reminded(tx, booking.id, reminded, days_left, now)? {
                return Ok(());
            }
            Ok(tx.emit(&announce::booking_reminded(&bookings::found(tx, booking.id)?, days_left))?)
        })?;
    }
    Ok(())
}
