//! Models of equipment: everyone who is signed in sees them, administrators keep them.

use super::{listed, rule, sees_all, trimmed, trimmed_patch};
use crate::domain::day::Day;
use crate::domain::equipment::Specifications;
use crate::domain::text::{check_line, check_text};
use crate::domain::{CategoryId, EquipmentId};
use crate::store::{self, EQUIPMENT_MODEL, Equipment, EquipmentChange, EquipmentFilter};
use axum::http::StatusCode;
use mutrapro_sdk::identity::{Role, User};
use mutrapro_sdk::json::{FieldErrors, Json, Patch, Validate};
use mutrapro_sdk::money::{Currency, check_amount};
use mutrapro_sdk::page::{Page, Paging, PagingParameters};
use mutrapro_sdk::problem::{Details, OnConstraint, Problem, Result};
use mutrapro_sdk::query::{Path, Query};
use mutrapro_sdk::sql::{Database, Reader, transaction};
use mutrapro_sdk::time::Instant;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// A model to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "category_id": "0190f3a0-0000-7000-8000-000000000001", "name": "Condenser microphone", "brand": "Neumann",
    "model": "U 87 Ai", "specifications": { "pattern": "cardioid" }, "purchase_price": 80000000, "currency": "VND"
}))]
pub(crate) struct NewEquipment {
    /// What kind it is.
    category_id: CategoryId,
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    brand: String,
    /// 1 to 200 characters; together with name and brand no other's.
    #[schema(min_length = 1, max_length = 200)]
    model: String,
    /// 1 to 5000 characters.
    #[schema(min_length = 1, max_length = 5000)]
    description: Option<String>,
    /// What its maker says of it: an object of at most 16384 bytes.
    #[serde(default)]
    specifications: Specifications,
    /// Of one piece, in minor units.
    #[schema(minimum = 0, maximum = 1e12)]
    purchase_price: Option<i64>,
    /// Of one piece, in minor units.
    #[schema(minimum = 0, maximum = 1e12)]
    current_value: Option<i64>,
    /// What price and value are counted in, for ever; `VND` unless given.
    currency: Option<Currency>,
    /// When it was bought.
    purchased_on: Option<Day>,
}

impl Validate for NewEquipment {
    fn validate(&self, errors: &mut FieldErrors) {
        for (field, text) in [("name", &self.name), ("brand", &self.brand), ("model", &self.model)] {
            rule(errors, field, Some(text.as_str()), check_line);
        }
        rule(errors, "description", self.description.as_deref(), check_text);
        rule(errors, "specifications", Some(&self.specifications), Specifications::check);
        check_amounts(errors, self.purchase_price, self.current_value);
    }
}

/// What administrators may change of a model; fields that are left out stay, `null` empties.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "current_value": 60000000 }))]
pub(crate) struct EquipmentPatch {
    /// What kind it is.
    category_id: Option<CategoryId>,
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    brand: Option<String>,
    /// 1 to 200 characters; together with name and brand no other's.
    #[schema(min_length = 1, max_length = 200)]
    model: Option<String>,
    /// 1 to 5000 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 5000)]
    description: Patch<String>,
    /// All of what its maker says of it: an object of at most 16384 bytes.
    specifications: Option<Specifications>,
    /// Of one piece, in minor units.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1e12)]
    purchase_price: Patch<i64>,
    /// Of one piece, in minor units.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1e12)]
    current_value: Patch<i64>,
    /// When it was bought.
    #[serde(default)]
    #[schema(value_type = Option<Day>)]
    purchased_on: Patch<Day>,
    /// Whether studios still keep it; what they do not keep is not lent.
    is_active: Option<bool>,
}

impl Validate for EquipmentPatch {
    fn validate(&self, errors: &mut FieldErrors) {
        for (field, text) in [("name", &self.name), ("brand", &self.brand), ("model", &self.model)] {
            rule(errors, field, text.as_deref(), check_line);
        }
        rule(errors, "description", self.description.value().map(String::as_str), check_text);
        rule(errors, "specifications", self.specifications.as_ref(), Specifications::check);
        check_amounts(errors, self.purchase_price.value().copied(), self.current_value.value().copied());
    }
}

fn check_amounts(errors: &mut FieldErrors, purchase_price: Option<i64>, current_value: Option<i64>) {
    for (field, amount) in [("purchase_price", purchase_price), ("current_value", current_value)] {
        if let Some(amount) = amount {
            check_amount(errors, field, amount);
        }
    }
}

/// Which equipment to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct EquipmentParameters {
    /// Only that of this category.
    #[param(inline)]
    category: Option<CategoryId>,
    /// For administrators: only what studios keep, or only what they do not. Everyone else sees what they keep.
    active: Option<bool>,
}

