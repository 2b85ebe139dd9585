//! All SQL over `projects`.

use crate::domain::facts::Facts;
use crate::domain::project::ProjectStatus;
use crate::domain::{CoordinatorId, CustomerId, ProjectId, QuotationId, RequestId};
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::identity::UserId;
use mutrapro_sdk::json::Patch;
use mutrapro_sdk::money::Currency;
use mutrapro_sdk::sql::{Error, Filter, Reader, Transaction, params, row};
use mutrapro_sdk::time::Instant;
use std::fmt;

const COLUMNS: &str = "id, request_id, quotation_id, customer_id, customer_user_id, coordinator_id, \
                       coordinator_user_id, name, status, started_at, ended_at, progress_percent, \
                       free_revisions_included, used_revisions, revision_fee, currency, notes, facts, created_at, \
                       updated_at";

row! {
    /// A project, with what only this service knows of it.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub(crate) struct Project {
        pub(crate) id: ProjectId,
        pub(crate) request_id: RequestId,
        pub(crate) quotation_id: QuotationId,
        pub(crate) customer_id: CustomerId,
        pub(crate) customer_user_id: UserId,
        pub(crate) coordinator_id: CoordinatorId,
        pub(crate) coordinator_user_id: UserId,
        pub(crate) name: String,
        pub(crate) status: ProjectStatus,
        pub(crate) started_at: Option<Instant>,
        pub(crate) ended_at: Option<Instant>,
        pub(crate) progress_percent: u8,
        pub(crate) free_revisions_included: u32,
        pub(crate) used_revisions: u32,
        pub(crate) revision_fee: i64,
        pub(crate) currency: Currency,
        pub(crate) notes: Option<String>,
        pub(crate) facts: Facts,
        pub(crate) created_at: Instant,
        pub(crate) updated_at: Instant,
    }
}

/// By what a project is named: each names one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    /// Its own id.
    Project(ProjectId),
    /// The request that it came from.
    Request(RequestId),
    /// The quotation that was approved.
    Quotation(QuotationId),
}

/// What a PATCH may change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ProjectChange {
    pub(crate) name: Option<String>,
    pub(crate) notes: Patch<String>,
    pub(crate) revision_fee: Option<i64>,
    pub(crate) free_revisions_included: Option<u32>,
}

/// Whose projects are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Everyone's.
    All,
    /// Those of this user as a customer.
    Customer(UserId),
    /// Those that this user sees through.
    Coordinator(UserId),
    /// Those of this user as either.
    Both(UserId),
}

/// Which projects to list: all conditions hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ProjectFilter {
    pub(crate) scope: Scope,
    pub(crate) status: Option<ProjectStatus>,
    /// The customer's profile or user.
    pub(crate) customer: Option<Uuid>,
    /// The coordinator's profile or user.
    pub(crate) coordinator: Option<Uuid>,
}

/// Writes a new project. `false` when its request became one before.
pub(crate) fn insert_project(tx: &Transaction<'_>, project: &Project) -> Result<bool, Error> {
    let inserted = tx.execute(
        "INSERT INTO projects (id, request_id, quotation_id, customer_id, customer_user_id, coordinator_id,
            coordinator_user_id, name, status, progress_percent, free_revisions_included, used_revisions, revision_fee,
            currency, facts, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
         ON CONFLICT (request_id) DO NOTHING",
        params![
            project.id,
            project.request_id,
            project.quotation_id,
            project.customer_id,
            project.customer_user_id,
            project.coordinator_id,
            project.coordinator_user_id,
            project.name,
            project.status,
            project.progress_percent,
            project.free_revisions_included,
            project.used_revisions,
            project.revision_fee,
            project.currency,
            project.facts,
            project.created_at,
            project.updated_at,
        ],
    )?;
    Ok(inserted == 1)
}

