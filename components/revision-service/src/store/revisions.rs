//! The table `revision_requests`.

use super::scoped;
use crate::domain::project::Scope;
use crate::domain::revision::{RevisionStatus, RevisionType};
use crate::domain::{CoordinatorId, CustomerId, FileId, PackageId, ProjectId, QuotationId, RequestId, RevisionId};
use mutrapro_sdk::identity::UserId;
use mutrapro_sdk::money::Currency;
use mutrapro_sdk::sql::{Error, Reader, Transaction, params, row};
use mutrapro_sdk::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

/// Two revisions of a project that were not rejected have different numbers.
pub(crate) const ONE_OF_A_NUMBER: &str = "revision_requests_project_id_revision_number_key";
/// A user's key stands for one revision.
pub(crate) const ONE_OF_A_KEY: &str = "revision_requests_requested_by_idempotency_key_key";

const COLUMNS: &str = "id, project_id, request_id, quotation_id, project_name, customer_id, customer_user_id, \
                       coordinator_id, coordinator_user_id, file_id, package_id, requested_by, revision_number, \
                       type AS revision_type, description, is_free, fee, currency, status, reason, decided_at, \
                       completed_at, idempotency_key, created_at, updated_at";

row! {
    /// Something that a customer wants changed.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
    pub(crate) struct Revision {
        /// The revision's id.
        pub(crate) id: RevisionId,
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
        /// The file that is to be changed.
        pub(crate) file_id: Option<FileId>,
        /// The package that is to be changed.
        pub(crate) package_id: Option<PackageId>,
        /// The user who asked.
        pub(crate) requested_by: UserId,
        /// 1 for the first one of a project.
        pub(crate) revision_number: u32,
        /// What is to be changed.
        #[serde(rename = "type")]
        pub(crate) revision_type: RevisionType,
        /// In the customer's words.
        pub(crate) description: String,
        /// Whether it costs nothing.
        pub(crate) is_free: bool,
        /// In minor units; 0 for a free one.
        pub(crate) fee: i64,
        /// What the fee is counted in.
        pub(crate) currency: Currency,
        /// How far it is.
        pub(crate) status: RevisionStatus,
        /// Why it was rejected.
        pub(crate) reason: Option<String>,
        /// When it was approved or rejected.
        pub(crate) decided_at: Option<Instant>,
        /// When it was done.
        pub(crate) completed_at: Option<Instant>,
        /// By which a repetition is known.
        #[serde(skip)]
        pub(crate) idempotency_key: Option<String>,
        /// When it was asked for.
        pub(crate) created_at: Instant,
        /// When it last changed.
        pub(crate) updated_at: Instant,
    }
}

row! {
    /// A revision that counts among those of its project.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) struct Counted {
        pub(crate) revision_number: u32,
        pub(crate) status: RevisionStatus,
    }
}

/// Which revisions to list: all conditions hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RevisionFilter {
    pub(crate) scope: Scope,
    pub(crate) project: Option<ProjectId>,
    pub(crate) status: Option<RevisionStatus>,
}

/// The constraint [`ONE_OF_A_NUMBER`] refuses a number that is taken, [`ONE_OF_A_KEY`] a key that was used.
pub(crate) fn insert_revision(tx: &Transaction<'_>, revision: &Revision) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO revision_requests (id, project_id, request_id, quotation_id, project_name, customer_id,
            customer_user_id, coordinator_id, coordinator_user_id, file_id, package_id, requested_by, revision_number,
            type, description, is_free, fee, currency, status, idempotency_key, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $21)",
        params![
            revision.id,
            revision.project_id,
            revision.request_id,
            revision.quotation_id,
            revision.project_name,
            revision.customer_id,
            revision.customer_user_id,
            revision.coordinator_id,
            revision.coordinator_user_id,
            revision.file_id,
            revision.package_id,
            revision.requested_by,
            revision.revision_number,
            revision.revision_type,
            revision.description,
            revision.is_free,
            revision.fee,
            revision.currency,
            revision.status,
            revision.idempotency_key,
            revision.created_at,
        ],
    )?;
    Ok(())
}

