//! The table `deliverable_packages`.

use super::scoped_delivered;
use crate::domain::package::{DeliveryType, PackageStatus};
use crate::domain::project::Scope;
use crate::domain::{CoordinatorId, CustomerId, PackageId, ProjectId, QuotationId, RequestId};
use mutrapro_sdk::identity::UserId;
use mutrapro_sdk::sql::{Error, Reader, Transaction, params, row};
use mutrapro_sdk::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

/// A project has one final package that was approved.
pub(crate) const ONE_APPROVED_FINAL: &str = "deliverable_packages_project_id_key";

const COLUMNS: &str = "id, project_id, request_id, quotation_id, project_name, customer_id, customer_user_id, \
                       coordinator_id, coordinator_user_id, name, description, delivery_type, status, prepared_by, \
                       prepared_at, delivered_at, decided_at, customer_notes, created_at, updated_at";

row! {
    /// What a coordinator hands to the customer of a project.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
    pub(crate) struct Package {
        /// The package's id.
        pub(crate) id: PackageId,
        /// The project that it belongs to.
        pub(crate) project_id: ProjectId,
        /// The request that it came from.
        pub(crate) request_id: RequestId,
        /// The quotation that was approved.
        pub(crate) quotation_id: QuotationId,
        /// What the project is called.
        pub(crate) project_name: String,
        /// Whose project it is.
        pub(crate) customer_id: CustomerId,
        /// The user who is that customer.
        pub(crate) customer_user_id: UserId,
        /// Who sees it through.
        pub(crate) coordinator_id: CoordinatorId,
        /// The user who is that coordinator.
        pub(crate) coordinator_user_id: UserId,
        /// What it is called.
        pub(crate) name: String,
        /// For the customer.
        pub(crate) description: Option<String>,
        /// What it is delivered for.
        pub(crate) delivery_type: DeliveryType,
        /// How far it is.
        pub(crate) status: PackageStatus,
        /// The user who began it.
        pub(crate) prepared_by: UserId,
        /// When it was complete.
        pub(crate) prepared_at: Option<Instant>,
        /// When the customer got it.
        pub(crate) delivered_at: Option<Instant>,
        /// When the customer decided.
        pub(crate) decided_at: Option<Instant>,
        /// Why the customer did not take it.
        pub(crate) customer_notes: Option<String>,
        /// When it was begun.
        pub(crate) created_at: Instant,
        /// When it last changed.
        pub(crate) updated_at: Instant,
    }
}

/// Which packages to list: all conditions hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PackageFilter {
    pub(crate) scope: Scope,
    pub(crate) project: Option<ProjectId>,
    pub(crate) status: Option<PackageStatus>,
    pub(crate) delivery_type: Option<DeliveryType>,
}

pub(crate) fn insert_package(tx: &Transaction<'_>, package: &Package) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO deliverable_packages (id, project_id, request_id, quotation_id, project_name, customer_id,
            customer_user_id, coordinator_id, coordinator_user_id, name, description, delivery_type, status,
            prepared_by, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15)",
        params![
            package.id,
            package.project_id,
            package.request_id,
            package.quotation_id,
            package.project_name,
            package.customer_id,
            package.customer_user_id,
            package.coordinator_id,
            package.coordinator_user_id,
            package.name,
            package.description,
            package.delivery_type,
            package.status,
            package.prepared_by,
            package.created_at,
        ],
    )?;
    Ok(())
}

pub(crate) fn package(db: &impl Reader, id: PackageId) -> Result<Option<Package>, Error> {
    db.query_optional(&format!("SELECT {COLUMNS} FROM deliverable_packages WHERE id = $1"), params![id])
}

/// At most `rows_max` packages that are older than `before`, newest first.
pub(crate) fn packages(
    db: &impl Reader,
    filter: PackageFilter,
    before: Option<PackageId>,
    rows_max: i64,
) -> Result<Vec<Package>, Error> {
    let (statement, parameters) = scoped_delivered(filter.scope)
        .with("project_id = ", filter.project)
        .with("status = ", filter.status)
        .with("delivery_type = ", filter.delivery_type)
        .with("id < ", before)
        .statement(&format!("SELECT {COLUMNS} FROM deliverable_packages"), "ORDER BY id DESC", rows_max);
    db.query(&statement, &parameters)
}

/// Whether a final package of a project was approved.
pub(crate) fn has_approved_final(db: &impl Reader, project_id: ProjectId) -> Result<bool, Error> {
    let rows = db.rows(
        "SELECT id FROM deliverable_packages WHERE project_id = $1 AND status = 'approved' AND delivery_type = 'final'",
        params![project_id],
    )?;
    Ok(!rows.is_empty())
}

row! {
    struct Latest {
        id: PackageId,
    }
}

/// The package of a project that was delivered last and not rejected.
pub(crate) fn latest_delivered(db: &impl Reader, project_id: ProjectId) -> Result<Option<PackageId>, Error> {
    let latest: Option<Latest> = db.query_optional(
        "SELECT id FROM deliverable_packages WHERE project_id = $1 AND status IN ($2, $3)
         ORDER BY delivered_at DESC, id DESC LIMIT 1",
        params![project_id, PackageStatus::Delivered, PackageStatus::Approved],
    )?;
    Ok(latest.map(|latest| latest.id))
}

/// Keeps the files of a package for this transaction. `false` when it is not being prepared.
pub(crate) fn hold_package(tx: &Transaction<'_>, id: PackageId, now: Instant) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE deliverable_packages SET updated_at = $3 WHERE id = $1 AND status = $2",
        params![id, PackageStatus::Preparing, now],
    )?;
    Ok(changed == 1)
}

/// Keeps the final packages of a project that are not decided on as they are, until this transaction ends.
pub(crate) fn hold_final_packages(tx: &Transaction<'_>, project_id: ProjectId) -> Result<(), Error> {
    tx.execute(
        "UPDATE deliverable_packages SET updated_at = updated_at
         WHERE project_id = $1 AND delivery_type = $2 AND decided_at IS NULL",
        params![project_id, DeliveryType::Final],
    )?;
    Ok(())
}

/// `false` when the package is not being prepared.
pub(crate) fn mark_ready(tx: &Transaction<'_>, id: PackageId, now: Instant) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE deliverable_packages SET status = $3, prepared_at = $4, updated_at = $4 WHERE id = $1 AND status = $2",
        params![id, PackageStatus::Preparing, PackageStatus::Ready, now],
    )?;
    Ok(changed == 1)
}

/// `false` when the package is not ready.
pub(crate) fn mark_delivered(tx: &Transaction<'_>, id: PackageId, now: Instant) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE deliverable_packages SET status = $3, delivered_at = $4, updated_at = $4
         WHERE id = $1 AND status = $2",
        params![id, PackageStatus::Ready, PackageStatus::Delivered, now],
    )?;
    Ok(changed == 1)
}

/// Writes what a customer decided. `false` when the package is not delivered, or decided on already.
///
/// The constraint [`ONE_APPROVED_FINAL`] refuses a second final package.
pub(crate) fn decide_package(
    tx: &Transaction<'_>,
    id: PackageId,
    to: PackageStatus,
    notes: Option<&str>,
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE deliverable_packages SET status = $3, customer_notes = $4, decided_at = $5, updated_at = $5
         WHERE id = $1 AND status = $2",
        params![id, PackageStatus::Delivered, to, notes, now],
    )?;
    Ok(changed == 1)
}
