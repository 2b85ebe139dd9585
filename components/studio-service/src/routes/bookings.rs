//! Bookings: customers and coordinators make them, and whoever they concern sees them.

use super::trimmed;
use crate::booking::{self, ArtistWish, EquipmentWish, Offer, Order, Purpose, Repeatable, Wish};
use crate::bookings::{self, BookingDetails};
use crate::dependencies;
use crate::domain::billing::STEPS;
use crate::domain::booking::{ArtistRole, BookingStatus, EQUIPMENT_LINES_MAX, SessionType, check_artists};
use crate::domain::calendar::Interval;
use crate::domain::equipment::QUANTITY_MAX;
use crate::domain::session::check_times;
use crate::domain::text::{check_line, check_text};
use crate::domain::{BookingId, ProjectId, RequestId, SkillId, SpecialistId, StudioEquipmentId, StudioId};
use crate::store::{self, Booking, BookingFilter, Scope};
use axum::http::StatusCode;
use mutrapro_sdk::idempotency::IdempotencyKey;
use mutrapro_sdk::identity::{Role, User};
use mutrapro_sdk::json::{FieldErrors, Json, Validate};
use mutrapro_sdk::money::Currency;
use mutrapro_sdk::page::{Page, Paging, PagingParameters};
use mutrapro_sdk::problem::{Details, Result};
use mutrapro_sdk::query::{Path, Query};
use mutrapro_sdk::sql::{Database, transaction};
use mutrapro_sdk::time::Instant;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use utoipa::{IntoParams, ToSchema};

/// A part for an artist.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewBookingArtist)]
pub(crate) struct ArtistPart {
    /// Who: a specialist for recording. What an hour costs is theirs to say.
    specialist_id: SpecialistId,
    /// What they do.
    role: ArtistRole,
    /// What they play.
    instrument_skill_id: Option<SkillId>,
}

/// Some pieces of equipment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewBookingEquipment)]
pub(crate) struct EquipmentLine {
    /// Which: of the studio that is booked.
    studio_equipment_id: StudioEquipmentId,
    /// How many; 1 unless given.
    #[schema(minimum = 1, maximum = 1000)]
    quantity: Option<u32>,
}

/// A session to be. What it costs is worked out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "studio_id": "0190f3a0-0000-7000-8000-000000000001", "session_type": "artist_assisted",
    "starts_at": "2026-01-31T09:00:00+07:00", "ends_at": "2026-01-31T11:00:00+07:00",
    "request_id": "0190f3a0-0000-7000-8000-000000000002",
    "artists": [{ "specialist_id": "0190f3a0-0000-7000-8000-000000000003", "role": "vocalist" }],
    "equipment": [{ "studio_equipment_id": "0190f3a0-0000-7000-8000-000000000004", "quantity": 1 }],
    "purpose": "Lead vocals of Diễm xưa"
}))]
pub(crate) struct NewBooking {
    /// Where.
    studio_id: StudioId,
    /// Who records.
    session_type: SessionType,
    /// A whole minute, not in the past and at most 60 days ahead.
    starts_at: Instant,
    /// A whole minute, at most 1440 minutes later; the studio is open until then.
    ends_at: Instant,
    /// The project that it is for: one that you hold as its coordinator, or your own.
    project_id: Option<ProjectId>,
    /// The request that it is for: one that you hold as its coordinator, or your own. Not together with a project.
    request_id: Option<RequestId>,
    /// Who sings and plays: at most 20 parts; none in a `self_recording`, at least one otherwise.
    #[serde(default)]
    #[schema(max_items = 20)]
    artists: Vec<ArtistPart>,
    /// What of the studio's equipment is wanted: at most 50 lines.
    #[serde(default)]
    #[schema(max_items = 50)]
    equipment: Vec<EquipmentLine>,
    /// What is recorded: 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    purpose: Option<String>,
    /// For who prepares the studio: 1 to 5000 characters.
    #[schema(min_length = 1, max_length = 5000)]
    special_instructions: Option<String>,
}

impl Validate for NewBooking {
    fn validate(&self, errors: &mut FieldErrors) {
        check_times(errors, Interval { starts_at: self.starts_at, ends_at: self.ends_at });
        let is_for_one = self.project_id.is_none() || self.request_id.is_none();
        errors.check(is_for_one, "request_id", "must be left out beside project_id: the project has its request");
        errors.rule("artists", check_artists(self.session_type, self.artists.len()));
        errors.check(self.equipment.len() <= EQUIPMENT_LINES_MAX, "equipment", "must be at most 50 lines");
        super::rule(errors, "purpose", self.purpose.as_deref(), check_line);
        super::rule(errors, "special_instructions", self.special_instructions.as_deref(), check_text);
        self.check_parts(errors);
    }
}

