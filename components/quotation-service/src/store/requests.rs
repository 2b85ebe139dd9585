//! The table `service_requests`.

use crate::domain::pricing::ServiceType;
use crate::domain::request::{Priority, RequestStatus};
use crate::domain::{CoordinatorId, CustomerId, RequestId};
use mutrapro_sdk::identity::UserId;
use mutrapro_sdk::json::Patch;
use mutrapro_sdk::money::Currency;
use mutrapro_sdk::sql::{Error, Filter, Reader, Transaction, params, row};
use mutrapro_sdk::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

const COLUMNS: &str = "id, customer_id, customer_user_id, coordinator_id, coordinator_user_id, request_type, title, \
                       description, priority, status, budget, currency, deadline, created_at, updated_at";

row! {
    /// A request.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
    pub(crate) struct Request {
        /// The request's id.
        pub(crate) id: RequestId,
        /// Whose it is.
        pub(crate) customer_id: CustomerId,
        /// The user who is that customer.
        pub(crate) customer_user_id: UserId,
        /// Who sees it through; `null` until a coordinator claims it.
        pub(crate) coordinator_id: Option<CoordinatorId>,
        /// The user who is that coordinator.
        pub(crate) coordinator_user_id: Option<UserId>,
        /// What is asked for.
        pub(crate) request_type: ServiceType,
        /// What the customer calls it.
        pub(crate) title: String,
        /// What the customer wants.
        pub(crate) description: String,
        /// How urgent it is.
        pub(crate) priority: Priority,
        /// How far it is.
        pub(crate) status: RequestStatus,
        /// What the customer would like to spend, in minor units.
        pub(crate) budget: Option<i64>,
        /// What amounts are counted in.
        pub(crate) currency: Currency,
        /// When it should be done.
        pub(crate) deadline: Option<Instant>,
        /// When it was filed.
        pub(crate) created_at: Instant,
        /// When it last changed.
        pub(crate) updated_at: Instant,
    }
}

/// What a PATCH may change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct RequestChange {
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) priority: Option<Priority>,
    pub(crate) budget: Patch<i64>,
    pub(crate) deadline: Patch<Instant>,
}

/// Whose requests are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Everyone's.
    All,
    /// Those of this user as a customer.
    Customer(UserId),
    /// Those that this user holds, and those that nobody does.
    Coordinator(UserId),
}

/// Which requests to list: all conditions hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestFilter {
    pub(crate) scope: Scope,
    pub(crate) status: Option<RequestStatus>,
    pub(crate) request_type: Option<ServiceType>,
    pub(crate) is_unclaimed: bool,
}

pub(crate) fn insert_request(tx: &Transaction<'_>, request: &Request) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO service_requests (id, customer_id, customer_user_id, request_type, title, description, priority,
            status, budget, currency, deadline, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        params![
            request.id,
            request.customer_id,
            request.customer_user_id,
            request.request_type,
            request.title,
            request.description,
            request.priority,
            request.status,
            request.budget,
            request.currency,
            request.deadline,
            request.created_at,
            request.updated_at,
        ],
    )?;
    Ok(())
}

pub(crate) fn request(db: &impl Reader, id: RequestId) -> Result<Option<Request>, Error> {
    db.query_optional(&format!("SELECT {COLUMNS} FROM service_requests WHERE id = $1"), params![id])
}

/// At most `rows_max` requests that are older than `before`, newest first.
pub(crate) fn requests(
    db: &impl Reader,
    filter: RequestFilter,
    before: Option<RequestId>,
    rows_max: i64,
) -> Result<Vec<Request>, Error> {
    let scoped = match filter.scope {
        Scope::All => Filter::default(),
        Scope::Customer(user) => Filter::default().with("customer_user_id = ", Some(user)),
        Scope::Coordinator(user) => {
            Filter::default().with("(coordinator_user_id IS NULL OR coordinator_user_id = ?)", Some(user))
        }
    };
    let (statement, parameters) = scoped
        .with("status = ", filter.status)
        .with("request_type = ", filter.request_type)
        .when(filter.is_unclaimed, "coordinator_id IS NULL")
        .with("id < ", before)
        .statement(&format!("SELECT {COLUMNS} FROM service_requests"), "ORDER BY id DESC", rows_max);
    db.query(&statement, &parameters)
}

/// Changes the fields that are given, as long as nobody has quoted it. `false` when it is not pending.
pub(crate) fn update_request(
    tx: &Transaction<'_>,
    id: RequestId,
    change: &RequestChange,
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE service_requests SET
            title = COALESCE($2, title), description = COALESCE($3, description), priority = COALESCE($4, priority),
            budget = CASE WHEN $5 THEN $6 ELSE budget END, deadline = CASE WHEN $7 THEN $8 ELSE deadline END,
            updated_at = $9
         WHERE id = $1 AND status = $10",
        params![
            id,
            change.title,
            change.description,
            change.priority,
            change.budget.is_given(),
            change.budget.value(),
            change.deadline.is_given(),
            change.deadline.value(),
            now,
            RequestStatus::Pending,
        ],
    )?;
    Ok(changed == 1)
}

/// Gives a pending request to a coordinator. `false` when someone holds it, or it is not pending.
pub(crate) fn claim_request(
    tx: &Transaction<'_>,
    id: RequestId,
    coordinator: (CoordinatorId, UserId),
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE service_requests SET coordinator_id = $2, coordinator_user_id = $3, updated_at = $4
         WHERE id = $1 AND coordinator_id IS NULL AND status = $5",
        params![id, coordinator.0, coordinator.1, now, RequestStatus::Pending],
    )?;
    Ok(changed == 1)
}

/// `false` when the request is not in the status `from`.
pub(crate) fn move_request(
    tx: &Transaction<'_>,
    id: RequestId,
    (from, to): (RequestStatus, RequestStatus),
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE service_requests SET status = $3, updated_at = $4 WHERE id = $1 AND status = $2",
        params![id, from, to, now],
    )?;
    Ok(changed == 1)
}
