//! Whether a specialist has room for another task.

use crate::dependencies;
use crate::domain::SpecialistId;
use crate::domain::rights;
use crate::domain::workload::Availability;
use crate::store;
use mutrapro_sdk::identity::User;
use mutrapro_sdk::json::Json;
use mutrapro_sdk::problem::{Details, Problem, Result};
use mutrapro_sdk::query::Path;
use mutrapro_sdk::sql::Database;
use serde::Serialize;
use utoipa::ToSchema;

/// How busy a specialist is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Workload {
    /// Who.
    specialist_id: SpecialistId,
    /// How many tasks are assigned, accepted or in progress.
    open_tasks: u32,
    /// How many they take on at once.
    max_concurrent_tasks: u32,
    /// Whether there is room for another one.
    availability: Availability,
}

/// How busy a specialist is. For coordinators, and for the specialist.
#[utoipa::path(get, path = "/specialists/{id}/workload", operation_id = "show_workload", tag = "specialists",
    params(("id" = SpecialistId, Path)),
    responses(
        (status = 200, body = Workload),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`, `not_your_workload`",
            content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 503, body = Details, description = "`dependency_unavailable`", content_type = "application/problem+json"),
        (status = 504, body = Details, description = "`dependency_timed_out`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn show(user: User, Path(id): Path<SpecialistId>) -> Result<Json<Workload>> {
    let scope = rights::scope(&user)?;
    let specialist = dependencies::specialist(id)?.ok_or_else(|| Problem::not_found("specialist"))?;
    if !rights::sees_workload(scope, specialist.user_id.into()) {
        return Err(Problem::forbidden("not_your_workload", "specialists see their own workload"));
    }
    let open_tasks = open_tasks(id)?;
    let availability = Availability::of(open_tasks, specialist.max_concurrent_tasks);
    let max_concurrent_tasks = specialist.max_concurrent_tasks;
    Ok(Json(Workload { specialist_id: id, open_tasks, max_concurrent_tasks, availability }))
}

/// How many open tasks a specialist has.
pub(super) fn open_tasks(id: SpecialistId) -> Result<u32> {
    let counted = store::open_tasks(&Database, &[id])?;
    Ok(counted.first().map_or(0, |counted| counted.open_tasks))
}
