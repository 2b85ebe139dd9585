//! The table `quotations`.

use crate::domain::pricing::Complexity;
use crate::domain::quotation::QuotationStatus;
use crate::domain::request::Priority;
use crate::domain::{CoordinatorId, CustomerId, QuotationId, RequestId};
use mutrapro_sdk::identity::UserId;
use mutrapro_sdk::money::Currency;
use mutrapro_sdk::sql::{Error, Filter, Reader, Transaction, params, row};
use mutrapro_sdk::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

const COLUMNS: &str = "id, request_id, customer_id, customer_user_id, coordinator_id, coordinator_user_id, version, \
                       is_active, parent_quotation_id, audio_minutes, complexity, estimated_minutes, base_price, \
                       complexity_bp, additional_fees, discount_bp, computed_price, total_price, currency, \
                       deposit_bp, deposit_amount, final_amount, priority, rush_bp, status, valid_days, valid_until, \
                       notes, sent_at, decided_at, created_at, updated_at";

row! {
    /// What a coordinator offers for a request.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
    pub(crate) struct Quotation {
        /// The quotation's id.
        pub(crate) id: QuotationId,
        /// What it is for.
        pub(crate) request_id: RequestId,
        /// Whose decision it is.
        pub(crate) customer_id: CustomerId,
        /// The user who is that customer.
        pub(crate) customer_user_id: UserId,
        /// Who quoted.
        pub(crate) coordinator_id: CoordinatorId,
        /// The user who is that coordinator.
        pub(crate) coordinator_user_id: UserId,
        /// 1 for the first one of a request.
        pub(crate) version: u32,
        /// Whether it is the one that counts.
        pub(crate) is_active: bool,
        /// The version before it.
        pub(crate) parent_quotation_id: Option<QuotationId>,
        /// Begun minutes of audio, or minutes of work, where they are what is paid for.
        pub(crate) audio_minutes: Option<u32>,
        /// How hard the piece is.
        pub(crate) complexity: Complexity,
        /// How long it will take.
        pub(crate) estimated_minutes: Option<u32>,
        /// Of one unit, in minor units.
        pub(crate) base_price: i64,
        /// What is multiplied with for complexity, in basis points.
        pub(crate) complexity_bp: u32,
        /// Added, in minor units.
        pub(crate) additional_fees: i64,
        /// Taken off, in basis points.
        pub(crate) discount_bp: u32,
        /// What the studio's own rules give, in minor units.
        pub(crate) computed_price: i64,
        /// The same with what plugins added and took off, in minor units.
        pub(crate) total_price: i64,
        /// What amounts are counted in.
        pub(crate) currency: Currency,
        /// The part that is paid first, in basis points.
        pub(crate) deposit_bp: u32,
        /// What is paid first, in minor units.
        pub(crate) deposit_amount: i64,
        /// What is paid last, in minor units.
        pub(crate) final_amount: i64,
        /// How urgent it is.
        pub(crate) priority: Priority,
        /// What is multiplied with for hurry, in basis points.
        pub(crate) rush_bp: u32,
        /// How far it is.
        pub(crate) status: QuotationStatus,
        /// How long the customer may think once it is sent, in days.
        pub(crate) valid_days: u32,
        /// When it expires; `null` until it is sent.
        pub(crate) valid_until: Option<Instant>,
        /// For the customer.
        pub(crate) notes: Option<String>,
        /// When it was sent.
        pub(crate) sent_at: Option<Instant>,
        /// When the customer decided, or the decision was taken from them.
        pub(crate) decided_at: Option<Instant>,
        /// When it was drafted.
        pub(crate) created_at: Instant,
        /// When it last changed.
        pub(crate) updated_at: Instant,
    }
}

pub(crate) fn quotation(db: &impl Reader, id: QuotationId) -> Result<Option<Quotation>, Error> {
    db.query_optional(&format!("SELECT {COLUMNS} FROM quotations WHERE id = $1"), params![id])
}

/// The quotation of a request that counts.
pub(crate) fn active_quotation(db: &impl Reader, request_id: RequestId) -> Result<Option<Quotation>, Error> {
    db.query_optional(
        &format!("SELECT {COLUMNS} FROM quotations WHERE request_id = $1 AND is_active"),
        params![request_id],
    )
}

row! {
    struct Version {
        version: Option<u32>,
    }
}

/// The latest version of a request's quotations; 0 when there is none.
pub(crate) fn latest_version(db: &impl Reader, request_id: RequestId) -> Result<u32, Error> {
    let latest: Version =
        db.query_one("SELECT MAX(version) AS version FROM quotations WHERE request_id = $1", params![request_id])?;
    Ok(latest.version.unwrap_or(0))
}