/// Models of equipment, in the order in which they were added. For everyone who is signed in.
#[utoipa::path(get, path = "/equipment", operation_id = "list_equipment", tag = "equipment",
    params(EquipmentParameters, PagingParameters),
    responses(
        (status = 200, body = Page<Equipment>),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    user: User,
    Query(parameters): Query<EquipmentParameters>,
    paging: Paging,
) -> Result<Json<Page<Equipment>>> {
    let filter = EquipmentFilter { category: parameters.category, is_active: listed(&user, parameters.active) };
    let rows = store::all_equipment(&Database, filter, paging.after()?, paging.rows())?;
    let page = paging.page(rows, |equipment| equipment.id.to_string());
    Ok(Json(page.map(|equipment| shown(equipment, &user))))
}

/// A model of equipment. For everyone who is signed in; one that no studio keeps any more is for administrators.
#[utoipa::path(get, path = "/equipment/{id}", operation_id = "show_equipment", tag = "equipment",
    params(("id" = EquipmentId, Path)),
    responses(
        (status = 200, body = Equipment),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn show(user: User, Path(id): Path<EquipmentId>) -> Result<Json<Equipment>> {
    let equipment = store::equipment(&Database, id)?.filter(|equipment| equipment.is_active || sees_all(&user));
    Ok(Json(shown(equipment.ok_or_else(no_such_equipment)?, &user)))
}

/// Adds a model of equipment. For administrators.
#[utoipa::path(post, path = "/equipment", operation_id = "create_equipment", tag = "equipment",
    request_body = NewEquipment,
    responses(
        (status = 201, body = Equipment),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`equipment_exists`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn create(user: User, Json(body): Json<NewEquipment>) -> Result<(StatusCode, Json<Equipment>)> {
    user.require(Role::SystemAdmin)?;
    let now = Instant::now();
    let equipment = Equipment {
        id: EquipmentId::generate(),
        category_id: body.category_id,
        name: trimmed(&body.name),
        brand: trimmed(&body.brand),
        model: trimmed(&body.model),
        description: body.description.as_deref().map(trimmed),
        specifications: body.specifications,
        purchase_price: body.purchase_price,
        current_value: body.current_value,
        currency: body.currency.unwrap_or(Currency::Vnd),
        purchased_on: body.purchased_on,
        is_active: true,
        created_at: now,
        updated_at: now,
    };
    transaction(|tx| {
        active_category(tx, equipment.category_id)?;
        store::insert_equipment(tx, &equipment).on_constraint(EQUIPMENT_MODEL, equipment_exists)
    })?;
    Ok((StatusCode::CREATED, Json(equipment)))
}

/// Changes a model of equipment. For administrators.
#[utoipa::path(patch, path = "/equipment/{id}", operation_id = "change_equipment", tag = "equipment",
    params(("id" = EquipmentId, Path)), request_body = EquipmentPatch,
    responses(
        (status = 200, body = Equipment),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`equipment_exists`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn change(
    user: User,
    Path(id): Path<EquipmentId>,
    Json(body): Json<EquipmentPatch>,
) -> Result<Json<Equipment>> {
    user.require(Role::SystemAdmin)?;
    let change = EquipmentChange {
        category_id: body.category_id,
        name: body.name.as_deref().map(trimmed),
        brand: body.brand.as_deref().map(trimmed),
        model: body.model.as_deref().map(trimmed),
        description: trimmed_patch(body.description),
        specifications: body.specifications,
        purchase_price: body.purchase_price,
        current_value: body.current_value,
        purchased_on: body.purchased_on,
        is_active: body.is_active,
    };
    let now = Instant::now();
    let equipment = transaction(|tx| {
        if let Some(category_id) = change.category_id {
            active_category(tx, category_id)?;
        }
        let is_changed =
            store::update_equipment(tx, id, &change, now).on_constraint(EQUIPMENT_MODEL, equipment_exists)?;
        let changed = if is_changed { store::equipment(tx, id)? } else { None };
        changed.ok_or_else(no_such_equipment)
    })?;
    Ok(Json(equipment))
}

/// What a studio paid is not its customers' business.
fn shown(equipment: Equipment, user: &User) -> Equipment {
    if sees_all(user) {
        return equipment;
    }
    Equipment { purchase_price: None, current_value: None, purchased_on: None, ..equipment }
}

fn active_category(db: &impl Reader, id: CategoryId) -> Result<()> {
    let is_active = store::category(db, id)?.is_some_and(|category| category.is_active);
    let mut errors = FieldErrors::default();
    errors.check(is_active, "category_id", "there is no such category: see GET /equipment-categories");
    errors.finish()
}

fn equipment_exists() -> Problem {
    let detail = "there is equipment of this name, brand and model already: add pieces of it to a studio";
    Problem::conflict("equipment_exists", detail)
}

fn no_such_equipment() -> Problem {
    Problem::not_found("equipment")
}