pub(crate) fn revision(db: &impl Reader, id: RevisionId) -> Result<Option<Revision>, Error> {
    db.query_optional(&format!("SELECT {COLUMNS} FROM revision_requests WHERE id = $1"), params![id])
}

/// The revision that `user` asked for under `key`.
pub(crate) fn revision_of_key(db: &impl Reader, user: UserId, key: &str) -> Result<Option<Revision>, Error> {
    let statement = format!("SELECT {COLUMNS} FROM revision_requests WHERE requested_by = $1 AND idempotency_key = $2");
    db.query_optional(&statement, params![user, key])
}

/// Every revision of a project that was not rejected, the first one first.
pub(crate) fn counted_revisions(db: &impl Reader, project_id: ProjectId) -> Result<Vec<Counted>, Error> {
    db.query(
        "SELECT revision_number, status FROM revision_requests WHERE project_id = $1 AND status <> $2
         ORDER BY revision_number",
        params![project_id, RevisionStatus::Rejected],
    )
}

/// Every revision of a project that is still to be decided on or to be done, the first one first.
pub(crate) fn unfinished_revisions(db: &impl Reader, project_id: ProjectId) -> Result<Vec<Revision>, Error> {
    let [pending, approved, in_progress] = RevisionStatus::UNFINISHED;
    db.query(
        &format!(
            "SELECT {COLUMNS} FROM revision_requests WHERE project_id = $1 AND status IN ($2, $3, $4)
             ORDER BY revision_number"
        ),
        params![project_id, pending, approved, in_progress],
    )
}

/// At most `rows_max` revisions that are older than `before`, newest first.
pub(crate) fn revisions(
    db: &impl Reader,
    filter: RevisionFilter,
    before: Option<RevisionId>,
    rows_max: i64,
) -> Result<Vec<Revision>, Error> {
    let (statement, parameters) = scoped(filter.scope)
        .with("project_id = ", filter.project)
        .with("status = ", filter.status)
        .with("id < ", before)
        .statement(&format!("SELECT {COLUMNS} FROM revision_requests"), "ORDER BY id DESC", rows_max);
    db.query(&statement, &parameters)
}

/// Approves a revision. `false` when it is not pending.
pub(crate) fn approve_revision(tx: &Transaction<'_>, id: RevisionId, now: Instant) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE revision_requests SET status = $3, decided_at = $4, updated_at = $4 WHERE id = $1 AND status = $2",
        params![id, RevisionStatus::Pending, RevisionStatus::Approved, now],
    )?;
    Ok(changed == 1)
}

/// Rejects a revision. `false` when it is not in the status `from`.
pub(crate) fn reject_revision(
    tx: &Transaction<'_>,
    id: RevisionId,
    from: RevisionStatus,
    reason: Option<&str>,
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE revision_requests SET status = $3, reason = $4, decided_at = $5, updated_at = $5
         WHERE id = $1 AND status = $2",
        params![id, from, RevisionStatus::Rejected, reason, now],
    )?;
    Ok(changed == 1)
}

/// Begins with a revision. `false` when it is not approved.
pub(crate) fn start_revision(tx: &Transaction<'_>, id: RevisionId, now: Instant) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE revision_requests SET status = $3, updated_at = $4 WHERE id = $1 AND status = $2",
        params![id, RevisionStatus::Approved, RevisionStatus::InProgress, now],
    )?;
    Ok(changed == 1)
}

/// Ends a revision that is done. `false` when it is not in progress.
pub(crate) fn complete_revision(tx: &Transaction<'_>, id: RevisionId, now: Instant) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE revision_requests SET status = $3, completed_at = $4, updated_at = $4 WHERE id = $1 AND status = $2",
        params![id, RevisionStatus::InProgress, RevisionStatus::Completed, now],
    )?;
    Ok(changed == 1)
}
