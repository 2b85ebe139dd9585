//! Events of studio-service. Their aggregate is the booking.

use crate::event;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What every event of a booking tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    /// The booking.
    pub booking_id: Uuid,
    /// The studio.
    pub studio_id: Uuid,
    /// What it is called.
    pub studio_name: String,
    /// The customer.
    pub customer_id: Uuid,
    /// The user who is that customer.
    pub customer_user_id: Uuid,
    /// The project that it is for.
    pub project_id: Option<Uuid>,
    /// The request that it is for.
    pub request_id: Option<Uuid>,
    /// `self_recording`, `artist_assisted` or `hybrid`.
    pub session_type: String,
    /// RFC 3339.
    pub starts_at: String,
    /// RFC 3339.
    pub ends_at: String,
    /// In minor units.
    pub total_cost: i64,
    /// `VND`, `USD` or `EUR`.
    pub currency: String,
    /// The specialists who take part.
    pub artist_ids: Vec<Uuid>,
    /// The users who are those specialists, in the same order.
    pub artist_user_ids: Vec<Uuid>,
    /// The user who sees the project or request through, once somebody does.
    #[serde(default)]
    pub coordinator_user_id: Option<Uuid>,
}

/// `booking.created`: a studio is held for a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookingCreated {
    /// The booking as it is now.
    #[serde(flatten)]
    pub booking: Booking,
    /// RFC 3339: until when it is held without being confirmed; `None` when it was confirmed at once.
    pub hold_expires_at: Option<String>,
    /// The user who booked.
    pub created_by: Uuid,
}
event!(BookingCreated, "booking.created", "booking", booking.booking_id);

/// `booking.confirmed`: the session takes place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookingConfirmed {
    /// The booking as it is now.
    #[serde(flatten)]
    pub booking: Booking,
    /// Who did it; `None` when the deposit was paid.
    pub confirmed_by: Option<Uuid>,
}
event!(BookingConfirmed, "booking.confirmed", "booking", booking.booking_id);

/// `booking.completed`: the session took place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookingCompleted {
    /// The booking as it is now.
    #[serde(flatten)]
    pub booking: Booking,
}
event!(BookingCompleted, "booking.completed", "booking", booking.booking_id);

/// `booking.cancelled`: the session does not take place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookingCancelled {
    /// The booking as it is now.
    #[serde(flatten)]
    pub booking: Booking,
    /// In the words of who did it.
    pub reason: Option<String>,
    /// Who did it; `None` when the hold expired, or the project or request was cancelled.
    pub cancelled_by: Option<Uuid>,
}
event!(BookingCancelled, "booking.cancelled", "booking", booking.booking_id);

/// `booking.no_show`: nobody came within half an hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookingNoShow {
    /// The booking as it is now.
    #[serde(flatten)]
    pub booking: Booking,
}
event!(BookingNoShow, "booking.no_show", "booking", booking.booking_id);

/// `booking.reminded`: 3, 1 or 0 days are left. Each is told once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookingReminded {
    /// The booking as it is now.
    #[serde(flatten)]
    pub booking: Booking,
    /// 3, 1 or 0.
    pub days_left: u8,
}
event!(BookingReminded, "booking.reminded", "booking", booking.booking_id);