pub(crate) fn project(db: &impl Reader, key: Key) -> Result<Option<Project>, Error> {
    let (column, value) = key.column_and_value();
    db.query_optional(&format!("SELECT {COLUMNS} FROM projects WHERE {column} = $1"), params![value])
}

/// The project as it is now and stays until the transaction ends: whoever else holds it waits here.
pub(crate) fn hold_project(tx: &Transaction<'_>, key: Key) -> Result<Option<Project>, Error> {
    let (column, value) = key.column_and_value();
    // An update that changes nothing takes the lock of the row, and gives the row that it waited for.
    let statement = format!("UPDATE projects SET updated_at = updated_at WHERE {column} = $1 RETURNING {COLUMNS}");
    tx.query_optional(&statement, params![value])
}

/// At most `rows_max` projects that are older than `before`, newest first.
pub(crate) fn projects(
    db: &impl Reader,
    filter: ProjectFilter,
    before: Option<ProjectId>,
    rows_max: i64,
) -> Result<Vec<Project>, Error> {
    let (statement, parameters) = scoped(filter.scope)
        .with("status = ", filter.status)
        .any(&["customer_id", "customer_user_id"], filter.customer)
        .any(&["coordinator_id", "coordinator_user_id"], filter.coordinator)
        .with("id < ", before)
        .statement(&format!("SELECT {COLUMNS} FROM projects"), "ORDER BY id DESC", rows_max);
    db.query(&statement, &parameters)
}

fn scoped(scope: Scope) -> Filter {
    match scope {
        Scope::All => Filter::default(),
        Scope::Customer(user) => Filter::default().with("customer_user_id = ", Some(user)),
        Scope::Coordinator(user) => Filter::default().with("coordinator_user_id = ", Some(user)),
        Scope::Both(user) => Filter::default().any(&["customer_user_id", "coordinator_user_id"], Some(user)),
    }
}

/// Changes the fields that are given. `false` when the project has ended.
pub(crate) fn update_project(
    tx: &Transaction<'_>,
    id: ProjectId,
    change: &ProjectChange,
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE projects SET
            name = COALESCE($2, name), notes = CASE WHEN $3 THEN $4 ELSE notes END,
            revision_fee = COALESCE($5, revision_fee),
            free_revisions_included = COALESCE($6, free_revisions_included), updated_at = $7
         WHERE id = $1 AND status NOT IN ($8, $9)",
        params![
            id,
            change.name,
            change.notes.is_given(),
            change.notes.value(),
            change.revision_fee,
            change.free_revisions_included,
            now,
            ProjectStatus::Completed,
            ProjectStatus::Cancelled,
        ],
    )?;
    Ok(changed == 1)
}

/// Writes what was told of a project, which this transaction holds, and what is counted from it.
pub(crate) fn write_facts(tx: &Transaction<'_>, project: &Project) -> Result<(), Error> {
    tx.execute(
        "UPDATE projects SET facts = $2, used_revisions = $3, progress_percent = $4, updated_at = $5 WHERE id = $1",
        params![project.id, project.facts, project.used_revisions, project.progress_percent, project.updated_at],
    )?;
    Ok(())
}

/// Moves a project on from the status `from` to what `project` is now. `false` when it is not in that status.
pub(crate) fn move_project(tx: &Transaction<'_>, from: ProjectStatus, project: &Project) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE projects SET status = $3, started_at = $4, ended_at = $5, progress_percent = $6, updated_at = $7
         WHERE id = $1 AND status = $2",
        params![
            project.id,
            from,
            project.status,
            project.started_at,
            project.ended_at,
            project.progress_percent,
            project.updated_at,
        ],
    )?;
    Ok(changed == 1)
}

impl Key {
    const fn column_and_value(self) -> (&'static str, Uuid) {
        match self {
            Self::Project(id) => ("id", id.uuid()),
            Self::Request(id) => ("request_id", id.uuid()),
            Self::Quotation(id) => ("quotation_id", id.uuid()),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (column, value) = self.column_and_value();
        write!(f, "{column} {value}")
    }
}
