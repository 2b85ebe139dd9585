//! Categories of skills: everyone who is signed in sees them, administrators keep them.

use super::{check_name, is_active};
use crate::catalogue;
use crate::domain::CategoryId;
use crate::domain::text::trimmed;
use crate::store::{self, CategoryChange, SkillCategory};
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

/// Which categories to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SkillCategoryParameters {
    /// Those that are active, unless given; for administrators also those that are not.
    #[param(default = true)]
    active: Option<bool>,
}

/// A category to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Instruments", "description": "What can be played" }))]
pub(crate) struct NewSkillCategory {
    /// 1 to 100 characters; no other category has this name.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// 1 to 5000 characters.
    #[schema(min_length = 1, max_length = 5000)]
    description: Option<String>,
}

impl Validate for NewSkillCategory {
    fn validate(&self, errors: &mut FieldErrors) {
        check_name(errors, Some(&self.name), self.description.as_deref());
    }
}

/// What administrators may change of a category; fields that are left out stay, `null` empties.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Instruments and voices" }))]
pub(crate) struct SkillCategoryPatch {
    /// 1 to 100 characters; no other category has this name.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// 1 to 5000 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 5000)]
    description: Patch<String>,
    /// Whether it has skills that can be chosen; it is ended when none of its skills is active any more.
    is_active: Option<bool>,
}

impl Validate for SkillCategoryPatch {
    fn validate(&self, errors: &mut FieldErrors) {
        check_name(errors, self.name.as_deref(), self.description.value().map(String::as_str));
    }
}

/// Active categories of skills. For everyone who is signed in.
#[utoipa::path(get, path = "/skill-categories", operation_id = "list_skill_categories", tag = "skills",
    params(SkillCategoryParameters, PagingParameters),
    responses(
        (status = 200, body = Page<SkillCategory>),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`: for what is not active",
            content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    user: User,
    Query(parameters): Query<SkillCategoryParameters>,
    paging: Paging,
) -> Result<Json<Page<SkillCategory>>> {
    let is_active = is_active(&user, parameters.active)?;
    let rows = store::categories(&Database, is_active, paging.after()?, paging.rows())?;
    Ok(Json(paging.page(rows, |category| category.id.to_string())))
}

/// Adds a category of skills. For administrators.
#[utoipa::path(post, path = "/skill-categories", operation_id = "create_skill_category", tag = "skills",
    request_body = NewSkillCategory,
    responses(
        (status = 201, body = SkillCategory),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`category_exists`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn create(
    user: User,
    Json(body): Json<NewSkillCategory>,
) -> Result<(StatusCode, Json<SkillCategory>)> {
    user.require(Role::SystemAdmin)?;
    let now = Instant::now();
    let category = SkillCategory {
        id: CategoryId::generate(),
        name: trimmed(body.name),
        description: body.description.map(trimmed),
        is_active: true,
        created_at: now,
        updated_at: now,
    };
    transaction(|tx| catalogue::add_category(tx, &category))?;
    Ok((StatusCode::CREATED, Json(category)))
}

/// Changes a category of skills. For administrators.
#[utoipa::path(patch, path = "/skill-categories/{id}", operation_id = "change_skill_category", tag = "skills",
    params(("id" = CategoryId, Path)), request_body = SkillCategoryPatch,
    responses(
        (status = 200, body = SkillCategory),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`category_exists`, `category_in_use`",
            content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn change(
    user: User,
    Path(id): Path<CategoryId>,
    Json(body): Json<SkillCategoryPatch>,
) -> Result<Json<SkillCategory>> {
    user.require(Role::SystemAdmin)?;
    let change =
        CategoryChange { name: body.name.map(trimmed), description: body.description, is_active: body.is_active };
    let now = Instant::now();
    Ok(Json(transaction(|tx| catalogue::change_category(tx, id, &change, now))?))
}
