//! The skills of a specialist, which they keep themselves.

use crate::domain::SkillId;
use crate::domain::profile::{Proficiency, check_last_used, check_years};
use crate::domain::text::{TEXT_CHARACTERS_MAX, check_text, trimmed};
use crate::profiles;
use crate::store::{Mastery, SpecialistSkill};
use axum::http::StatusCode;
use mutrapro_sdk::identity::User;
use mutrapro_sdk::json::{FieldErrors, Json, Validate};
use mutrapro_sdk::problem::{Details, Result};
use mutrapro_sdk::query::Path;
use mutrapro_sdk::sql::{Database, transaction};
use mutrapro_sdk::time::Instant;
use serde::Deserialize;
use utoipa::ToSchema;

/// How well you can do something.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "proficiency": "advanced", "years_experience": 8, "is_certified": true,
    "certification_details": "Hanoi Conservatory, 2019"
}))]
pub(crate) struct SkillBody {
    /// How well.
    proficiency: Proficiency,
    /// 0 to 80; 0 unless given.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 80)]
    years_experience: u32,
    /// Not in the future.
    last_used_at: Option<Instant>,
    /// Whether you hold a certificate; `false` unless given.
    #[serde(default)]
    is_certified: bool,
    /// Which certificate, in 1 to 5000 characters, if you hold one.
    #[schema(min_length = 1, max_length = 5000)]
    certification_details: Option<String>,
}

impl Validate for SkillBody {
    fn validate(&self, errors: &mut FieldErrors) {
        errors.rule("years_experience", check_years(self.years_experience));
        if let Some(details) = &self.certification_details {
            errors.rule("certification_details", check_text(details, TEXT_CHARACTERS_MAX));
            errors.check(self.is_certified, "certification_details", "is for the certified: set is_certified");
        }
    }
}

/// Adds a skill to your own profile, or says anew how well you can do it: what is left out is emptied. For specialists,
/// who have at most 100 skills.
#[utoipa::path(put, path = "/specialists/me/skills/{skill_id}", operation_id = "put_own_skill", tag = "own profile",
    params(("skill_id" = SkillId, Path)), request_body = SkillBody,
    responses(
        (status = 200, body = SpecialistSkill, description = "It was on the profile already"),
        (status = 201, body = SpecialistSkill, description = "It is new on the profile"),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`: no such skill, or no profile",
            content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`skill_inactive`, `too_many_skills`",
            content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn put(
    user: User,
    Path(skill_id): Path<SkillId>,
    Json(body): Json<SkillBody>,
) -> Result<(StatusCode, Json<SpecialistSkill>)> {
    let specialist = profiles::own(&Database, &user)?;
    let now = Instant::now();
    let mut errors = FieldErrors::default();
    errors.rule("last_used_at", check_last_used(body.last_used_at, now));
    errors.finish()?;
    let mastery = Mastery {
        proficiency: body.proficiency,
        years_experience: body.years_experience,
        last_used_at: body.last_used_at,
        is_certified: body.is_certified,
        certification_details: body.certification_details.map(trimmed),
    };
    let (skill, is_new) = transaction(|tx| profiles::master(tx, &specialist, skill_id, &mastery, now))?;
    Ok((if is_new { StatusCode::CREATED } else { StatusCode::OK }, Json(skill)))
}

/// Takes a skill off your own profile. For specialists.
#[utoipa::path(delete, path = "/specialists/me/skills/{skill_id}", operation_id = "delete_own_skill",
    tag = "own profile", params(("skill_id" = SkillId, Path)),
    responses(
        (status = 204),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`: it is not on the profile, or there is no profile",
            content_type = "application/problem+json"),
    ))]
pub(crate) async fn remove(user: User, Path(skill_id): Path<SkillId>) -> Result<StatusCode> {
    let specialist = profiles::own(&Database, &user)?;
    let now = Instant::now();
    transaction(|tx| profiles::forget(tx, &specialist, skill_id, now))?;
    Ok(StatusCode::NO_CONTENT)
}