/// At most `rows_max` quotations of a request that are older than `before`, newest first; drafts only if `with_drafts`.
pub(crate) fn quotations(
    db: &impl Reader,
    request_id: RequestId,
    with_drafts: bool,
    before: Option<QuotationId>,
    rows_max: i64,
) -> Result<Vec<Quotation>, Error> {
    let (statement, parameters) = Filter::default()
        .with("request_id = ", Some(request_id))
        .when(!with_drafts, "sent_at IS NOT NULL")
        .with("id < ", before)
        .statement(&format!("SELECT {COLUMNS} FROM quotations"), "ORDER BY id DESC", rows_max);
    db.query(&statement, &parameters)
}

pub(crate) fn insert_quotation(tx: &Transaction<'_>, quotation: &Quotation) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO quotations (id, request_id, customer_id, customer_user_id, coordinator_id, coordinator_user_id,
            version, is_active, parent_quotation_id, audio_minutes, complexity, estimated_minutes, base_price,
            complexity_bp, additional_fees, discount_bp, computed_price, total_price, currency, deposit_bp,
            deposit_amount, final_amount, priority, rush_bp, status, valid_days, notes, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
            $23, $24, $25, $26, $27, $28, $28)",
        params![
            quotation.id,
            quotation.request_id,
            quotation.customer_id,
            quotation.customer_user_id,
            quotation.coordinator_id,
            quotation.coordinator_user_id,
            quotation.version,
            quotation.is_active,
            quotation.parent_quotation_id,
            quotation.audio_minutes,
            quotation.complexity,
            quotation.estimated_minutes,
            quotation.base_price,
            quotation.complexity_bp,
            quotation.additional_fees,
            quotation.discount_bp,
            quotation.computed_price,
            quotation.total_price,
            quotation.currency,
            quotation.deposit_bp,
            quotation.deposit_amount,
            quotation.final_amount,
            quotation.priority,
            quotation.rush_bp,
            quotation.status,
            quotation.valid_days,
            quotation.notes,
            quotation.created_at,
        ],
    )?;
    Ok(())
}

/// Writes the terms, amounts and notes of a draft. `false` when it is no draft any more.
pub(crate) fn update_draft(tx: &Transaction<'_>, quotation: &Quotation) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE quotations SET
            audio_minutes = $2, complexity = $3, estimated_minutes = $4, base_price = $5, complexity_bp = $6,
            additional_fees = $7, discount_bp = $8, computed_price = $9, total_price = $10, deposit_bp = $11,
            deposit_amount = $12, final_amount = $13, rush_bp = $14, valid_days = $15, notes = $16, updated_at = $17
         WHERE id = $1 AND status = $18",
        params![
            quotation.id,
            quotation.audio_minutes,
            quotation.complexity,
            quotation.estimated_minutes,
            quotation.base_price,
            quotation.complexity_bp,
            quotation.additional_fees,
            quotation.discount_bp,
            quotation.computed_price,
            quotation.total_price,
            quotation.deposit_bp,
            quotation.deposit_amount,
            quotation.final_amount,
            quotation.rush_bp,
            quotation.valid_days,
            quotation.notes,
            quotation.updated_at,
            QuotationStatus::Draft,
        ],
    )?;
    Ok(changed == 1)
}

/// `false` when it is no draft any more.
pub(crate) fn send_quotation(
    tx: &Transaction<'_>,
    id: QuotationId,
    valid_until: Instant,
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE quotations SET status = $3, valid_until = $4, sent_at = $5, updated_at = $5
         WHERE id = $1 AND status = $2",
        params![id, QuotationStatus::Draft, QuotationStatus::Sent, valid_until, now],
    )?;
    Ok(changed == 1)
}

/// Ends a quotation; only an approved one goes on counting. `false` when it is not in the status `from`.
pub(crate) fn decide_quotation(
    tx: &Transaction<'_>,
    id: QuotationId,
    (from, to): (QuotationStatus, QuotationStatus),
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE quotations SET status = $3, is_active = $4, decided_at = $5, updated_at = $5
         WHERE id = $1 AND status = $2",
        params![id, from, to, to == QuotationStatus::Approved, now],
    )?;
    Ok(changed == 1)
}

/// At most `rows_max` sent quotations that expired before `now`, oldest first.
pub(crate) fn expired_quotations(db: &impl Reader, now: Instant, rows_max: i64) -> Result<Vec<Quotation>, Error> {
    db.query(
        &format!(
            "SELECT {COLUMNS} FROM quotations WHERE status = $1 AND valid_until < $2 ORDER BY valid_until LIMIT $3"
        ),
        params![QuotationStatus::Sent, now, rows_max],
    )
}
