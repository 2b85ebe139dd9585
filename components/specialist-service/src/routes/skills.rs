//! Skills: everyone who is signed in sees them, administrators keep them.

use super::{check_name, is_active};
use crate::catalogue::{self, SkillChange};
use crate::domain::text::trimmed;
use crate::domain::{CategoryId, SkillId};
use crate::store::{self, Skill};
use axum::http::StatusCode;
use mutrapro_sdk::identity::{Role, User};
use mutrapro_sdk::json::{FieldErrors, Json, Patch, Validate};
use mutrapro_sdk::page::{Page, Paging, PagingParameters};
use mutrapro_sdk::problem::{Details, Result};
use mutrapro_sdk::query::{Path, Query};
use mutrapro_sdk::sql::{Database, transaction};
use mutrapro_sdk::time::Instant;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// Which skills to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SkillParameters {
    /// Only those of the category with this id.
    #[param(inline)]
    category: Option<CategoryId>,
    /// Those that can be chosen, unless given; for administrators also those that cannot.
    #[param(default = true)]
    active: Option<bool>,
}

/// A skill to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "category_id": "0190f3a0-0000-7000-8000-000000000001", "name": "Piano", "description": "Solo and accompaniment"
}))]
pub(crate) struct NewSkill {
    /// What it is sorted into; the category has to be active.
    category_id: CategoryId,
    /// 1 to 100 characters; no other skill has this name.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// 1 to 5000 characters.
    #[schema(min_length = 1, max_length = 5000)]
    description: Option<String>,
}

impl Validate for NewSkill {
    fn validate(&self, errors: &mut FieldErrors) {
        check_name(errors, Some(&self.name), self.description.as_deref());
    }
}

/// What administrators may change of a skill; fields that are left out stay, `null` empties.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "is_active": false }))]
pub(crate) struct SkillPatch {
    /// What it is sorted into.
    category_id: Option<CategoryId>,
    /// 1 to 100 characters; no other skill has this name.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// 1 to 5000 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 5000)]
    description: Patch<String>,
    /// Whether it can be chosen; specialists who have it keep it.
    is_active: Option<bool>,
}

impl Validate for SkillPatch {
    fn validate(&self, errors: &mut FieldErrors) {
        check_name(errors, self.name.as_deref(), self.description.value().map(String::as_str));
    }
}

/// Skills that can be chosen. For everyone who is signed in.
#[utoipa::path(get, path = "/skills", operation_id = "list_skills", tag = "skills",
    params(SkillParameters, PagingParameters),
    responses(
        (status = 200, body = Page<Skill>),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`: for what cannot be chosen",
            content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    user: User,
    Query(parameters): Query<SkillParameters>,
    paging: Paging,
) -> Result<Json<Page<Skill>>> {
    let filter = (parameters.category, is_active(&user, parameters.active)?);
    let rows = store::skills(&Database, filter, paging.after()?, paging.rows())?;
    Ok(Json(paging.page(rows, |skill| skill.id.to_string())))
}

/// Adds a skill. For administrators.
#[utoipa::path(post, path = "/skills", operation_id = "create_skill", tag = "skills", request_body = NewSkill,
    responses(
        (status = 201, body = Skill),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`skill_exists`, `category_inactive`",
            content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn create(user: User, Json(body): Json<NewSkill>) -> Result<(StatusCode, Json<Skill>)> {
    user.require(Role::SystemAdmin)?;
    let now = Instant::now();
    let skill = Skill {
        id: SkillId::generate(),
        category_id: body.category_id,
        name: trimmed(body.name),
        description: body.description.map(trimmed),
        is_active: true,
        created_at: now,
        updated_at: now,
    };
    transaction(|tx| catalogue::add_skill(tx, &skill, user.id))?;
    Ok((StatusCode::CREATED, Json(skill)))
}

/// Changes a skill. For administrators.
#[utoipa::path(patch, path = "/skills/{id}", operation_id = "change_skill", tag = "skills",
    params(("id" = SkillId, Path)), request_body = SkillPatch,
    responses(
        (status = 200, body = Skill),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`skill_exists`, `category_inactive`, `changed_meanwhile`",
            content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn change(user: User, Path(id): Path<SkillId>, Json(body): Json<SkillPatch>) -> Result<Json<Skill>> {
    user.require(Role::SystemAdmin)?;
    let change = SkillChange {
        category_id: body.category_id,
        name: body.name.map(trimmed),
        description: body.description,
        is_active: body.is_active,
    };
    let now = Instant::now();
    Ok(Json(transaction(|tx| catalogue::change_skill(tx, id, &change, user.id, now))?))
}
