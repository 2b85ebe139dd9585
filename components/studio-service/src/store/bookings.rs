//! The table `studio_bookings`.

use crate::domain::booking::{BookingStatus, SessionType};
use crate::domain::calendar::Interval;
use crate::domain::{BookingId, CustomerId, ProjectId, RequestId, StudioId};
use mutrapro_sdk::identity::UserId;
use mutrapro_sdk::money::Currency;
use mutrapro_sdk::sql::{Error, Filter, Reader, Transaction, params, row};
use mutrapro_sdk::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

/// What is sent again is booked once.
pub(crate) const BOOKING_ONCE: &str = "studio_bookings_created_by_idempotency_key_key";

pub(super) const COLUMNS: &str = "id, customer_id, customer_user_id, studio_id, \
     (SELECT studios.name FROM studios WHERE studios.id = studio_bookings.studio_id) AS studio_name, \
     project_id, request_id, coordinator_user_id, session_type, starts_at, ends_at, status, billing_step_minutes, \
     min_billing_minutes, studio_rate, billable_minutes, studio_fee, artist_fee, admin_fee, equipment_fee, total_cost, \
     currency, purpose, special_instructions, hold_expires_at, reminded_days_left, created_by, idempotency_key, \
     created_at, updated_at";

row! {
    /// A session in a studio.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
    pub(crate) struct Booking {
        /// The booking's id.
        pub(crate) id: BookingId,
        /// Whose it is.
        pub(crate) customer_id: CustomerId,
        /// The user who is that customer.
        pub(crate) customer_user_id: UserId,
        /// Where it is.
        pub(crate) studio_id: StudioId,
        /// What the studio is called.
        pub(crate) studio_name: String,
        /// The project that it is for.
        pub(crate) project_id: Option<ProjectId>,
        /// The request that it is for, or that its project came from.
        pub(crate) request_id: Option<RequestId>,
        /// The user who sees that project or request through; `null` where every coordinator may.
        pub(crate) coordinator_user_id: Option<UserId>,
        /// Who records.
        pub(crate) session_type: SessionType,
        /// When it starts.
        pub(crate) starts_at: Instant,
        /// When it ends.
        pub(crate) ends_at: Instant,
        /// How far it is.
        pub(crate) status: BookingStatus,
        /// What its minutes were billed in.
        pub(crate) billing_step_minutes: u32,
        /// The fewest minutes that were billed.
        pub(crate) min_billing_minutes: u32,
        /// What an hour in the studio cost, in minor units.
        pub(crate) studio_rate: i64,
        /// The minutes that are paid for.
        pub(crate) billable_minutes: u32,
        /// For the studio, in minor units.
        pub(crate) studio_fee: i64,
        /// For the artists, in minor units.
        pub(crate) artist_fee: i64,
        /// Added once, in minor units.
        pub(crate) admin_fee: i64,
        /// For equipment, in minor units.
        pub(crate) equipment_fee: i64,
        /// All of it, in minor units.
        pub(crate) total_cost: i64,
        /// What amounts are counted in.
        pub(crate) currency: Currency,
        /// What is recorded.
        pub(crate) purpose: Option<String>,
        /// For who prepares the studio.
        pub(crate) special_instructions: Option<String>,
        /// Until when it keeps others out without being confirmed; `null` once it is decided.
        pub(crate) hold_expires_at: Option<Instant>,
        /// How many days were left at the last reminder.
        #[serde(skip)]
        pub(crate) reminded_days_left: Option<u8>,
        /// The user who booked.
        pub(crate) created_by: UserId,
        /// The key under which they may send it again.
        #[serde(skip)]
        pub(crate) idempotency_key: String,
        /// When it was made.
        pub(crate) created_at: Instant,
        /// When it last changed.
        pub(crate) updated_at: Instant,
    }
}

impl Booking {
    /// When it is.
    pub(crate) fn session(&self) -> Interval {
        Interval { starts_at: self.starts_at, ends_at: self.ends_at }
    }
}

/// Whose bookings are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Everyone's.
    All,
    /// Those of this user as a customer.
    Customer(UserId),
    /// Those whose project or request this user sees through, and those that every coordinator may.
    Coordinator(UserId),
    /// Those that this user sings or plays in.
    Artist(UserId),
}

/// Which bookings to list: all conditions hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct BookingFilter {
    pub(crate) status: Option<BookingStatus>,
    pub(crate) studio: Option<StudioId>,
    pub(crate) project: Option<ProjectId>,
    pub(crate) request: Option<RequestId>,
    /// Only those that end after this.
    pub(crate) from: Option<Instant>,
    /// Only those that start before this.
    pub(crate) to: Option<Instant>,
}

