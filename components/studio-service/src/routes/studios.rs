//! Studios: everyone who is signed in sees them, administrators keep them.

use super::{listed, rule, sees_all, trimmed, trimmed_patch};
use crate::domain::StudioId;
use crate::domain::calendar::{DAY_MINUTES, UTC_OFFSET_MINUTES, UTC_OFFSET_MINUTES_MAX, UTC_OFFSET_MINUTES_MIN};
use crate::domain::text::{check_line, check_text};
use crate::store::{self, STUDIO_NAME, STUDIO_OPENING, Studio, StudioChange};
use axum::http::StatusCode;
use mutrapro_sdk::identity::{Role, User};
use mutrapro_sdk::json::{FieldErrors, Json, Patch, Validate};
use mutrapro_sdk::money::{Currency, check_amount};
use mutrapro_sdk::page::{Page, Paging, PagingParameters};
use mutrapro_sdk::problem::{Details, FieldError, OnConstraint, Problem, Result};
use mutrapro_sdk::query::{Path, Query};
use mutrapro_sdk::sql::{Database, Reader, transaction};
use mutrapro_sdk::time::Instant;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// The most people that a studio holds.
const CAPACITY_MAX: u32 = 1_000;

/// A studio to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "name": "Phòng thu A", "location": "12 Lý Thường Kiệt, Hà Nội", "capacity": 8, "hourly_rate": 300000,
    "admin_fee": 20000, "currency": "VND", "opens_at_minute": 480, "closes_at_minute": 1320
}))]
pub(crate) struct NewStudio {
    /// 1 to 200 characters; no other studio's.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    location: String,
    /// How many people it holds.
    #[schema(minimum = 1, maximum = 1000)]
    capacity: u32,
    /// In minor units.
    #[schema(minimum = 0, maximum = 1e12)]
    hourly_rate: i64,
    /// Added to each booking, in minor units; 0 unless given.
    #[schema(minimum = 0, maximum = 1e12)]
    admin_fee: Option<i64>,
    /// What everything in this studio is paid in, for ever; `VND` unless given.
    currency: Option<Currency>,
    /// In minutes after midnight, on the studio's own clock.
    #[schema(minimum = 0, maximum = 1439)]
    opens_at_minute: u32,
    /// In minutes after the same midnight: later than it opens, and at most 1440 minutes later.
    #[schema(minimum = 1, maximum = 2879)]
    closes_at_minute: u32,
    /// How far the studio's own clock is ahead of UTC, in minutes; 420 unless given, which is Vietnam's.
    #[schema(minimum = -720, maximum = 840)]
    utc_offset_minutes: Option<i32>,
    /// 1 to 5000 characters.
    #[schema(min_length = 1, max_length = 5000)]
    description: Option<String>,
}

impl Validate for NewStudio {
    fn validate(&self, errors: &mut FieldErrors) {
        rule(errors, "name", Some(self.name.as_str()), check_line);
        rule(errors, "location", Some(self.location.as_str()), check_line);
        rule(errors, "description", self.description.as_deref(), check_text);
        let numbers = Numbers {
            capacity: Some(self.capacity),
            amounts: [("hourly_rate", Some(self.hourly_rate)), ("admin_fee", self.admin_fee)],
            opens_at_minute: Some(self.opens_at_minute),
            closes_at_minute: Some(self.closes_at_minute),
            utc_offset_minutes: self.utc_offset_minutes,
        };
        numbers.check(errors);
    }
}

