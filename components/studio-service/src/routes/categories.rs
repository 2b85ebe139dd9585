//! Categories of equipment: everyone who is signed in sees them, administrators keep them.

use super::{listed, rule, trimmed, trimmed_patch};
use crate::domain::CategoryId;
use crate::domain::text::{check_line, check_text};
use crate::store::{self, CATEGORY_NAME, Category, CategoryChange};
use axum::http::StatusCode;
use mutrapro_sdk::identity::{Role, User};
use mutrapro_sdk::json::{FieldErrors, Json, Patch, Validate};
use mutrapro_sdk::page::{Page, Paging, PagingParameters};
use mutrapro_sdk::problem::{Details, OnConstraint, Problem, Result};
use mutrapro_sdk::query::{Path, Query};
use mutrapro_sdk::sql::{Database, transaction};
use mutrapro_sdk::time::Instant;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// A category to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewEquipmentCategory, example = json!({ "name": "Microphones" }))]
pub(crate) struct NewCategory {
    /// 1 to 200 characters; no other category's.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// 1 to 5000 characters.
    #[schema(min_length = 1, max_length = 5000)]
    description: Option<String>,
}

impl Validate for NewCategory {
    fn validate(&self, errors: &mut FieldErrors) {
        rule(errors, "name", Some(self.name.as_str()), check_line);
        rule(errors, "description", self.description.as_deref(), check_text);
    }
}

/// What administrators may change of a category; fields that are left out stay, `null` empties.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EquipmentCategoryPatch, example = json!({ "description": "Dynamic and condenser" }))]
pub(crate) struct CategoryPatch {
    /// 1 to 200 characters; no other category's.
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    /// 1 to 5000 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 5000)]
    description: Patch<String>,
    /// Whether equipment is still added to it.
    is_active: Option<bool>,
}

impl Validate for CategoryPatch {
    fn validate(&self, errors: &mut FieldErrors) {
        rule(errors, "name", self.name.as_deref(), check_line);
        rule(errors, "description", self.description.value().map(String::as_str), check_text);
    }
}

/// Which categories to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CategoryParameters {
    /// For administrators: only those that are in use, or only those that are not. Everyone else sees those that are.
    active: Option<bool>,
}

/// Categories of equipment, in the order in which they were added. For everyone who is signed in.
#[utoipa::path(get, path = "/equipment-categories", operation_id = "list_equipment_categories", tag = "equipment",
    params(CategoryParameters, PagingParameters),
    responses(
        (status = 200, body = Page<Category>),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    user: User,
    Query(parameters): Query<CategoryParameters>,
    paging: Paging,
) -> Result<Json<Page<Category>>> {
    let rows = store::categories(&Database, listed(&user, parameters.active), paging.after()?, paging.rows())?;
    Ok(Json(paging.page(rows, |category| category.id.to_string())))
}

/// Adds a category of equipment. For administrators.
#[utoipa::path(post, path = "/equipment-categories", operation_id = "create_equipment_category", tag = "equipment",
    request_body = NewCategory,
    responses(
        (status = 201, body = Category),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`category_exists`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn create(user: User, Json(body): Json<NewCategory>) -> Result<(StatusCode, Json<Category>)> {
    user.require(Role::SystemAdmin)?;
    let now = Instant::now();
    let category = Category {
        id: CategoryId::generate(),
        name: trimmed(&body.name),
        description: body.description.as_deref().map(trimmed),
        is_active: true,
        created_at: now,
        updated_at: now,
    };
    transaction(|tx| store::insert_category(tx, &category).on_constraint(CATEGORY_NAME, category_exists))?;
    Ok((StatusCode::CREATED, Json(category)))
}

/// Changes a category of equipment. For administrators.
#[utoipa::path(patch, path = "/equipment-categories/{id}", operation_id = "change_equipment_category",
    tag = "equipment", params(("id" = CategoryId, Path)), request_body = CategoryPatch,
    responses(
        (status = 200, body = Category),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`category_exists`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn change(
    user: User,
    Path(id): Path<CategoryId>,
    Json(body): Json<CategoryPatch>,
) -> Result<Json<Category>> {
    user.require(Role::SystemAdmin)?;
    let change = CategoryChange {
        name: body.name.as_deref().map(trimmed),
        description: trimmed_patch(body.description),
        is_active: body.is_active,
    };
    let now = Instant::now();
    let category = transaction(|tx| {
        let is_changed = store::update_category(tx, id, &change, now).on_constraint(CATEGORY_NAME, category_exists)?;
        let changed = if is_changed { store::category(tx, id)? } else { None };
        changed.ok_or_else(|| Problem::not_found("category"))
    })?;
    Ok(Json(category))
}

fn category_exists() -> Problem {
    Problem::conflict("category_exists", "a category has this name already: choose another one")
}