/// The constraint [`BOOKING_ONCE`] refuses a second one under the same key.
pub(crate) fn insert_booking(tx: &Transaction<'_>, booking: &Booking) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO studio_bookings (id, customer_id, customer_user_id, studio_id, project_id, request_id,
            coordinator_user_id, session_type, starts_at, ends_at, status, billing_step_minutes, min_billing_minutes,
            studio_rate, billable_minutes, studio_fee, artist_fee, admin_fee, equipment_fee, total_cost, currency,
            purpose, special_instructions, hold_expires_at, created_by, idempotency_key, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
            $23, $24, $25, $26, $27, $27)",
        params![
            booking.id,
            booking.customer_id,
            booking.customer_user_id,
            booking.studio_id,
            booking.project_id,
            booking.request_id,
            booking.coordinator_user_id,
            booking.session_type,
            booking.starts_at,
            booking.ends_at,
            booking.status,
            booking.billing_step_minutes,
            booking.min_billing_minutes,
            booking.studio_rate,
            booking.billable_minutes,
            booking.studio_fee,
            booking.artist_fee,
            booking.admin_fee,
            booking.equipment_fee,
            booking.total_cost,
            booking.currency,
            booking.purpose,
            booking.special_instructions,
            booking.hold_expires_at,
            booking.created_by,
            booking.idempotency_key,
            booking.created_at,
        ],
    )?;
    Ok(())
}

pub(crate) fn booking(db: &impl Reader, id: BookingId) -> Result<Option<Booking>, Error> {
    db.query_optional(&format!("SELECT {COLUMNS} FROM studio_bookings WHERE id = $1"), params![id])
}

/// What a user booked under a key.
pub(crate) fn booking_of_key(db: &impl Reader, created_by: UserId, key: &str) -> Result<Option<Booking>, Error> {
    db.query_optional(
        &format!("SELECT {COLUMNS} FROM studio_bookings WHERE created_by = $1 AND idempotency_key = $2"),
        params![created_by, key],
    )
}

/// At most `rows_max` bookings that were made before the one with the id `before`, newest first.
pub(crate) fn bookings(
    db: &impl Reader,
    scope: Scope,
    filter: BookingFilter,
    before: Option<BookingId>,
    rows_max: i64,
) -> Result<Vec<Booking>, Error> {
    let scoped = match scope {
        Scope::All => Filter::default(),
        Scope::Customer(user) => Filter::default().with("customer_user_id = ", Some(user)),
        Scope::Coordinator(user) => {
            Filter::default().with("(coordinator_user_id IS NULL OR coordinator_user_id = ?)", Some(user))
        }
        Scope::Artist(user) => Filter::default()
            .with("id IN (SELECT booking_id FROM booking_artists WHERE specialist_user_id = ?)", Some(user)),
    };
    let (statement, parameters) = scoped
        .with("status = ", filter.status)
        .with("studio_id = ", filter.studio)
        .with("project_id = ", filter.project)
        .with("request_id = ", filter.request)
        .with("ends_at > ", filter.from)
        .with("starts_at < ", filter.to)
        .with("id < ", before)
        .statement(&format!("SELECT {COLUMNS} FROM studio_bookings"), "ORDER BY id DESC", rows_max);
    db.query(&statement, &parameters)
}

/// The bookings of a request, and of its project, that are in this status.
pub(crate) fn bookings_of_request(
    db: &impl Reader,
    request_id: RequestId,
    status: BookingStatus,
) -> Result<Vec<Booking>, Error> {
    db.query(
        &format!("SELECT {COLUMNS} FROM studio_bookings WHERE request_id = $1 AND status = $2 ORDER BY id"),
        params![request_id, status],
    )
}

/// Confirms a booking whose hold lasts until after `decided_at`. `false` when it is not pending, or the hold had expired.
pub(crate) fn confirm_booking(
    tx: &Transaction<'_>,
    id: BookingId,
    decided_at: Instant,
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE studio_bookings SET status = $3, hold_expires_at = NULL, updated_at = $5
         WHERE id = $1 AND status = $2 AND hold_expires_at > $4",
        params![id, BookingStatus::Pending, BookingStatus::Confirmed, decided_at, now],
    )?;
    Ok(changed == 1)
}

/// Cancels a booking whose hold expired. `false` when it is not pending any more.
pub(crate) fn expire_booking(tx: &Transaction<'_>, id: BookingId, now: Instant) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE studio_bookings SET status = $3, hold_expires_at = NULL, updated_at = $4
         WHERE id = $1 AND status = $2 AND hold_expires_at <= $4",
        params![id, BookingStatus::Pending, BookingStatus::Cancelled, now],
    )?;
    Ok(changed == 1)
}

/// `false` when the booking is not in the status `from`.
pub(crate) fn move_booking(
    tx: &Transaction<'_>,
    id: BookingId,
    (from, to): (BookingStatus, BookingStatus),
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE studio_bookings SET status = $3, hold_expires_at = NULL, updated_at = $4 WHERE id = $1 AND status = $2",
        params![id, from, to, now],
    )?;
    Ok(changed == 1)
}

/// Remembers a reminder. `false` when another was remembered since `from` was read, or it is not confirmed any more.
pub(crate) fn mark_reminded(
    tx: &Transaction<'_>,
    id: BookingId,
    from: Option<u8>,
    days_left: u8,
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE studio_bookings SET reminded_days_left = $3, updated_at = $4
         WHERE id = $1 AND status = $5 AND COALESCE(reminded_days_left, -1) = COALESCE($2, -1)",
        params![id, from, days_left, now, BookingStatus::Confirmed],
    )?;
    Ok(changed == 1)
}
