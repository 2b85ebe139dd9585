//! Tasks: coordinators assign them, and change or cancel what they assigned.

use super::{OptionalReason, trimmed};
use crate::assigning;
use crate::domain::deadline::{RESPONSE_MINUTES, RESPONSE_MINUTES_MAX, RESPONSE_MINUTES_MIN, check_due_at};
use crate::domain::rights;
use crate::domain::task::{MINUTES_MAX, Priority, TaskStatus, TaskType};
use crate::domain::text::check_text;
use crate::domain::{AssignmentId, ProjectId, RevisionId, SpecialistId};
use crate::store::{self, Assignment, TaskFilter, TermsChange};
use crate::tasks;
use axum::http::StatusCode;
use mutrapro_contracts::answers::{ProjectAnswer, SpecialistAnswer};
use mutrapro_sdk::identity::{Role, User};
use mutrapro_sdk::json::{FieldErrors, Json, Patch, Validate};
use mutrapro_sdk::page::{Page, Paging, PagingParameters};
use mutrapro_sdk::problem::{Details, Problem, Result};
use mutrapro_sdk::query::{Path, Query};
use mutrapro_sdk::sql::{Database, transaction};
use mutrapro_sdk::time::Instant;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A task as people see it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Task {
    #[serde(flatten)]
    assignment: Assignment,
    /// Whether it should have been done by now.
    is_overdue: bool,
}

impl Task {
    /// The task as it is at `now`.
    pub(super) fn at(now: Instant, assignment: Assignment) -> Self {
        Self { is_overdue: assignment.is_overdue(now), assignment }
    }
}

/// A task to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "project_id": "0190f3a0-0000-7000-8000-000000000001", "specialist_id": "0190f3a0-0000-7000-8000-000000000002",
    "task_type": "transcription", "due_at": "2099-01-31T09:30:00Z", "estimated_minutes": 240,
    "notes": "The bridge is hard to hear: it is the same as in bar 8"
}))]
pub(crate) struct NewTask {
    /// The project that it belongs to; you hold it, and it is `in_progress` or in `review`.
    project_id: ProjectId,
    /// Who does it: a specialist in this type of task, or any for a review.
    specialist_id: SpecialistId,
    /// What is done.
    task_type: TaskType,
    /// `normal` unless given. What is `rush` is offered to the specialist, who may decline.
    priority: Option<Priority>,
    /// When it has to be done; later than now.
    due_at: Instant,
    /// How long it should take, in minutes.
    #[schema(minimum = 1, maximum = 100_000)]
    estimated_minutes: u32,
    /// For `rush` alone: how long the specialist may think about the offer, in minutes; 240 unless given. It never stands
    /// longer than `due_at`.
    #[schema(minimum = 15, maximum = 1440)]
    rush_response_minutes: Option<u32>,
    /// The revision of the project that it works off: one that is `approved` or `in_progress`.
    revision_id: Option<RevisionId>,
    /// For the specialist: 1 to 5000 characters.
    #[schema(min_length = 1, max_length = 5000)]
    notes: Option<String>,
}

impl NewTask {
    fn priority(&self) -> Priority {
        self.priority.unwrap_or(Priority::Normal)
    }
}

impl Validate for NewTask {
    fn validate(&self, errors: &mut FieldErrors) {
        check_minutes(errors, self.estimated_minutes);
        if let Some(minutes) = self.rush_response_minutes {
            let is_valid = (RESPONSE_MINUTES_MIN..=RESPONSE_MINUTES_MAX).contains(&minutes);
            let message = format!("must be {RESPONSE_MINUTES_MIN} to {RESPONSE_MINUTES_MAX}");
            errors.check(is_valid, "rush_response_minutes", &message);
            let is_rush = self.priority() == Priority::Rush;
            errors.check(is_rush, "rush_response_minutes", "is for the priority rush alone: leave it out");
        }
        if let Some(notes) = &self.notes {
            errors.rule("notes", check_text(notes));
        }
    }
}