impl NewBooking {
    fn check_parts(&self, errors: &mut FieldErrors) {
        for (index, artist) in self.artists.iter().enumerate() {
            let part = |artist: &ArtistPart| (artist.specialist_id, artist.instrument_skill_id);
            if self.artists.iter().take(index).any(|other| part(other) == part(artist)) {
                let message = "has this part already: name each artist once an instrument";
                errors.add(format!("artists[{index}].specialist_id"), "repeated", message);
            }
        }
        for (index, line) in self.equipment.iter().enumerate() {
            let others = self.equipment.iter().take(index);
            if others.into_iter().any(|other| other.studio_equipment_id == line.studio_equipment_id) {
                let message = "is in the list already: add up the quantities";
                errors.add(format!("equipment[{index}].studio_equipment_id"), "repeated", message);
            }
            if line.quantity.is_some_and(|quantity| !(1..=QUANTITY_MAX).contains(&quantity)) {
                errors.add(format!("equipment[{index}].quantity"), "invalid", "must be 1 to 1000");
            }
        }
    }

    fn wish(&self) -> Wish {
        let purpose = match (self.project_id, self.request_id) {
            (Some(project), _) => Purpose::Project(project),
            (None, Some(request)) => Purpose::Request(request),
            (None, None) => Purpose::Own,
        };
        let artist = |part: &ArtistPart| ArtistWish {
            specialist_id: part.specialist_id,
            role: part.role,
            instrument_skill_id: part.instrument_skill_id,
        };
        let line = |line: &EquipmentLine| EquipmentWish {
            studio_equipment_id: line.studio_equipment_id,
            quantity: line.quantity.unwrap_or(1),
        };
        Wish {
            studio_id: self.studio_id,
            purpose,
            session_type: self.session_type,
            session: Interval { starts_at: self.starts_at, ends_at: self.ends_at },
            artists: self.artists.iter().map(artist).collect(),
            equipment: self.equipment.iter().map(line).collect(),
            subject: self.purpose.as_deref().map(trimmed),
            special_instructions: self.special_instructions.as_deref().map(trimmed),
        }
    }
}

/// What a session would cost now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BookingQuote)]
pub(crate) struct Quote {
    /// Whether nobody else has the studio or one of the artists then.
    is_available: bool,
    /// What minutes are billed in.
    billing_step_minutes: u32,
    /// The fewest minutes that are billed.
    min_billing_minutes: u32,
    /// What an hour in the studio costs, in minor units.
    studio_rate: i64,
    /// The minutes that would be paid for.
    billable_minutes: u32,
    /// For the studio, in minor units.
    studio_fee: i64,
    /// For the artists, in minor units.
    artist_fee: i64,
    /// Added once, in minor units.
    admin_fee: i64,
    /// For equipment, in minor units.
    equipment_fee: i64,
    /// All of it, in minor units.
    total_cost: i64,
    /// What amounts are counted in.
    currency: Currency,
}

/// Which bookings to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct BookingParameters {
    /// Only those that are this far.
    #[param(inline)]
    status: Option<BookingStatus>,
    /// Only those in this studio.
    #[param(inline)]
    studio: Option<StudioId>,
    /// Only those for this project.
    #[param(inline)]
    project: Option<ProjectId>,
    /// Only those for this request, or its project.
    #[param(inline)]
    request: Option<RequestId>,
    /// Only those that end later.
    from: Option<Instant>,
    /// Only those that start earlier.
    to: Option<Instant>,
}

