//! What of the equipment is where: everyone who is signed in sees it, so that they can choose; administrators keep it.

use super::{rule, trimmed, trimmed_patch};
use crate::domain::day::Day;
use crate::domain::equipment::{Condition, QUANTITY_MAX};
use crate::domain::text::check_line;
use crate::domain::{CategoryId, EquipmentId, StudioEquipmentId, StudioId};
use crate::store::{self, NewStudioEquipment, StudioEquipment, StudioEquipmentChange, StudioEquipmentFilter};
use axum::http::StatusCode;
use mutrapro_sdk::identity::{Role, User};
use mutrapro_sdk::json::{FieldErrors, Json, Patch, Validate};
use mutrapro_sdk::money::check_amount;
use mutrapro_sdk::page::{Page, Paging, PagingParameters};
use mutrapro_sdk::problem::{Details, Problem, Result};
use mutrapro_sdk::query::{Path, Query};
use mutrapro_sdk::sql::{Database, Reader, Transaction, transaction};
use mutrapro_sdk::time::Instant;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// Pieces to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "equipment_id": "0190f3a0-0000-7000-8000-000000000001", "studio_id": "0190f3a0-0000-7000-8000-000000000002",
    "quantity": 2, "condition": "good", "rental_fee": 50000, "location_in_studio": "Shelf 3"
}))]
pub(crate) struct NewPieces {
    /// The model.
    equipment_id: EquipmentId,
    /// Where they are.
    studio_id: StudioId,
    /// How many there are.
    #[schema(maximum = 1000)]
    quantity: u32,
    /// What state they are in; `good` unless given.
    condition: Option<Condition>,
    /// Of one piece for one session, in minor units of the studio's currency; 0 unless given.
    #[schema(minimum = 0, maximum = 1e12)]
    rental_fee: Option<i64>,
    /// Whether the studio lends them; `true` unless given.
    is_available: Option<bool>,
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    location_in_studio: Option<String>,
    /// When somebody last looked after them.
    last_maintained_on: Option<Day>,
    /// When somebody will.
    next_maintenance_on: Option<Day>,
}

impl Validate for NewPieces {
    fn validate(&self, errors: &mut FieldErrors) {
        check_fields(errors, Some(self.quantity), self.rental_fee, self.location_in_studio.as_deref());
    }
}

/// What administrators may change of pieces; fields that are left out stay, `null` empties.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "condition": "maintenance", "next_maintenance_on": "2026-01-31" }))]
pub(crate) struct PiecesPatch {
    /// How many there are; not fewer than a session that is booked wants.
    #[schema(maximum = 1000)]
    quantity: Option<u32>,
    /// What state they are in. It counts for new bookings.
    condition: Option<Condition>,
    /// Of one piece for one session, in minor units of the studio's currency. It counts for new bookings.
    #[schema(minimum = 0, maximum = 1e12)]
    rental_fee: Option<i64>,
    /// Whether the studio lends them. It counts for new bookings.
    is_available: Option<bool>,
    /// 1 to 200 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    location_in_studio: Patch<String>,
    /// When somebody last looked after them.
    #[serde(default)]
    #[schema(value_type = Option<Day>)]
    last_maintained_on: Patch<Day>,
    /// When somebody will.
    #[serde(default)]
    #[schema(value_type = Option<Day>)]
    next_maintenance_on: Patch<Day>,
}

impl Validate for PiecesPatch {
    fn validate(&self, errors: &mut FieldErrors) {
        let location = self.location_in_studio.value().map(String::as_str);
        check_fields(errors, self.quantity, self.rental_fee, location);
    }
}

fn check_fields(
    errors: &mut FieldErrors,
    quantity: Option<u32>,
    rental_fee: Option<i64>,
    location_in_studio: Option<&str>,
) {
    let has_quantity = quantity.is_none_or(|quantity| quantity <= QUANTITY_MAX);
    errors.check(has_quantity, "quantity", "must be 0 to 1000");
    if let Some(fee) = rental_fee {
        check_amount(errors, "rental_fee", fee);
    }
    rule(errors, "location_in_studio", location_in_studio, check_line);
}

/// Which pieces to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PiecesParameters {
    /// Only those in this studio.
    #[param(inline)]
    studio: Option<StudioId>,
    /// Only those of this model.
    #[param(inline)]
    equipment: Option<EquipmentId>,
    /// Only those of this category.
    #[param(inline)]
    category: Option<CategoryId>,
    /// Only those that can be lent.
    available: Option<bool>,
}

