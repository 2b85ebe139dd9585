//! Prices: everyone sees them and can have a piece estimated, administrators set them.

use crate::domain::PriceId;
use crate::domain::pricing::adjustments::PriceLine;
use crate::domain::pricing::{Complexity, Cost, DEPOSIT_BP, RUSH_BP, ServiceType, Terms, UNITS_MAX, UnitType};
use crate::domain::request::Priority;
use crate::pricing::{Piece, Priced, priced};
use crate::store::{self, ListedPrice, ONE_ACTIVE_PRICE, PriceChange, PriceFilter};
use axum::http::StatusCode;
use mutrapro_sdk::identity::{Role, User};
use mutrapro_sdk::json::{FieldErrors, Json, Patch, Validate};
use mutrapro_sdk::money::{BASIS_POINTS, Currency, check_amount};
use mutrapro_sdk::page::{Page, Paging, PagingParameters};
use mutrapro_sdk::problem::{Details, OnConstraint, Problem, Result};
use mutrapro_sdk::query::{Path, Query};
use mutrapro_sdk::sql::{Database, transaction};
use mutrapro_sdk::time::Instant;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which prices to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PriceParameters {
    /// Only those for this kind of work.
    #[param(inline)]
    service_type: Option<ServiceType>,
    /// Only those in this currency.
    #[param(inline)]
    currency: Option<Currency>,
}

/// What a price is asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "service_type": "transcription", "complexity": "simple", "amount": 4 }))]
pub(crate) struct EstimateRequest {
    /// What is to be done.
    service_type: ServiceType,
    /// How hard the piece is; `simple` unless given.
    complexity: Option<Complexity>,
    /// How urgent it is; `normal` unless given.
    priority: Option<Priority>,
    /// `VND` unless given.
    currency: Option<Currency>,
    /// Begun minutes of audio, songs, or minutes in the studio, whichever is paid for.
    #[schema(minimum = 1, maximum = 60000)]
    amount: u32,
}

impl Validate for EstimateRequest {
    fn validate(&self, errors: &mut FieldErrors) {
        errors.check((1..=UNITS_MAX).contains(&self.amount), "amount", "must be 1 to 60000");
    }
}

/// What it would cost; a quotation may say something else.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Estimate {
    /// What is paid for.
    unit_type: UnitType,
    /// Of one unit, in minor units.
    base_price: i64,
    /// What is multiplied with for complexity, in basis points.
    complexity_bp: u32,
    /// What is multiplied with for hurry, in basis points.
    rush_bp: u32,
    /// What the studio's own rules give, in minor units.
    computed_price: i64,
    /// What plugins add and take off, in their order, at most 60; with `computed_price` they are the `total_price`.
    lines: Vec<PriceLine>,
    /// The computed price with the lines, in minor units.
    total_price: i64,
    /// What would be paid first, in minor units.
    deposit_amount: i64,
    /// What would be paid last, in minor units.
    final_amount: i64,
    /// What amounts are counted in.
    currency: Currency,
}

/// A price to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "service_type": "mixing", "complexity": "simple", "unit_type": "per_song", "base_price": 4000, "currency": "EUR"
}))]
pub(crate) struct NewPrice {
    /// What it is for.
    service_type: ServiceType,
    /// How hard the piece is.
    complexity: Complexity,
    /// What one unit is.
    unit_type: UnitType,
    /// For one unit, in minor units.
    #[schema(minimum = 0, maximum = 1e12)]
    base_price: i64,
    /// The least that is asked, in minor units.
    #[schema(minimum = 0, maximum = 1e12)]
    min_price: Option<i64>,
    /// The most that is asked, in minor units.
    #[schema(minimum = 0, maximum = 1e12)]
    max_price: Option<i64>,
    /// What amounts are counted in.
    currency: Currency,
}

impl Validate for NewPrice {
    fn validate(&self, errors: &mut FieldErrors) {
        check_amount(errors, "base_price", self.base_price);
        check_bounds(errors, self.min_price, self.max_price);
    }
}

/// What administrators may change of a price; fields that are left out stay, `null` empties.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "base_price": 60000 }))]
pub(crate) struct PricePatch {
    /// For one unit, in minor units.
    #[schema(minimum = 0, maximum = 1e12)]
    base_price: Option<i64>,
    /// The least that is asked, in minor units.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1e12)]
    min_price: Patch<i64>,
    /// The most that is asked, in minor units.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1e12)]
    max_price: Patch<i64>,
    /// Whether it counts; one price counts for a kind of work.
    is_active: Option<bool>,
}

impl Validate for PricePatch {
    fn validate(&self, errors: &mut FieldErrors) {
        if let Some(base_price) = self.base_price {
            check_amount(errors, "base_price", base_price);
        }
        check_bounds(errors, self.min_price.value().copied(), self.max_price.value().copied());
    }
}

