//! Specialists: everyone who is signed in sees them, administrators add them.

use crate::domain::demo::DEMOS_MAX;
use crate::domain::profile::{
    CONCURRENT_TASKS_DEFAULT, SKILLS_MAX, Specialization, check_concurrent_tasks, check_years,
};
use crate::domain::rating::{Rating, Stars};
use crate::domain::text::check_url;
use crate::domain::{SkillId, SpecialistId};
use crate::store::{self, Specialist, SpecialistFilter};
use crate::views::{ListedSpecialist, SpecialistDetails};
use crate::{accounts, dependencies, directory, profiles};
use axum::http::StatusCode;
use mutrapro_sdk::identity::{Role, User, UserId};
use mutrapro_sdk::json::{FieldErrors, Json, Validate};
use mutrapro_sdk::money::{Currency, check_amount};
use mutrapro_sdk::page::{Page, Paging, PagingParameters};
use mutrapro_sdk::problem::{Details, Result};
use mutrapro_sdk::query::{Path, Query};
use mutrapro_sdk::sql::{Database, transaction};
use mutrapro_sdk::time::Instant;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// Which specialists to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SpecialistParameters {
    /// Only those who do this first of all.
    #[param(inline)]
    specialization: Option<Specialization>,
    /// Only those who have the skill with this id.
    #[param(inline)]
    skill: Option<SkillId>,
    /// Only those who can take more (`available`, `can_take_more`), or only those who cannot (`busy`, `overloaded`).
    /// Pages may then have fewer items than asked for, and still a `next_cursor`.
    available: Option<bool>,
    /// Only those whose mean rating has at least so many stars, 0 to 5, such as `4.5`.
    #[param(value_type = Option<f64>, minimum = 0, maximum = 5, example = 4.5)]
    min_rating: Option<Stars>,
}

/// A profile to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "user_id": "0190f3a0-0000-7000-8000-000000000001", "specialization": "transcription", "experience_years": 6,
    "hourly_rate": 150000, "currency": "VND", "max_concurrent_tasks": 5, "portfolio_url": "https://example.com/thu"
}))]
pub(crate) struct NewSpecialist {
    /// An active user with one of the roles `transcription_specialist`, `arrangement_specialist` and
    /// `recording_artist`.
    user_id: UserId,
    /// What they do first of all.
    specialization: Specialization,
    /// 0 to 80.
    #[schema(minimum = 0, maximum = 80)]
    experience_years: u32,
    /// In minor units.
    #[schema(minimum = 0, maximum = 1e12)]
    hourly_rate: i64,
    /// `VND` unless given.
    currency: Option<Currency>,
    /// 1 to 50; 5 unless given.
    #[schema(minimum = 1, maximum = 50, default = 5)]
    max_concurrent_tasks: Option<u32>,
    /// An address that begins with https:// or http://, of at most 500 characters.
    #[schema(format = "uri", max_length = 500)]
    portfolio_url: Option<String>,
}

impl Validate for NewSpecialist {
    fn validate(&self, errors: &mut FieldErrors) {
        errors.rule("experience_years", check_years(self.experience_years));
        check_amount(errors, "hourly_rate", self.hourly_rate);
        if let Some(tasks) = self.max_concurrent_tasks {
            errors.rule("max_concurrent_tasks", check_concurrent_tasks(tasks));
        }
        if let Some(url) = &self.portfolio_url {
            errors.rule("portfolio_url", check_url(url));
        }
    }
}

/// Specialists who can work, in the order in which they came. For everyone who is signed in.
#[utoipa::path(get, path = "/specialists", operation_id = "list_specialists", tag = "specialists",
    params(SpecialistParameters, PagingParameters),
    responses(
        (status = 200, body = Page<ListedSpecialist>),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
        (status = 503, body = Details, description = "`dependency_unavailable`: nobody knows who is busy",
            content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    _user: User,
    Query(parameters): Query<SpecialistParameters>,
    paging: Paging,
) -> Result<Json<Page<ListedSpecialist>>> {
    let filter = SpecialistFilter {
        specialization: parameters.specialization,
        skill: parameters.skill,
        min_rating: parameters.min_rating,
    };
    Ok(Json(directory::page(filter, parameters.available, &paging)?))
}

/// A specialist, with skills and public demos. For everyone who is signed in; who cannot work any more is known to
/// administrators alone.
#[utoipa::path(get, path = "/specialists/{id}", operation_id = "show_specialist", tag = "specialists",
    params(("id" = SpecialistId, Path)),
    responses(
        (status = 200, body = SpecialistDetails),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 503, body = Details, description = "`dependency_unavailable`: nobody knows who is busy",
            content_type = "application/problem+json"),
    ))]
pub(crate) async fn show(user: User, Path(id): Path<SpecialistId>) -> Result<Json<SpecialistDetails>> {
    let specialist = profiles::visible(&Database, id, &user)?;
    let skills = store::specialist_skills(&Database, id, SKILLS_MAX)?;
    let demos = store::public_demos(&Database, id, DEMOS_MAX)?;
    let listed = directory::with_availability(vec![specialist])?.pop().ok_or_else(profiles::no_such_specialist)?;
    Ok(Json(SpecialistDetails { listed, skills, demos }))
}

/// Gives a user a profile as a specialist. For administrators.
#[utoipa::path(post, path = "/specialists", operation_id = "create_specialist", tag = "specialists",
    request_body = NewSpecialist,
    responses(
        (status = 201, body = Specialist),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 409, body = Details, content_type = "application/problem+json",
            description = "`specialist_exists`, `user_inactive`, `specialist_role_required`"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
        (status = 503, body = Details, description = "`dependency_unavailable`",
            content_type = "application/problem+json"),
    ))]
pub(crate) async fn create(user: User, Json(body): Json<NewSpecialist>) -> Result<(StatusCode, Json<Specialist>)> {
    user.require(Role::SystemAdmin)?;
    let account = accounts::of_specialist_to_be(dependencies::account(body.user_id)?)?;
    let now = Instant::now();
    let unrated = Rating::default();
    let specialist = Specialist {
        id: SpecialistId::generate(),
        user_id: body.user_id,
        full_name: account.full_name,
        is_account_active: account.is_active,
        is_transcriber: account.is_transcriber,
        is_arranger: account.is_arranger,
        is_recording_artist: account.is_recording_artist,
        specialization: body.specialization,
        experience_years: body.experience_years,
        hourly_rate: body.hourly_rate,
        currency: body.currency.unwrap_or(Currency::Vnd),
        max_concurrent_tasks: body.max_concurrent_tasks.unwrap_or(CONCURRENT_TASKS_DEFAULT),
        portfolio_url: body.portfolio_url,
        rating_sum: unrated.sum,
        rating_count: unrated.count,
        rating_bp: unrated.mean_bp(),
        total_projects: 0,
        created_at: now,
        updated_at: now,
    };
    transaction(|tx| profiles::create(tx, &specialist, user.id))?;
    Ok((StatusCode::CREATED, Json(accounts::settled(specialist, now)?)))
}