/// What may change of a task that is not done; fields that are left out stay, `null` empties.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "due_at": "2099-02-07T09:30:00Z" }))]
pub(crate) struct TaskPatch {
    /// When it has to be done; later than now. Reminders begin anew.
    due_at: Option<Instant>,
    /// How long it should take, in minutes.
    #[schema(minimum = 1, maximum = 100_000)]
    estimated_minutes: Option<u32>,
    /// For the specialist: 1 to 5000 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 5000)]
    notes: Patch<String>,
}

impl Validate for TaskPatch {
    fn validate(&self, errors: &mut FieldErrors) {
        if let Some(minutes) = self.estimated_minutes {
            check_minutes(errors, minutes);
        }
        if let Some(notes) = self.notes.value() {
            errors.rule("notes", check_text(notes));
        }
    }
}

fn check_minutes(errors: &mut FieldErrors, estimated_minutes: u32) {
    let is_valid = (1..=MINUTES_MAX).contains(&estimated_minutes);
    errors.check(is_valid, "estimated_minutes", &format!("must be 1 to {MINUTES_MAX}"));
}

/// Which tasks to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TaskParameters {
    /// Only those of this specialist.
    #[param(inline)]
    specialist: Option<SpecialistId>,
    /// Only those of this project.
    #[param(inline)]
    project: Option<ProjectId>,
    /// Only those that are this far.
    #[param(inline)]
    status: Option<TaskStatus>,
    /// Only those that should have been done by now, or only the others.
    overdue: Option<bool>,
}

