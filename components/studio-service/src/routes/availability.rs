//! When a studio is free.

use super::studios;
use crate::domain::StudioId;
use crate::domain::calendar::{Interval, days, free, whole_minute_from, whole_minute_until};
use crate::domain::session::{AVAILABILITY_DAYS, AVAILABILITY_DAYS_MAX, bookable};
use crate::store;
use mutrapro_sdk::identity::User;
use mutrapro_sdk::json::{FieldErrors, Json};
use mutrapro_sdk::problem::{Details, Result};
use mutrapro_sdk::query::{Path, Query};
use mutrapro_sdk::sql::Database;
use mutrapro_sdk::time::Instant;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What time is asked about.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AvailabilityParameters {
    /// From when on; now unless given.
    from: Option<Instant>,
    /// Until when; 7 days later unless given, 60 days later at most.
    to: Option<Instant>,
}

/// When a studio can be booked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Availability)]
pub(crate) struct Availability {
    /// The studio.
    studio_id: StudioId,
    /// From when on it was asked about.
    from: Instant,
    /// Until when.
    to: Instant,
    /// How far the studio's own clock is ahead of UTC, in minutes.
    utc_offset_minutes: i32,
    /// The intervals in which it is open and nobody has it, in order; of the next 60 days, as nothing else can be booked.
    items: Vec<Interval>,
}

/// When a studio is open and free. For everyone who is signed in.
#[utoipa::path(get, path = "/studios/{id}/availability", operation_id = "show_availability", tag = "studios",
    params(("id" = StudioId, Path), AvailabilityParameters),
    responses(
        (status = 200, body = Availability),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn show(
    user: User,
    Path(id): Path<StudioId>,
    Query(parameters): Query<AvailabilityParameters>,
) -> Result<Json<Availability>> {
    let now = Instant::now();
    let range = range(parameters, now)?;
    let studio = studios::visible(&Database, id, &user)?;
    let items = match whole_minutes(range).and_then(|range| range.within(bookable(now))) {
        // Nothing can be booked in a studio that is shown to administrators alone.
        Some(range) if studio.is_active => {
            free(&studio.opening().open(range), store::taken(&Database, id, range, now)?)
        }
        _ => Vec::new(),
    };
    let utc_offset_minutes = studio.utc_offset_minutes;
    Ok(Json(Availability { studio_id: id, from: range.starts_at, to: range.ends_at, utc_offset_minutes, items }))
}

fn range(parameters: AvailabilityParameters, now: Instant) -> Result<Interval> {
    let starts_at = parameters.from.unwrap_or(now);
    let ends_at = parameters.to.unwrap_or_else(|| starts_at.plus(days(AVAILABILITY_DAYS)));
    let mut errors = FieldErrors::default();
    errors.check(starts_at < ends_at, "to", "must be later than from");
    let is_short = ends_at.since(starts_at) <= days(AVAILABILITY_DAYS_MAX);
    errors.check(is_short, "to", "must be at most 60 days later than from: ask again for the rest");
    errors.finish()?;
    Ok(Interval { starts_at, ends_at })
}

/// Sessions start and end with whole minutes. `None` when there is none in the range.
fn whole_minutes(range: Interval) -> Option<Interval> {
    let (starts_at, ends_at) = (whole_minute_from(range.starts_at), whole_minute_until(range.ends_at));
    (starts_at < ends_at).then_some(Interval { starts_at, ends_at })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn now() -> Instant {
        "2026-01-31T09:30:20Z".parse().unwrap()
    }

    fn asked(from: Option<Instant>, to: Option<Instant>) -> Result<Interval> {
        range(AvailabilityParameters { from, to }, now())
    }

    #[test]
    fn week_from_now_on_is_told_unless_another_time_is_asked_about() {
        assert_eq!(asked(None, None).unwrap(), Interval { starts_at: now(), ends_at: now().plus(days(7)) });
    }

    #[test]
    fn range_has_a_length_and_a_limit() {
        assert!(asked(None, Some(now().plus(days(60)))).is_ok());
        for to in [now(), now().plus(days(60) + Duration::from_secs(1))] {
            assert_eq!(asked(None, Some(to)).unwrap_err().details().errors[0].field, "to", "{to}");
        }
    }

    #[test]
    fn free_time_is_told_in_whole_minutes() {
        let minutes = whole_minutes(asked(None, Some(now().plus(Duration::from_secs(60 * 60)))).unwrap()).unwrap();
        assert_eq!(minutes.starts_at.to_string(), "2026-01-31T09:31:00.000000Z");
        assert_eq!(minutes.ends_at.to_string(), "2026-01-31T10:30:00.000000Z");
        assert_eq!(whole_minutes(asked(None, Some(now().plus(Duration::from_secs(30)))).unwrap()), None);
    }
}