/// What a session would cost, and whether it can be had; nothing is written. For those who may book it.
#[utoipa::path(post, path = "/bookings/quote", operation_id = "quote_booking", tag = "bookings",
    request_body = NewBooking,
    responses(
        (status = 200, body = Quote),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`, `no_profile`, `not_your_request`",
            content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`: no such project or request of yours",
            content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`equipment_unavailable`, `cost_too_large`, `project_not_open`, \
            `request_not_open`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn quote(user: User, Json(body): Json<NewBooking>) -> Result<Json<Quote>> {
    may_book(&user)?;
    let order = order(&user, body.wish())?;
    let now = Instant::now();
    let Offer { studio, bill, .. } = booking::offer(&Database, &order, now)?;
    Ok(Json(Quote {
        is_available: booking::clash(&Database, &order, now)?.is_none(),
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
    }))
}

/// Books a studio: it is held for 30 minutes, in which somebody has to confirm or the deposit has to be paid. For customers
/// themselves, and for coordinators on behalf of a project or request that they hold. The same request under the same key is
/// answered with what it booked before.
#[utoipa::path(post, path = "/bookings", operation_id = "create_booking", tag = "bookings", request_body = NewBooking,
    params(("Idempotency-Key" = String, Header, description = "1 to 255 visible characters, new for each new booking",
        pattern = "^[!-~]{1,255}$")),
    responses(
        (status = 201, body = BookingDetails),
        (status = 400, body = Details, description = "`idempotency_key_required`",
            content_type = "application/problem+json"),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`, `no_profile`, `not_your_request`",
            content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`: no such project or request of yours",
            content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`slot_taken`, `artist_taken`, `equipment_unavailable`, \
            `cost_too_large`, `project_not_open`, `request_not_open`, `idempotency_key_reused`",
            content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn create(
    user: User,
    IdempotencyKey(key): IdempotencyKey,
    Json(body): Json<NewBooking>,
) -> Result<(StatusCode, Json<BookingDetails>)> {
    may_book(&user)?;
    let wish = body.wish();
    let of = Repeatable { by: user.id, key: &key };
    // What was booked is told again even when it could not be booked any more.
    if let Some(details) = booking::repeated(&Database, of, &wish)? {
        return Ok((StatusCode::CREATED, Json(details)));
    }
    let order = order(&user, wish)?;
    let now = Instant::now();
    let details = transaction(|tx| booking::book(tx, &order, of, now))?;
    Ok((StatusCode::CREATED, Json(details)))
}

fn may_book(user: &User) -> Result<()> {
    user.require_any(&[Role::Customer, Role::ServiceCoordinator, Role::SystemAdmin])
}

/// Asks others what they know of a wish.
fn order(user: &User, wish: Wish) -> Result<Order> {
    let party = dependencies::party(user, wish.purpose)?;
    let artists = dependencies::artists(&wish.artists)?;
    Ok(Order { wish, party, artists })
}

/// Bookings, newest first: customers see their own, artists those that they take part in, coordinators those whose project or
/// request they hold and those that nobody does, administrators all.
#[utoipa::path(get, path = "/bookings", operation_id = "list_bookings", tag = "bookings",
    params(BookingParameters, PagingParameters),
    responses(
        (status = 200, body = Page<Booking>),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    user: User,
    Query(parameters): Query<BookingParameters>,
    paging: Paging,
) -> Result<Json<Page<Booking>>> {
    let filter = BookingFilter {
        status: parameters.status,
        studio: parameters.studio,
        project: parameters.project,
        request: parameters.request,
        from: parameters.from,
        to: parameters.to,
    };
    let before = paging.after()?;
    let mut rows = Vec::new();
    // One read for each role finds its index, and the newest of all are among the newest of each.
    for scope in scopes(&user)? {
        rows.extend(store::bookings(&Database, scope, filter, before, paging.rows())?);
    }
    let mut rows = newest_first(rows);
    rows.truncate(usize::try_from(paging.rows()).unwrap_or(usize::MAX));
    Ok(Json(paging.page(rows, |booking| booking.id.to_string())))
}

/// Whose bookings somebody sees: what each of their roles shows them.
fn scopes(user: &User) -> Result<Vec<Scope>> {
    user.require_any(&[Role::Customer, Role::RecordingArtist, Role::ServiceCoordinator, Role::SystemAdmin])?;
    if user.is(Role::SystemAdmin) {
        return Ok(vec![Scope::All]);
    }
    let of_roles = [
        (Role::Customer, Scope::Customer(user.id)),
        (Role::RecordingArtist, Scope::Artist(user.id)),
        (Role::ServiceCoordinator, Scope::Coordinator(user.id)),
    ];
    Ok(of_roles.into_iter().filter_map(|(role, scope)| user.is(role).then_some(scope)).collect())
}

/// Each booking once, newest first.
fn newest_first(mut rows: Vec<Booking>) -> Vec<Booking> {
    rows.sort_unstable_by_key(|booking| Reverse(booking.id));
    rows.dedup_by_key(|booking| booking.id);
    rows
}

/// A booking, with its artists and equipment. For whoever it concerns.
#[utoipa::path(get, path = "/bookings/{id}", operation_id = "show_booking", tag = "bookings",
    params(("id" = BookingId, Path)),
    responses(
        (status = 200, body = BookingDetails),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn show(user: User, Path(id): Path<BookingId>) -> Result<Json<BookingDetails>> {
    Ok(Json(bookings::visible(&Database, id, &user)?.0))
}

#[cfg(test)]
mod tests;
