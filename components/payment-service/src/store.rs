//! All SQL over `payments`.

mod changes;

pub(crate) use changes::*;

use crate::domain::payment::{Method, PaymentStatus};
use crate::domain::{MilestoneId, PaymentId, QuotationId, RequestId};
use mutrapro_sdk::identity::UserId;
use mutrapro_sdk::money::Currency;
use mutrapro_sdk::sql::{Error, Filter, Reader, params, row};
use mutrapro_sdk::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

/// A milestone is paid once.
pub(crate) const ONE_PAYMENT: &str = "payments_milestone_id_key";
/// A key of a payer is one payment.
pub(crate) const ONE_KEY: &str = "payments_payer_id_idempotency_key_key";

const COLUMNS: &str = "id, milestone_id, milestone_type, milestone_name, quotation_id, request_id, payer_id, \
                       coordinator_user_id, amount, currency, method, status, idempotency_key, gateway, \
                       gateway_token, gateway_transaction_id, failure_reason, ip_address, user_agent, completed_at, \
                       refunded_at, refund_of, refund_reason, refund_by, created_at, updated_at";

row! {
    /// Money that a customer pays, or with `refund_of` money that goes back.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
    pub(crate) struct Payment {
        /// The payment's id.
        pub(crate) id: PaymentId,
        /// What is paid.
        pub(crate) milestone_id: MilestoneId,
        /// For example `deposit`.
        pub(crate) milestone_type: String,
        /// For people.
        pub(crate) milestone_name: String,
        /// The quotation that the milestone belongs to.
        pub(crate) quotation_id: QuotationId,
        /// The request that it belongs to.
        pub(crate) request_id: RequestId,
        /// The user who pays, or who is given back.
        pub(crate) payer_id: UserId,
        #[serde(skip)]
        pub(crate) coordinator_user_id: UserId,
        /// In minor units.
        pub(crate) amount: i64,
        /// What the amount is counted in.
        pub(crate) currency: Currency,
        /// How the customer pays.
        pub(crate) method: Method,
        /// How far it is.
        pub(crate) status: PaymentStatus,
        #[serde(skip)]
        pub(crate) idempotency_key: Option<String>,
        /// Which gateway carries it.
        pub(crate) gateway: String,
        #[serde(skip)]
        pub(crate) gateway_token: String,
        /// The gateway's id of it; `null` until it has answered.
        pub(crate) gateway_transaction_id: Option<String>,
        /// Why it failed, for example `card_declined`.
        pub(crate) failure_reason: Option<String>,
        #[serde(skip)]
        pub(crate) ip_address: Option<String>,
        #[serde(skip)]
        pub(crate) user_agent: Option<String>,
        /// When the money was there, or back.
        pub(crate) completed_at: Option<Instant>,
        /// When the money of this payment went back.
        pub(crate) refunded_at: Option<Instant>,
        /// The payment that this one gives back; `null` for a payment.
        pub(crate) refund_of: Option<PaymentId>,
        /// Why this refund is made, in the words of who did it.
        pub(crate) refund_reason: Option<String>,
        #[serde(skip)]
        pub(crate) refund_by: Option<UserId>,
        /// When it was asked for.
        pub(crate) created_at: Instant,
        /// When it last changed.
        pub(crate) updated_at: Instant,
    }
}

/// Whose payments are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Everyone's.
    All,
    /// Those of this user.
    Payer(UserId),
    /// Those of this user, and those for requests that this user sees through.
    Coordinator(UserId),
}

/// Which payments to list: all conditions hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PaymentFilter {
    pub(crate) scope: Scope,
    pub(crate) status: Option<PaymentStatus>,
    pub(crate) milestone_id: Option<MilestoneId>,
}

pub(crate) fn payment(db: &impl Reader, id: PaymentId) -> Result<Option<Payment>, Error> {
    db.query_optional(&format!("SELECT {COLUMNS} FROM payments WHERE id = $1"), params![id])
}