/// What administrators may change of a studio; fields that are left out stay, `null` empties. Bookings stay as they are.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "hourly_rate": 350000, "closes_at_minute": 1440 }))]
pub(crate) struct StudioPatch {
    /// 1 to 200 characters; no other studio's.
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    location: Option<String>,
    /// How many people it holds.
    #[schema(minimum = 1, maximum = 1000)]
    capacity: Option<u32>,
    /// In minor units.
    #[schema(minimum = 0, maximum = 1e12)]
    hourly_rate: Option<i64>,
    /// Added to each booking, in minor units.
    #[schema(minimum = 0, maximum = 1e12)]
    admin_fee: Option<i64>,
    /// In minutes after midnight, on the studio's own clock.
    #[schema(minimum = 0, maximum = 1439)]
    opens_at_minute: Option<u32>,
    /// In minutes after the same midnight: later than it opens, and at most 1440 minutes later.
    #[schema(minimum = 1, maximum = 2879)]
    closes_at_minute: Option<u32>,
    /// How far the studio's own clock is ahead of UTC, in minutes.
    #[schema(minimum = -720, maximum = 840)]
    utc_offset_minutes: Option<i32>,
    /// 1 to 5000 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 5000)]
    description: Patch<String>,
    /// Whether it can be booked.
    is_active: Option<bool>,
}

impl Validate for StudioPatch {
    fn validate(&self, errors: &mut FieldErrors) {
        rule(errors, "name", self.name.as_deref(), check_line);
        rule(errors, "location", self.location.as_deref(), check_line);
        rule(errors, "description", self.description.value().map(String::as_str), check_text);
        let numbers = Numbers {
            capacity: self.capacity,
            amounts: [("hourly_rate", self.hourly_rate), ("admin_fee", self.admin_fee)],
            opens_at_minute: self.opens_at_minute,
            closes_at_minute: self.closes_at_minute,
            utc_offset_minutes: self.utc_offset_minutes,
        };
        numbers.check(errors);
    }
}

