//! Making tasks, and finding them.

use crate::domain::rights::Scope;
use crate::domain::task::{Priority, TaskStatus, TaskType};
use crate::domain::{AssignmentId, ProjectId, RequestId, RevisionId, SpecialistId};
use mutrapro_sdk::identity::UserId;
use mutrapro_sdk::json::Patch;
use mutrapro_sdk::sql::{Error, Filter, Reader, Row, ToValue, Transaction, Value, params, row};
use mutrapro_sdk::time::Instant;
use serde::Serialize;
use utoipa::ToSchema;

/// The constraint that refuses a second task in the same place of a specialist.
pub(crate) const SLOT_KEY: &str = "task_assignments_specialist_id_slot_key";

pub(super) const COLUMNS: &str = "id, project_id, request_id, project_name, customer_user_id, coordinator_user_id, \
                                  specialist_id, specialist_user_id, revision_id, task_type, status, slot, priority, \
                                  assigned_by, assigned_at, due_at, estimated_minutes, actual_minutes, \
                                  progress_percent, progress_notes, rush_offered_at, rush_response_deadline, \
                                  rush_responded_at, rush_decline_reason, completed_at, reminded_days_left, notes, \
                                  created_at, updated_at";

row! {
    /// A task.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
    pub(crate) struct Assignment {
        /// The task's id.
        pub(crate) id: AssignmentId,
        /// The project that it belongs to.
        pub(crate) project_id: ProjectId,
        /// The request that the project came from.
        pub(crate) request_id: RequestId,
        /// What the project is called.
        pub(crate) project_name: String,
        /// The user whose project it is.
        #[serde(skip)]
        pub(crate) customer_user_id: UserId,
        /// The user who sees the project through.
        pub(crate) coordinator_user_id: UserId,
        /// Who does it.
        pub(crate) specialist_id: SpecialistId,
        /// The user who is that specialist.
        pub(crate) specialist_user_id: UserId,
        /// The revision that it works off.
        pub(crate) revision_id: Option<RevisionId>,
        /// What is done.
        pub(crate) task_type: TaskType,
        /// How far it is.
        pub(crate) status: TaskStatus,
        /// The place that it takes up.
        #[serde(skip)]
        pub(crate) slot: Option<u32>,
        /// How urgent it is.
        pub(crate) priority: Priority,
        /// The user who assigned it.
        pub(crate) assigned_by: UserId,
        /// When it was assigned, or offered.
        pub(crate) assigned_at: Instant,
        /// When it has to be done.
        pub(crate) due_at: Instant,
        /// How long it should take.
        pub(crate) estimated_minutes: u32,
        /// How long it took.
        pub(crate) actual_minutes: Option<u32>,
        /// How much of it is done.
        pub(crate) progress_percent: u8,
        /// What the specialist says of the progress.
        pub(crate) progress_notes: Option<String>,
        /// When it was offered; `null` for what was assigned at once.
        pub(crate) rush_offered_at: Option<Instant>,
        /// Until when the offer can be answered.
        pub(crate) rush_response_deadline: Option<Instant>,
        /// When it was answered; `null` for an offer that was let pass.
        pub(crate) rush_responded_at: Option<Instant>,
        /// Why it was declined, in the words of the specialist.
        pub(crate) rush_decline_reason: Option<String>,
        /// When it was completed.
        pub(crate) completed_at: Option<Instant>,
        /// How many days were left at the last reminder.
        #[serde(skip)]
        pub(crate) reminded_days_left: Option<u8>,
        /// What the coordinator says of the work.
        pub(crate) notes: Option<String>,
        /// When it was made.
        pub(crate) created_at: Instant,
        /// When it last changed.
        pub(crate) updated_at: Instant,
    }
}

impl Assignment {
    /// Whether it should have been done by `now`.
    pub(crate) fn is_overdue(&self, now: Instant) -> bool {
        self.status.is_open() && self.due_at < now
    }
}

row! {
    /// How many tasks a specialist has.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) struct OpenTasks {
        pub(crate) specialist_id: SpecialistId,
        pub(crate) open_tasks: u32,
    }
}

row! {
    struct Slot {
        slot: u32,
    }
}

/// Which tasks to list: all conditions hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TaskFilter {
    pub(crate) scope: Scope,
    pub(crate) specialist_id: Option<SpecialistId>,
    pub(crate) project_id: Option<ProjectId>,
    pub(crate) status: Option<TaskStatus>,
    /// Whether it should have been done by the instant.
    pub(crate) overdue: Option<(bool, Instant)>,
}

/// What a PATCH may change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct TermsChange {
    pub(crate) due_at: Option<Instant>,
    pub(crate) estimated_minutes: Option<u32>,
    pub(crate) notes: Patch<String>,
}

/// The constraint [`SLOT_KEY`] refuses a place that another task has.
pub(crate) fn insert_assignment(tx: &Transaction<'_>, task: &Assignment) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO task_assignments (id, project_id, request_id, project_name, customer_user_id, coordinator_user_id,
            specialist_id, specialist_user_id, revision_id, task_type, status, slot, priority, assigned_by, assigned_at,
            due_at, estimated_minutes, progress_percent, rush_offered_at, rush_response_deadline, notes, created_at,
            updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $22)",
        params![
            task.id,
            task.project_id,
            task.request_id,
            task.project_name,
            task.customer_user_id,
            task.coordinator_user_id,
            task.specialist_id,
            task.specialist_user_id,
            task.revision_id,
            task.task_type,
            task.status,
            task.slot,
            task.priority,
            task.assigned_by,
            task.assigned_at,
            task.due_at,
            task.estimated_minutes,
            task.progress_percent,
            task.rush_offered_at,
            task.rush_response_deadline,
            task.notes,
            task.created_at,
        ],
    )?;
    Ok(())
}