fn check_bounds(errors: &mut FieldErrors, min_price: Option<i64>, max_price: Option<i64>) {
    for (field, bound) in [("min_price", min_price), ("max_price", max_price)] {
        if let Some(bound) = bound {
            check_amount(errors, field, bound);
        }
    }
    let is_range = min_price.zip(max_price).is_none_or(|(min, max)| min <= max);
    errors.check(is_range, "max_price", "must not be less than min_price");
}

/// The prices that count. For everyone.
#[utoipa::path(get, path = "/pricing", operation_id = "list_prices", tag = "pricing",
    params(PriceParameters, PagingParameters), security(()),
    responses(
        (status = 200, body = Page<ListedPrice>),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(Query(parameters): Query<PriceParameters>, paging: Paging) -> Result<Json<Page<ListedPrice>>> {
    let filter = PriceFilter { service_type: parameters.service_type, currency: parameters.currency };
    let rows = store::active_prices(&Database, filter, paging.after()?, paging.rows())?;
    Ok(Json(paging.page(rows, |price| price.id.to_string())))
}

/// What a piece would cost. For everyone.
#[utoipa::path(post, path = "/pricing/estimate", operation_id = "estimate_price", tag = "pricing",
    request_body = EstimateRequest, security(()),
    responses(
        (status = 200, body = Estimate),
        (status = 404, body = Details, description = "`not_found`: nobody has set a price for that",
            content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn estimate(Json(body): Json<EstimateRequest>) -> Result<Json<Estimate>> {
    let complexity = body.complexity.unwrap_or(Complexity::Simple);
    let currency = body.currency.unwrap_or(Currency::Vnd);
    let listed = store::active_price(&Database, body.service_type, complexity, currency)?
        .ok_or_else(|| Problem::not_found("price"))?;
    let priority = body.priority.unwrap_or(Priority::Normal);
    let whole_bp = u32::try_from(BASIS_POINTS).unwrap_or(u32::MAX);
    let terms = Terms {
        complexity_bp: complexity.multiplier_bp(),
        rush_bp: if priority == Priority::Rush { RUSH_BP } else { whole_bp },
        additional_fees: 0,
        discount_bp: 0,
        deposit_bp: DEPOSIT_BP,
    };
    let piece = Piece {
        request_id: None,
        customer_id: None,
        service_type: body.service_type,
        complexity,
        priority,
        amount: body.amount,
        currency,
        quoted_at: Instant::now(),
    };
    let Priced { computed_price, lines, cost } = priced(&listed.price(), &piece, &terms)?;
    let Cost { total_price, deposit_amount, final_amount } = cost;
    Ok(Json(Estimate {
        unit_type: listed.unit_type,
        base_price: listed.base_price,
        complexity_bp: terms.complexity_bp,
        rush_bp: terms.rush_bp,
        computed_price,
        lines,
        total_price,
        deposit_amount,
        final_amount,
        currency,
    }))
}

/// Adds a price. For administrators.
#[utoipa::path(post, path = "/pricing", operation_id = "create_price", tag = "pricing", request_body = NewPrice,
    responses(
        (status = 201, body = ListedPrice),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`price_exists`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn create(user: User, Json(body): Json<NewPrice>) -> Result<(StatusCode, Json<ListedPrice>)> {
    user.require(Role::SystemAdmin)?;
    let price = ListedPrice {
        id: PriceId::generate(),
        service_type: body.service_type,
        complexity: body.complexity,
        unit_type: body.unit_type,
        base_price: body.base_price,
        min_price: body.min_price,
        max_price: body.max_price,
        currency: body.currency,
        is_active: true,
        updated_at: Instant::now(),
    };
    transaction(|tx| store::insert_price(tx, &price).on_constraint(ONE_ACTIVE_PRICE, price_exists))?;
    Ok((StatusCode::CREATED, Json(price)))
}

/// Changes a price. For administrators.
#[utoipa::path(patch, path = "/pricing/{id}", operation_id = "change_price", tag = "pricing",
    params(("id" = PriceId, Path)), request_body = PricePatch,
    responses(
        (status = 200, body = ListedPrice),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`price_exists`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn change(
    user: User,
    Path(id): Path<PriceId>,
    Json(body): Json<PricePatch>,
) -> Result<Json<ListedPrice>> {
    user.require(Role::SystemAdmin)?;
    let change = PriceChange {
        base_price: body.base_price,
        min_price: body.min_price,
        max_price: body.max_price,
        is_active: body.is_active,
    };
    let now = Instant::now();
    let price = transaction(|tx| {
        let is_changed = store::update_price(tx, id, &change, now)
            .on_constraint(ONE_ACTIVE_PRICE, price_exists)
            .on_constraint("pricing_matrix_price_range_check", || {
                Problem::conflict("price_range", "min_price would be more than max_price")
            })?;
        let changed = if is_changed { store::price(tx, id)? } else { None };
        changed.ok_or_else(|| Problem::not_found("price"))
    })?;
    Ok(Json(price))
}

fn price_exists() -> Problem {
    Problem::conflict("price_exists", "a price counts for this kind of work already: change it, or end it first")
}
