//! What specialists do with their tasks, step by step.

use super::tasks::Task;
use super::{OptionalReason, trimmed};
use crate::domain::AssignmentId;
use crate::domain::task::{MINUTES_MAX, PROGRESS_PERCENT_MAX, TaskStatus};
use crate::domain::text::check_text;
use crate::store::Assignment;
use crate::{assigning, dependencies, tasks};
use mutrapro_sdk::identity::User;
use mutrapro_sdk::json::{FieldErrors, Json, Validate};
use mutrapro_sdk::problem::{Details, Problem, Result};
use mutrapro_sdk::query::Path;
use mutrapro_sdk::sql::{Database, Transaction, transaction};
use mutrapro_sdk::state;
use mutrapro_sdk::time::Instant;
use serde::Deserialize;
use utoipa::ToSchema;

/// How far the work is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "progress_percent": 60, "notes": "The left hand is missing" }))]
pub(crate) struct Progress {
    /// How much of it is done.
    #[schema(maximum = 100)]
    progress_percent: u8,
    /// For the coordinator: 1 to 5000 characters. What was said before stays unless it is given.
    #[schema(min_length = 1, max_length = 5000)]
    notes: Option<String>,
}

impl Validate for Progress {
    fn validate(&self, errors: &mut FieldErrors) {
        let is_valid = self.progress_percent <= PROGRESS_PERCENT_MAX;
        errors.check(is_valid, "progress_percent", &format!("must be 0 to {PROGRESS_PERCENT_MAX}"));
        if let Some(notes) = &self.notes {
            errors.rule("notes", check_text(notes));
        }
    }
}

/// What the specialist says at the end.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "actual_minutes": 200 }))]
pub(crate) struct Completion {
    /// How long it took, in minutes.
    #[schema(maximum = 100_000)]
    actual_minutes: Option<u32>,
}

impl Validate for Completion {
    fn validate(&self, errors: &mut FieldErrors) {
        let is_valid = self.actual_minutes.is_none_or(|minutes| minutes <= MINUTES_MAX);
        errors.check(is_valid, "actual_minutes", &format!("must be 0 to {MINUTES_MAX}"));
    }
}

/// Takes a task, or an offer before its deadline. For its specialist.
#[utoipa::path(post, path = "/tasks/{id}/accept", operation_id = "accept_task", tag = "tasks",
    params(("id" = AssignmentId, Path)),
    responses(
        (status = 200, body = Task),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`not_your_task`, `role_required`",
            content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details,
            description = "`illegal_transition`, `offer_expired`, `specialist_busy`, `changed_meanwhile`",
            content_type = "application/problem+json"),
        (status = 503, body = Details, description = "`dependency_unavailable`, `busy`",
            content_type = "application/problem+json"),
        (status = 504, body = Details, description = "`dependency_timed_out`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn accept(user: User, Path(id): Path<AssignmentId>) -> Result<Json<Task>> {
    let seen = tasks::of_specialist(&Database, id, &user)?;
    let now = Instant::now();
    if seen.status != TaskStatus::RushOffered {
        // A task has its place since it was assigned.
        return step(&user, id, tasks::accept);
    }
    tasks::check_offer_stands(&seen, now)?;
    let specialist = dependencies::specialist(seen.specialist_id)?;
    let specialist = specialist.ok_or_else(|| Problem::not_found("specialist"))?;
    step(&user, id, |tx, task, now| {
        state::check(task.status, TaskStatus::Accepted)?;
        assigning::accept_offer(tx, task, specialist.max_concurrent_tasks, now)
    })
}

/// Declines an offer before its deadline. For its specialist; what was assigned without an offer cannot be declined.
#[utoipa::path(post, path = "/tasks/{id}/decline", operation_id = "decline_task", tag = "tasks",
    params(("id" = AssignmentId, Path)), request_body = OptionalReason,
    responses(
        (status = 200, body = Task),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`not_your_task`, `role_required`",
            content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`illegal_transition`, `offer_expired`, `changed_meanwhile`",
            content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn decline(
    user: User,
    Path(id): Path<AssignmentId>,
    Json(body): Json<OptionalReason>,
) -> Result<Json<Task>> {
    step(&user, id, |tx, task, now| tasks::decline(tx, task, body.text(), now))
}

/// Begins with a task that was accepted. For its specialist.
#[utoipa::path(post, path = "/tasks/{id}/start", operation_id = "start_task", tag = "tasks",
    params(("id" = AssignmentId, Path)),
    responses(
        (status = 200, body = Task),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`not_your_task`, `role_required`",
            content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`illegal_transition`, `changed_meanwhile`",
            content_type = "application/problem+json"),
    ))]
pub(crate) async fn start(user: User, Path(id): Path<AssignmentId>) -> Result<Json<Task>> {
    step(&user, id, tasks::start)
}

/// Says how far a task is that was started. For its specialist.
#[utoipa::path(post, path = "/tasks/{id}/progress", operation_id = "report_progress", tag = "tasks",
    params(("id" = AssignmentId, Path)), request_body = Progress,
    responses(
        (status = 200, body = Task),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`not_your_task`, `role_required`",
            content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`task_not_in_progress`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn report(user: User, Path(id): Path<AssignmentId>, Json(body): Json<Progress>) -> Result<Json<Task>> {
    let notes = body.notes.as_deref().map(trimmed);
    step(&user, id, |tx, task, now| tasks::report(tx, task, (body.progress_percent, notes.as_deref()), now))
}

/// Completes a task that was started. For its specialist.
#[utoipa::path(post, path = "/tasks/{id}/complete", operation_id = "complete_task", tag = "tasks",
    params(("id" = AssignmentId, Path)), request_body = Completion,
    responses(
        (status = 200, body = Task),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`not_your_task`, `role_required`",
            content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`illegal_transition`, `changed_meanwhile`",
            content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn complete(
    user: User,
    Path(id): Path<AssignmentId>,
    Json(body): Json<Completion>,
) -> Result<Json<Task>> {
    step(&user, id, |tx, task, now| tasks::complete(tx, task, body.actual_minutes, now))
}

/// Lets the specialist go a step on, and shows the task as it is then.
fn step(
    user: &User,
    id: AssignmentId,
    take: impl Fn(&Transaction<'_>, &Assignment, Instant) -> Result<Assignment>,
) -> Result<Json<Task>> {
    let now = Instant::now();
    let task = transaction(|tx| take(tx, &tasks::of_specialist(tx, id, user)?, now))?;
    Ok(Json(Task::at(now, task)))
}