/// Assigns a task to a specialist, or offers it if it is urgent. For the coordinator who holds the project.
#[utoipa::path(post, path = "/tasks", operation_id = "create_task", tag = "tasks", request_body = NewTask,
    responses(
        (status = 201, body = Task),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`: the project", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`project_not_open`, `revision_not_approved`, `specialist_busy`",
            content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
        (status = 503, body = Details, description = "`dependency_unavailable`, `busy`",
            content_type = "application/problem+json"),
        (status = 504, body = Details, description = "`dependency_timed_out`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn create(user: User, Json(body): Json<NewTask>) -> Result<(StatusCode, Json<Task>)> {
    user.require_any(&[Role::ServiceCoordinator, Role::SystemAdmin])?;
    let now = Instant::now();
    check_due(body.due_at, now)?;
    let project = assigning::project(&user, body.project_id)?;
    let specialist = assigning::specialist(body.specialist_id, body.task_type)?;
    if let Some(revision_id) = body.revision_id {
        assigning::check_revision(revision_id, &project)?;
    }
    let task = draft(&user, &body, (&project, &specialist), now);
    let task = transaction(|tx| assigning::assign(tx, task.clone(), specialist.max_concurrent_tasks))?;
    Ok((StatusCode::CREATED, Json(Task::at(now, task))))
}

/// The task as it is to be; [`assigning::assign`] gives it its place.
fn draft(
    user: &User,
    body: &NewTask,
    (project, specialist): (&ProjectAnswer, &SpecialistAnswer),
    now: Instant,
) -> Assignment {
    let task = Assignment {
        id: AssignmentId::generate(),
        project_id: project.id.into(),
        request_id: project.request_id.into(),
        project_name: project.name.clone(),
        customer_user_id: project.customer_user_id.into(),
        coordinator_user_id: project.coordinator_user_id.into(),
        specialist_id: specialist.id.into(),
        specialist_user_id: specialist.user_id.into(),
        revision_id: body.revision_id,
        task_type: body.task_type,
        status: TaskStatus::Assigned,
        slot: None,
        priority: body.priority(),
        assigned_by: user.id,
        assigned_at: now,
        due_at: body.due_at,
        estimated_minutes: body.estimated_minutes,
        actual_minutes: None,
        progress_percent: 0,
        progress_notes: None,
        rush_offered_at: None,
        rush_response_deadline: None,
        rush_responded_at: None,
        rush_decline_reason: None,
        completed_at: None,
        reminded_days_left: None,
        notes: body.notes.as_deref().map(trimmed),
        created_at: now,
        updated_at: now,
    };
    assigning::in_its_first_state(task, body.rush_response_minutes.unwrap_or(RESPONSE_MINUTES))
}

/// Tasks, newest first: specialists see their own, coordinators those of the projects that they hold, administrators all.
#[utoipa::path(get, path = "/tasks", operation_id = "list_tasks", tag = "tasks",
    params(TaskParameters, PagingParameters),
    responses(
        (status = 200, body = Page<Task>),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    user: User,
    Query(parameters): Query<TaskParameters>,
    paging: Paging,
) -> Result<Json<Page<Task>>> {
    let now = Instant::now();
    let filter = TaskFilter {
        scope: rights::scope(&user)?,
        specialist_id: parameters.specialist,
        project_id: parameters.project,
        status: parameters.status,
        overdue: parameters.overdue.map(|is_overdue| (is_overdue, now)),
    };
    let rows = store::assignments(&Database, filter, paging.after()?, paging.rows())?;
    Ok(Json(paging.page(rows, |task| task.id.to_string()).map(|task| Task::at(now, task))))
}

/// A task. For its specialist and the coordinator who holds its project.
#[utoipa::path(get, path = "/tasks/{id}", operation_id = "show_task", tag = "tasks",
    params(("id" = AssignmentId, Path)),
    responses(
        (status = 200, body = Task),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn show(user: User, Path(id): Path<AssignmentId>) -> Result<Json<Task>> {
    Ok(Json(Task::at(Instant::now(), tasks::visible(&Database, id, &user)?)))
}

/// Changes a task that is assigned and not done. For the coordinator who holds the project; an offer stays as it was made.
#[utoipa::path(patch, path = "/tasks/{id}", operation_id = "change_task", tag = "tasks",
    params(("id" = AssignmentId, Path)), request_body = TaskPatch,
    responses(
        (status = 200, body = Task),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`not_your_project`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`task_not_open`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn change(
    user: User,
    Path(id): Path<AssignmentId>,
    Json(body): Json<TaskPatch>,
) -> Result<Json<Task>> {
    let now = Instant::now();
    if let Some(due_at) = body.due_at {
        check_due(due_at, now)?;
    }
    let notes = match body.notes {
        Patch::Set(notes) => Patch::Set(trimmed(&notes)),
        other => other,
    };
    let change = TermsChange { due_at: body.due_at, estimated_minutes: body.estimated_minutes, notes };
    let task = transaction(|tx| {
        let task = tasks::of_coordinator(tx, id, &user)?;
        if !store::update_terms(tx, id, &change, now)? {
            let detail = format!(
                "only a task that is assigned, accepted or in_progress can be changed; this one is {}",
                task.status
            );
            return Err(Problem::conflict("task_not_open", detail));
        }
        tasks::found(tx, id)
    })?;
    Ok(Json(Task::at(now, task)))
}

/// Cancels a task or withdraws an offer. For the coordinator who holds the project.
#[utoipa::path(post, path = "/tasks/{id}/cancel", operation_id = "cancel_task", tag = "tasks",
    params(("id" = AssignmentId, Path)), request_body = OptionalReason,
    responses(
        (status = 200, body = Task),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`not_your_project`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`illegal_transition`, `changed_meanwhile`",
            content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn cancel(
    user: User,
    Path(id): Path<AssignmentId>,
    Json(body): Json<OptionalReason>,
) -> Result<Json<Task>> {
    let now = Instant::now();
    let task = transaction(|tx| {
        let task = tasks::of_coordinator(tx, id, &user)?;
        tasks::cancel(tx, &task, body.text(), &user, now)
    })?;
    Ok(Json(Task::at(now, task)))
}

fn check_due(due_at: Instant, now: Instant) -> Result<()> {
    let mut errors = FieldErrors::default();
    errors.rule("due_at", check_due_at(due_at, now));
    errors.finish()
}