/// The numbers of a studio, as far as they are given.
struct Numbers {
    capacity: Option<u32>,
    amounts: [(&'static str, Option<i64>); 2],
    opens_at_minute: Option<u32>,
    closes_at_minute: Option<u32>,
    utc_offset_minutes: Option<i32>,
}

impl Numbers {
    fn check(&self, errors: &mut FieldErrors) {
        let has_capacity = self.capacity.is_none_or(|capacity| (1..=CAPACITY_MAX).contains(&capacity));
        errors.check(has_capacity, "capacity", "must be 1 to 1000 people");
        for (field, amount) in self.amounts {
            if let Some(amount) = amount {
                check_amount(errors, field, amount);
            }
        }
        let opens = self.opens_at_minute.is_none_or(|minute| minute < DAY_MINUTES);
        errors.check(opens, "opens_at_minute", "must be 0 to 1439 minutes after midnight");
        let closes = self.closes_at_minute.is_none_or(|minute| (1..2 * DAY_MINUTES).contains(&minute));
        let fits = self
            .opens_at_minute
            .zip(self.closes_at_minute)
            .is_none_or(|(opens, closes)| opens < closes && closes <= opens.saturating_add(DAY_MINUTES));
        errors.check(closes && fits, "closes_at_minute", CLOSES_AT_MINUTE);
        let offsets = UTC_OFFSET_MINUTES_MIN..=UTC_OFFSET_MINUTES_MAX;
        let has_offset = self.utc_offset_minutes.is_none_or(|offset| offsets.contains(&offset));
        errors.check(has_offset, "utc_offset_minutes", "must be -720 to 840 minutes");
    }
}

const CLOSES_AT_MINUTE: &str = "must be 1 to 1440 minutes later than opens_at_minute";

/// Which studios to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StudioParameters {
    /// For administrators: only those that can be booked, or only those that cannot. Everyone else sees those that can.
    active: Option<bool>,
}

/// Studios, in the order in which they were added. For everyone who is signed in.
#[utoipa::path(get, path = "/studios", operation_id = "list_studios", tag = "studios",
    params(StudioParameters, PagingParameters),
    responses(
        (status = 200, body = Page<Studio>),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    user: User,
    Query(parameters): Query<StudioParameters>,
    paging: Paging,
) -> Result<Json<Page<Studio>>> {
    let rows = store::studios(&Database, listed(&user, parameters.active), paging.after()?, paging.rows())?;
    Ok(Json(paging.page(rows, |studio| studio.id.to_string())))
}

/// A studio. For everyone who is signed in; one that cannot be booked any more is for administrators.
#[utoipa::path(get, path = "/studios/{id}", operation_id = "show_studio", tag = "studios",
    params(("id" = StudioId, Path)),
    responses(
        (status = 200, body = Studio),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn show(user: User, Path(id): Path<StudioId>) -> Result<Json<Studio>> {
    Ok(Json(visible(&Database, id, &user)?))
}

/// The studio.
///
/// # Errors
/// 404 when `user` may not know of it.
pub(super) fn visible(db: &impl Reader, id: StudioId, user: &User) -> Result<Studio> {
    let studio = store::studio(db, id)?.filter(|studio| studio.is_active || sees_all(user));
    studio.ok_or_else(no_such_studio)
}

/// Adds a studio. For administrators.
#[utoipa::path(post, path = "/studios", operation_id = "create_studio", tag = "studios", request_body = NewStudio,
    responses(
        (status = 201, body = Studio),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`studio_exists`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn create(user: User, Json(body): Json<NewStudio>) -> Result<(StatusCode, Json<Studio>)> {
    user.require(Role::SystemAdmin)?;
    let now = Instant::now();
    let studio = Studio {
        id: StudioId::generate(),
        name: trimmed(&body.name),
        location: trimmed(&body.location),
        capacity: body.capacity,
        hourly_rate: body.hourly_rate,
        admin_fee: body.admin_fee.unwrap_or_default(),
        currency: body.currency.unwrap_or(Currency::Vnd),
        opens_at_minute: body.opens_at_minute,
        closes_at_minute: body.closes_at_minute,
        utc_offset_minutes: body.utc_offset_minutes.unwrap_or(UTC_OFFSET_MINUTES),
        description: body.description.as_deref().map(trimmed),
        is_active: true,
        created_at: now,
        updated_at: now,
    };
    transaction(|tx| store::insert_studio(tx, &studio).on_constraint(STUDIO_NAME, studio_exists))?;
    Ok((StatusCode::CREATED, Json(studio)))
}

/// Changes a studio. For administrators.
#[utoipa::path(patch, path = "/studios/{id}", operation_id = "change_studio", tag = "studios",
    params(("id" = StudioId, Path)), request_body = StudioPatch,
    responses(
        (status = 200, body = Studio),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`studio_exists`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn change(
    user: User,
    Path(id): Path<StudioId>,
    Json(body): Json<StudioPatch>,
) -> Result<Json<Studio>> {
    user.require(Role::SystemAdmin)?;
    let change = StudioChange {
        name: body.name.as_deref().map(trimmed),
        location: body.location.as_deref().map(trimmed),
        capacity: body.capacity,
        hourly_rate: body.hourly_rate,
        admin_fee: body.admin_fee,
        opens_at_minute: body.opens_at_minute,
        closes_at_minute: body.closes_at_minute,
        utc_offset_minutes: body.utc_offset_minutes,
        description: trimmed_patch(body.description),
        is_active: body.is_active,
    };
    let now = Instant::now();
    let studio = transaction(|tx| {
        let is_changed = store::update_studio(tx, id, &change, now)
            .on_constraint(STUDIO_NAME, studio_exists)
            .on_constraint(STUDIO_OPENING, closes_before_it_opens)?;
        let changed = if is_changed { store::studio(tx, id)? } else { None };
        changed.ok_or_else(no_such_studio)
    })?;
    Ok(Json(studio))
}

fn studio_exists() -> Problem {
    Problem::conflict("studio_exists", "a studio has this name already: choose another one")
}

/// Together with the hour that stays.
fn closes_before_it_opens() -> Problem {
    Problem::unprocessable(vec![FieldError {
        field: "closes_at_minute".to_owned(),
        code: "invalid".into(),
        message: CLOSES_AT_MINUTE.to_owned(),
    }])
}

pub(super) fn no_such_studio() -> Problem {
    Problem::not_found("studio")
}
