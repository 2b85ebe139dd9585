//! What is done with a booking: coordinators conduct sessions, and whoever booked calls them off.

use crate::bookings::{self, BookingDetails};
use crate::dependencies;
use crate::domain::BookingId;
use crate::domain::text::check_text;
use mutrapro_sdk::identity::User;
use mutrapro_sdk::json::{FieldErrors, Json, Validate};
use mutrapro_sdk::problem::{Details, Result};
use mutrapro_sdk::query::Path;
use mutrapro_sdk::sql::{Database, transaction};
use mutrapro_sdk::time::Instant;
use serde::Deserialize;
use utoipa::ToSchema;

/// Why a session does not take place, in the words of who calls it off.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BookingCancellation, example = json!({ "reason": "The singer has a cold" }))]
pub(crate) struct Cancellation {
    /// 1 to 5000 characters.
    #[schema(min_length = 1, max_length = 5000)]
    reason: Option<String>,
}

impl Validate for Cancellation {
    fn validate(&self, errors: &mut FieldErrors) {
        super::rule(errors, "reason", self.reason.as_deref(), check_text);
    }
}

/// Confirms a booking that is held. For the coordinator of its project or request, for every coordinator where nobody holds it,
/// and for administrators.
#[utoipa::path(post, path = "/bookings/{id}/confirm", operation_id = "confirm_booking", tag = "bookings",
    params(("id" = BookingId, Path)),
    responses(
        (status = 200, body = BookingDetails),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`not_your_booking`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`illegal_transition`, `hold_expired`, `project_not_open`, \
            `request_not_open`, `changed_meanwhile`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn confirm(user: User, Path(id): Path<BookingId>) -> Result<Json<BookingDetails>> {
    let details = bookings::conducted(&Database, id, &user)?;
    // Its project may have been cancelled before the booking was there to be released.
    dependencies::still_wanted(&details.booking)?;
    let now = Instant::now();
    Ok(Json(transaction(|tx| bookings::confirm(tx, id, &user, now))?))
}

/// Calls a session off that has not begun. For its customer, its coordinator and administrators.
#[utoipa::path(post, path = "/bookings/{id}/cancel", operation_id = "cancel_booking", tag = "bookings",
    params(("id" = BookingId, Path)), request_body = Cancellation,
    responses(
        (status = 200, body = BookingDetails),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`not_your_booking`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`illegal_transition`, `changed_meanwhile`",
            content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn cancel(
    user: User,
    Path(id): Path<BookingId>,
    Json(body): Json<Cancellation>,
) -> Result<Json<BookingDetails>> {
    let reason = body.reason.as_deref().map(super::trimmed);
    let now = Instant::now();
    Ok(Json(transaction(|tx| bookings::cancel(tx, id, &user, reason.clone(), now))?))
}

/// Begins a confirmed session. For its coordinator, for every coordinator where nobody holds it, and for administrators.
#[utoipa::path(post, path = "/bookings/{id}/start", operation_id = "start_booking", tag = "bookings",
    params(("id" = BookingId, Path)),
    responses(
        (status = 200, body = BookingDetails),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`not_your_booking`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`illegal_transition`, `changed_meanwhile`",
            content_type = "application/problem+json"),
    ))]
pub(crate) async fn start(user: User, Path(id): Path<BookingId>) -> Result<Json<BookingDetails>> {
    let now = Instant::now();
    Ok(Json(transaction(|tx| bookings::start(tx, id, &user, now))?))
}

/// Ends a session that has begun. For its coordinator, for every coordinator where nobody holds it, and for administrators.
#[utoipa::path(post, path = "/bookings/{id}/complete", operation_id = "complete_booking", tag = "bookings",
    params(("id" = BookingId, Path)),
    responses(
        (status = 200, body = BookingDetails),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`not_your_booking`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`illegal_transition`, `changed_meanwhile`",
            content_type = "application/problem+json"),
    ))]
pub(crate) async fn complete(user: User, Path(id): Path<BookingId>) -> Result<Json<BookingDetails>> {
    let now = Instant::now();
    Ok(Json(transaction(|tx| bookings::complete(tx, id, &user, now))?))
}