/// What studios have, in the order in which it was added. For everyone who is signed in.
#[utoipa::path(get, path = "/studio-equipment", operation_id = "list_studio_equipment", tag = "equipment",
    params(PiecesParameters, PagingParameters),
    responses(
        (status = 200, body = Page<StudioEquipment>),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    _user: User,
    Query(parameters): Query<PiecesParameters>,
    paging: Paging,
) -> Result<Json<Page<StudioEquipment>>> {
    let filter = StudioEquipmentFilter {
        studio: parameters.studio,
        equipment: parameters.equipment,
        category: parameters.category,
        is_lent: parameters.available == Some(true),
    };
    let rows = store::all_studio_equipment(&Database, filter, paging.after()?, paging.rows())?;
    Ok(Json(paging.page(rows, |pieces| pieces.id.to_string())))
}

/// What a studio has of a model. For everyone who is signed in.
#[utoipa::path(get, path = "/studio-equipment/{id}", operation_id = "show_studio_equipment", tag = "equipment",
    params(("id" = StudioEquipmentId, Path)),
    responses(
        (status = 200, body = StudioEquipment),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn show(_user: User, Path(id): Path<StudioEquipmentId>) -> Result<Json<StudioEquipment>> {
    Ok(Json(found(&Database, id)?))
}

/// Adds pieces of a model to a studio. For administrators.
#[utoipa::path(post, path = "/studio-equipment", operation_id = "create_studio_equipment", tag = "equipment",
    request_body = NewPieces,
    responses(
        (status = 201, body = StudioEquipment),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn create(user: User, Json(body): Json<NewPieces>) -> Result<(StatusCode, Json<StudioEquipment>)> {
    user.require(Role::SystemAdmin)?;
    let pieces = NewStudioEquipment {
        id: StudioEquipmentId::generate(),
        equipment_id: body.equipment_id,
        studio_id: body.studio_id,
        quantity: body.quantity,
        condition: body.condition.unwrap_or(Condition::Good),
        rental_fee: body.rental_fee.unwrap_or_default(),
        is_available: body.is_available.unwrap_or(true),
        location_in_studio: body.location_in_studio.as_deref().map(trimmed),
        last_maintained_on: body.last_maintained_on,
        next_maintenance_on: body.next_maintenance_on,
    };
    let now = Instant::now();
    let pieces = transaction(|tx| {
        let mut errors = FieldErrors::default();
        let is_kept = store::equipment(tx, pieces.equipment_id)?.is_some_and(|equipment| equipment.is_active);
        errors.check(is_kept, "equipment_id", "there is no such equipment: see GET /equipment");
        let has_studio = store::studio(tx, pieces.studio_id)?.is_some();
        errors.check(has_studio, "studio_id", "there is no such studio: see GET /studios");
        errors.finish()?;
        store::insert_studio_equipment(tx, &pieces, now)?;
        found(tx, pieces.id)
    })?;
    Ok((StatusCode::CREATED, Json(pieces)))
}

/// Changes pieces of a studio. For administrators.
#[utoipa::path(patch, path = "/studio-equipment/{id}", operation_id = "change_studio_equipment", tag = "equipment",
    params(("id" = StudioEquipmentId, Path)), request_body = PiecesPatch,
    responses(
        (status = 200, body = StudioEquipment),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`equipment_lent`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn change(
    user: User,
    Path(id): Path<StudioEquipmentId>,
    Json(body): Json<PiecesPatch>,
) -> Result<Json<StudioEquipment>> {
    user.require(Role::SystemAdmin)?;
    let change = StudioEquipmentChange {
        quantity: body.quantity,
        condition: body.condition,
        rental_fee: body.rental_fee,
        is_available: body.is_available,
        location_in_studio: trimmed_patch(body.location_in_studio),
        last_maintained_on: body.last_maintained_on,
        next_maintenance_on: body.next_maintenance_on,
    };
    let now = Instant::now();
    let pieces = transaction(|tx| {
        let pieces = found(tx, id)?;
        // Nobody books them meanwhile.
        store::hold_studio(tx, pieces.studio_id)?;
        if let Some(quantity) = change.quantity {
            enough_are_left(tx, id, quantity, now)?;
        }
        store::update_studio_equipment(tx, id, &change, now)?;
        found(tx, id)
    })?;
    Ok(Json(pieces))
}

/// Goes on only if every session that is booked still gets what was promised to it.
fn enough_are_left(tx: &Transaction<'_>, id: StudioEquipmentId, quantity: u32, now: Instant) -> Result<()> {
    let lent = store::most_lent(tx, id, now)?;
    if quantity >= lent {
        return Ok(());
    }
    let detail = format!("a session that is booked wants {lent} of them: cancel it first, or keep as many");
    Err(Problem::conflict("equipment_lent", detail))
}

fn found(db: &impl Reader, id: StudioEquipmentId) -> Result<StudioEquipment> {
    store::studio_equipment(db, id)?.ok_or_else(|| Problem::not_found("studio equipment"))
}
