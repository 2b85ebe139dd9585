//! The table `pricing_matrix`.

use crate::domain::PriceId;
use crate::domain::pricing::{Complexity, Price, ServiceType, UnitType};
use mutrapro_sdk::json::Patch;
use mutrapro_sdk::money::Currency;
use mutrapro_sdk::sql::{Error, Filter, Reader, Transaction, params, row};
use mutrapro_sdk::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

/// One price counts for a kind of work.
pub(crate) const ONE_ACTIVE_PRICE: &str = "pricing_matrix_service_type_complexity_currency_key";

const COLUMNS: &str =
    "id, service_type, complexity, unit_type, base_price, min_price, max_price, currency, is_active, updated_at";

row! {
    /// What the studio asks for a kind of work, before the multipliers for complexity and hurry.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
    pub(crate) struct ListedPrice {
        /// The price's id.
        pub(crate) id: PriceId,
        /// What it is for.
        pub(crate) service_type: ServiceType,
        /// How hard the piece is.
        pub(crate) complexity: Complexity,
        /// What one unit is.
        pub(crate) unit_type: UnitType,
        /// For one unit, in minor units.
        pub(crate) base_price: i64,
        /// The least that is asked, in minor units.
        pub(crate) min_price: Option<i64>,
        /// The most that is asked, in minor units.
        pub(crate) max_price: Option<i64>,
        /// What amounts are counted in.
        pub(crate) currency: Currency,
        /// Whether it counts now.
        pub(crate) is_active: bool,
        /// When it last changed.
        pub(crate) updated_at: Instant,
    }
}

impl ListedPrice {
    /// What the formula needs of it.
    pub(crate) fn price(&self) -> Price {
        let Self { unit_type, base_price, min_price, max_price, .. } = *self;
        Price { unit_type, base_price, min_price, max_price }
    }
}

/// What a PATCH may change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct PriceChange {
    pub(crate) base_price: Option<i64>,
    pub(crate) min_price: Patch<i64>,
    pub(crate) max_price: Patch<i64>,
    pub(crate) is_active: Option<bool>,
}

/// Which prices to list: all conditions hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct PriceFilter {
    pub(crate) service_type: Option<ServiceType>,
    pub(crate) currency: Option<Currency>,
}

pub(crate) fn has_prices(db: &impl Reader) -> Result<bool, Error> {
    Ok(!db.rows("SELECT id FROM pricing_matrix LIMIT 1", params![])?.is_empty())
}

/// The constraint [`ONE_ACTIVE_PRICE`] refuses a second one that counts.
pub(crate) fn insert_price(tx: &Transaction<'_>, price: &ListedPrice) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO pricing_matrix (id, service_type, complexity, unit_type, base_price, min_price, max_price,
            currency, is_active, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)",
        params![
            price.id,
            price.service_type,
            price.complexity,
            price.unit_type,
            price.base_price,
            price.min_price,
            price.max_price,
            price.currency,
            price.is_active,
            price.updated_at,
        ],
    )?;
    Ok(())
}

pub(crate) fn price(db: &impl Reader, id: PriceId) -> Result<Option<ListedPrice>, Error> {
    db.query_optional(&format!("SELECT {COLUMNS} FROM pricing_matrix WHERE id = $1"), params![id])
}

/// The price that counts for this kind of work.
pub(crate) fn active_price(
    db: &impl Reader,
    service_type: ServiceType,
    complexity: Complexity,
    currency: Currency,
) -> Result<Option<ListedPrice>, Error> {
    db.query_optional(
        &format!(
            "SELECT {COLUMNS} FROM pricing_matrix
             WHERE service_type = $1 AND complexity = $2 AND currency = $3 AND is_active"
        ),
        params![service_type, complexity, currency],
    )
}

/// At most `rows_max` prices that count, after the one with the id `after`.
pub(crate) fn active_prices(
    db: &impl Reader,
    filter: PriceFilter,
    after: Option<PriceId>,
    rows_max: i64,
) -> Result<Vec<ListedPrice>, Error> {
    let (statement, parameters) = Filter::default()
        .when(true, "is_active")
        .with("service_type = ", filter.service_type)
        .with("currency = ", filter.currency)
        .with("id > ", after)
        .statement(&format!("SELECT {COLUMNS} FROM pricing_matrix"), "ORDER BY id", rows_max);
    db.query(&statement, &parameters)
}

/// Changes the fields that are given. `false` when there is no such price.
pub(crate) fn update_price(
    tx: &Transaction<'_>,
    id: PriceId,
    change: &PriceChange,
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE pricing_matrix SET
            base_price = COALESCE($2, base_price),
            min_price = CASE WHEN $3 THEN $4 ELSE min_price END, max_price = CASE WHEN $5 THEN $6 ELSE max_price END,
            is_active = COALESCE($7, is_active), updated_at = $8
         WHERE id = $1",
        params![
            id,
            change.base_price,
            change.min_price.is_given(),
            change.min_price.value(),
            change.max_price.is_given(),
            change.max_price.value(),
            change.is_active,
            now,
        ],
    )?;
    Ok(changed == 1)
}