/// What a payer made under a key.
pub(crate) fn payment_by_key(db: &impl Reader, payer_id: UserId, key: &str) -> Result<Option<Payment>, Error> {
    let statement = format!("SELECT {COLUMNS} FROM payments WHERE payer_id = $1 AND idempotency_key = $2");
    db.query_optional(&statement, params![payer_id, key])
}

/// At most `rows_max` payments and refunds that are older than `before`, newest first.
pub(crate) fn payments(
    db: &impl Reader,
    filter: PaymentFilter,
    before: Option<PaymentId>,
    rows_max: i64,
) -> Result<Vec<Payment>, Error> {
    let scoped = match filter.scope {
        Scope::All => Filter::default(),
        Scope::Payer(user) => Filter::default().with("payer_id = ", Some(user)),
        Scope::Coordinator(user) => Filter::default().any(&["coordinator_user_id", "payer_id"], Some(user)),
    };
    let (statement, parameters) = scoped
        .with("status = ", filter.status)
        .with("milestone_id = ", filter.milestone_id)
        .with("id < ", before)
        .statement(&format!("SELECT {COLUMNS} FROM payments"), "ORDER BY id DESC", rows_max);
    db.query(&statement, &parameters)
}

/// The payment of a milestone whose money is there or may still come, if there is one.
pub(crate) fn live_payment_of_milestone(db: &impl Reader, id: MilestoneId) -> Result<Option<Payment>, Error> {
    let statement =
        format!("SELECT {COLUMNS} FROM payments WHERE milestone_id = $1 AND refund_of IS NULL AND status IN ($2, $3)");
    db.query_optional(&statement, params![id, PaymentStatus::Processing, PaymentStatus::Completed])
}

/// The payments of a quotation whose money is there or may still come: at most one a milestone.
pub(crate) fn live_payments_of_quotation(db: &impl Reader, id: QuotationId) -> Result<Vec<Payment>, Error> {
    let statement = format!(
        "SELECT {COLUMNS} FROM payments WHERE quotation_id = $1 AND refund_of IS NULL AND status IN ($2, $3)
         ORDER BY id"
    );
    db.query(&statement, params![id, PaymentStatus::Processing, PaymentStatus::Completed])
}

/// At most `rows_max` payments that are on their way and did not change since `before`, the one that waits longest
/// first.
pub(crate) fn stuck_payments(db: &impl Reader, before: Instant, rows_max: i64) -> Result<Vec<Payment>, Error> {
    let statement = format!(
        "SELECT {COLUMNS} FROM payments WHERE status = $1 AND updated_at < $2 AND refund_of IS NULL
         ORDER BY updated_at LIMIT $3"
    );
    db.query(&statement, params![PaymentStatus::Processing, before, rows_max])
}

/// At most `rows_max` refunds that are on their way and did not change since `before`, the one that waits longest
/// first.
pub(crate) fn stuck_refunds(db: &impl Reader, before: Instant, rows_max: i64) -> Result<Vec<Payment>, Error> {
    let statement = format!(
        "SELECT {COLUMNS} FROM payments WHERE status = $1 AND updated_at < $2 AND refund_of IS NOT NULL
         ORDER BY updated_at LIMIT $3"
    );
    db.query(&statement, params![PaymentStatus::Processing, before, rows_max])
}

/// At most `rows_max` refunds that wait for their turn and whose payment has come in, the one that waits longest first.
pub(crate) fn waiting_refunds(db: &impl Reader, rows_max: i64) -> Result<Vec<Payment>, Error> {
    let statement = format!(
        "SELECT {COLUMNS} FROM payments
         WHERE status = $1
            AND EXISTS (SELECT 1 FROM payments AS original
                WHERE original.id = payments.refund_of AND original.status = $2)
         ORDER BY updated_at LIMIT $3"
    );
    db.query(&statement, params![PaymentStatus::Pending, PaymentStatus::Completed, rows_max])
}
