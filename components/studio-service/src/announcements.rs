//! What the service tells others: events made of its rows.

use crate::bookings::BookingDetails;
use mutrapro_contracts::studio as told;
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::identity::UserId;

pub(crate) fn booking_created(details: &BookingDetails) -> told::BookingCreated {
    told::BookingCreated {
        booking: of_booking(details),
        hold_expires_at: details.booking.hold_expires_at.map(|instant| instant.to_string()),
        created_by: details.booking.created_by.uuid(),
    }
}

/// `by` is `None` when the deposit was paid.
pub(crate) fn booking_confirmed(details: &BookingDetails, by: Option<UserId>) -> told::BookingConfirmed {
    told::BookingConfirmed { booking: of_booking(details), confirmed_by: by.map(UserId::uuid) }
}

pub(crate) fn booking_completed(details: &BookingDetails) -> told::BookingCompleted {
    told::BookingCompleted { booking: of_booking(details) }
}

/// `by` is `None` for what nobody did to this booking itself.
pub(crate) fn booking_cancelled(
    details: &BookingDetails,
    reason: Option<String>,
    by: Option<UserId>,
) -> told::BookingCancelled {
    told::BookingCancelled { booking: of_booking(details), reason, cancelled_by: by.map(UserId::uuid) }
}

pub(crate) fn booking_no_show(details: &BookingDetails) -> told::BookingNoShow {
    told::BookingNoShow { booking: of_booking(details) }
}

pub(crate) fn booking_reminded(details: &BookingDetails, days_left: u8) -> told::BookingReminded {
    told::BookingReminded { booking: of_booking(details), days_left }
}

/// What every event of a booking tells of it.
fn of_booking(details: &BookingDetails) -> told::Booking {
    let BookingDetails { booking, artists, .. } = details;
    told::Booking {
        booking_id: booking.id.uuid(),
        studio_id: booking.studio_id.uuid(),
        studio_name: booking.studio_name.clone(),
        customer_id: booking.customer_id.uuid(),
        customer_user_id: booking.customer_user_id.uuid(),
        project_id: booking.project_id.map(|id| -> Uuid { id.uuid() }),
        request_id: booking.request_id.map(|id| -> Uuid { id.uuid() }),
        session_type: booking.session_type.to_string(),
        starts_at: booking.starts_at.to_string(),
        ends_at: booking.ends_at.to_string(),
        total_cost: booking.total_cost,
        currency: booking.currency.to_string(),
        artist_ids: once_each(artists.iter().map(|artist| artist.specialist_id.uuid())),
        artist_user_ids: once_each(artists.iter().map(|artist| artist.specialist_user_id.uuid())),
        coordinator_user_id: booking.coordinator_user_id.map(UserId::uuid),
    }
}

/// An artist with several parts is one person. A profile belongs to one user, so that both lists keep the same order.
fn once_each(ids: impl Iterator<Item = Uuid>) -> Vec<Uuid> {
    let mut seen = Vec::new();
    for id in ids {
        if !seen.contains(&id) {
            seen.push(id);
        }
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artist_with_two_parts_is_told_of_once() {
        let ids = [7, 8, 7, 9, 8].map(Uuid::from_u128);
        assert_eq!(once_each(ids.into_iter()), [7, 8, 9].map(Uuid::from_u128));
    }
}
