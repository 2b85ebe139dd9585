//! A specialist's own profile.

use crate::domain::profile::{SKILLS_MAX, Specialization, check_concurrent_tasks, check_years};
use crate::domain::text::check_url;
use crate::profiles;
use crate::store::{self, ProfileChange};
use crate::views::OwnProfile;
use mutrapro_sdk::identity::User;
use mutrapro_sdk::json::{FieldErrors, Json, Patch, Validate};
use mutrapro_sdk::money::{Currency, check_amount};
use mutrapro_sdk::problem::{Details, Result};
use mutrapro_sdk::sql::{Database, transaction};
use mutrapro_sdk::time::Instant;
use serde::Deserialize;
use utoipa::ToSchema;

/// What specialists may change of their profile; fields that are left out stay, `null` empties.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "hourly_rate": 180000, "max_concurrent_tasks": 3 }))]
pub(crate) struct ProfilePatch {
    /// What you do first of all.
    specialization: Option<Specialization>,
    /// 0 to 80.
    #[schema(minimum = 0, maximum = 80)]
    experience_years: Option<u32>,
    /// In minor units.
    #[schema(minimum = 0, maximum = 1e12)]
    hourly_rate: Option<i64>,
    /// What `hourly_rate` is counted in, which has to be given with it.
    currency: Option<Currency>,
    /// 1 to 50.
    #[schema(minimum = 1, maximum = 50)]
    max_concurrent_tasks: Option<u32>,
    /// An address that begins with https:// or http://, of at most 500 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "uri", max_length = 500)]
    portfolio_url: Patch<String>,
}

impl Validate for ProfilePatch {
    fn validate(&self, errors: &mut FieldErrors) {
        if let Some(years) = self.experience_years {
            errors.rule("experience_years", check_years(years));
        }
        if let Some(hourly_rate) = self.hourly_rate {
            check_amount(errors, "hourly_rate", hourly_rate);
        }
        // 150000 đồng are not 150000 cents.
        let is_rate_known = self.currency.is_none() || self.hourly_rate.is_some();
        errors.check(is_rate_known, "hourly_rate", "must be given in another currency too: send it with currency");
        if let Some(tasks) = self.max_concurrent_tasks {
            errors.rule("max_concurrent_tasks", check_concurrent_tasks(tasks));
        }
        if let Some(url) = self.portfolio_url.value() {
            errors.rule("portfolio_url", check_url(url));
        }
    }
}

/// Your own profile, with skills. For specialists.
#[utoipa::path(get, path = "/specialists/me", operation_id = "show_own_profile", tag = "own profile",
    responses(
        (status = 200, body = OwnProfile),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`: ask an administrator for a profile",
            content_type = "application/problem+json"),
    ))]
pub(crate) async fn show(user: User) -> Result<Json<OwnProfile>> {
    let specialist = profiles::own(&Database, &user)?;
    let skills = store::specialist_skills(&Database, specialist.id, SKILLS_MAX)?;
    Ok(Json(OwnProfile { specialist, skills }))
}

/// Changes your own profile. For specialists.
#[utoipa::path(patch, path = "/specialists/me", operation_id = "change_own_profile", tag = "own profile",
    request_body = ProfilePatch,
    responses(
        (status = 200, body = OwnProfile),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`: ask an administrator for a profile",
            content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn change(user: User, Json(body): Json<ProfilePatch>) -> Result<Json<OwnProfile>> {
    let specialist = profiles::own(&Database, &user)?;
    let changed = changed_fields(&body);
    let change = ProfileChange {
        specialization: body.specialization,
        experience_years: body.experience_years,
        hourly_rate: body.hourly_rate,
        currency: body.currency,
        max_concurrent_tasks: body.max_concurrent_tasks,
        portfolio_url: body.portfolio_url,
    };
    let now = Instant::now();
    let profile = transaction(|tx| {
        let specialist = profiles::change(tx, &specialist, &change, &changed, now)?;
        let skills = store::specialist_skills(tx, specialist.id, SKILLS_MAX)?;
        Ok(OwnProfile { specialist, skills })
    })?;
    Ok(Json(profile))
}

fn changed_fields(body: &ProfilePatch) -> Vec<&'static str> {
    let given = [
        ("specialization", body.specialization.is_some()),
        ("experience_years", body.experience_years.is_some()),
        ("hourly_rate", body.hourly_rate.is_some()),
        ("currency", body.currency.is_some()),
        ("max_concurrent_tasks", body.max_concurrent_tasks.is_some()),
        ("portfolio_url", body.portfolio_url.is_given()),
    ];
    given.into_iter().filter_map(|(field, is_given)| is_given.then_some(field)).collect()
}