pub(crate) fn assignment(db: &impl Reader, id: AssignmentId) -> Result<Option<Assignment>, Error> {
    db.query_optional(&format!("SELECT {COLUMNS} FROM task_assignments WHERE id = $1"), params![id])
}

/// At most `rows_max` tasks that are older than `before`, newest first.
pub(crate) fn assignments(
    db: &impl Reader,
    filter: TaskFilter,
    before: Option<AssignmentId>,
    rows_max: i64,
) -> Result<Vec<Assignment>, Error> {
    let scoped = match filter.scope {
        Scope::All => Filter::default(),
        Scope::Coordinator(user) => Filter::default().any(&["coordinator_user_id", "specialist_user_id"], Some(user)),
        Scope::Specialist(user) => Filter::default().with("specialist_user_id = ", Some(user)),
    };
    let late_at = filter.overdue.and_then(|(is_overdue, now)| is_overdue.then_some(now));
    let in_time_at = filter.overdue.and_then(|(is_overdue, now)| (!is_overdue).then_some(now));
    let (statement, parameters) = scoped
        .with("specialist_id = ", filter.specialist_id)
        .with("project_id = ", filter.project_id)
        .with("status = ", filter.status)
        .with("(slot IS NOT NULL AND due_at < ?)", late_at)
        .with("(slot IS NULL OR due_at >= ?)", in_time_at)
        .with("id < ", before)
        .statement(&format!("SELECT {COLUMNS} FROM task_assignments"), "ORDER BY id DESC", rows_max);
    db.query(&statement, &parameters)
}

/// The places of a specialist that open tasks take up, in order.
pub(crate) fn taken_slots(db: &impl Reader, specialist_id: SpecialistId) -> Result<Vec<u32>, Error> {
    let statement = "SELECT slot FROM task_assignments WHERE specialist_id = $1 AND slot IS NOT NULL ORDER BY slot";
    let slots: Vec<Slot> = db.query(statement, params![specialist_id])?;
    Ok(slots.into_iter().map(|row| row.slot).collect())
}

/// How many open tasks each of these specialists has; those who have none are left out.
pub(crate) fn open_tasks(db: &impl Reader, specialist_ids: &[SpecialistId]) -> Result<Vec<OpenTasks>, Error> {
    if specialist_ids.is_empty() {
        return Ok(Vec::new());
    }
    let parameters: Vec<Value> = specialist_ids.iter().map(ToValue::to_value).collect();
    let places: Vec<String> = (1..=parameters.len()).map(|number| format!("${number}")).collect();
    let statement = format!(
        "SELECT specialist_id, count(*) AS open_tasks FROM task_assignments
         WHERE specialist_id IN ({}) AND slot IS NOT NULL GROUP BY specialist_id",
        places.join(", ")
    );
    db.query(&statement, &parameters)
}

/// Whether a user has or had a task in a project that was neither declined nor cancelled.
pub(crate) fn has_task_in_project(db: &impl Reader, project_id: ProjectId, user: UserId) -> Result<bool, Error> {
    let found: Option<Row> = db.query_optional(
        "SELECT id FROM task_assignments
         WHERE project_id = $1 AND specialist_user_id = $2 AND status NOT IN ($3, $4) LIMIT 1",
        params![project_id, user, TaskStatus::Rejected, TaskStatus::Cancelled],
    )?;
    Ok(found.is_some())
}

/// Every task of a project that is open or offered, the first one first.
pub(crate) fn live_tasks(db: &impl Reader, project_id: ProjectId) -> Result<Vec<Assignment>, Error> {
    db.query(
        &format!(
            "SELECT {COLUMNS} FROM task_assignments WHERE project_id = $1 AND (slot IS NOT NULL OR status = $2) ORDER BY id"
        ),
        params![project_id, TaskStatus::RushOffered],
    )
}

/// Changes the fields that are given; with another due date reminders begin anew. `false` when the task is not open.
pub(crate) fn update_terms(
    tx: &Transaction<'_>,
    id: AssignmentId,
    change: &TermsChange,
    now: Instant,
) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE task_assignments SET
            due_at = COALESCE($2, due_at), estimated_minutes = COALESCE($3, estimated_minutes),
            notes = CASE WHEN $4 THEN $5 ELSE notes END,
            reminded_days_left = CASE WHEN $6 THEN NULL ELSE reminded_days_left END,
            overdue_notified_at = CASE WHEN $6 THEN NULL ELSE overdue_notified_at END, updated_at = $7
         WHERE id = $1 AND slot IS NOT NULL",
        params![
            id,
            change.due_at,
            change.estimated_minutes,
            change.notes.is_given(),
            change.notes.value(),
            change.due_at.is_some(),
            now,
        ],
    )?;
    Ok(changed == 1)
}
