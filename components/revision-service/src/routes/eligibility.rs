//! What a revision of a project would be, before one is asked for.

use crate::dependencies;
use crate::domain::ProjectId;
use crate::domain::project::{Standing, is_open, scope, standing_in};
use crate::domain::revision::{Obstacle, Offer, RevisionStatus, offer};
use crate::revisions::currency;
use crate::store;
use mutrapro_sdk::identity::User;
use mutrapro_sdk::json::Json;
use mutrapro_sdk::money::Currency;
use mutrapro_sdk::problem::{Details, Problem, Result};
use mutrapro_sdk::query::Path;
use mutrapro_sdk::sql::Database;
use serde::Serialize;
use utoipa::ToSchema;

/// Whether a revision can be asked for, and what it would be. Another one that is asked for first changes it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RevisionEligibility {
    /// The project.
    project_id: ProjectId,
    /// Whether its customer may ask for a revision.
    is_eligible: bool,
    /// Why not: the code that asking would be answered with.
    reason: Option<Obstacle>,
    /// The number that it would have.
    revision_number: u32,
    /// Whether it would cost nothing.
    is_free: bool,
    /// What it would cost, in minor units; 0 for a free one.
    fee: i64,
    /// What the fee is counted in.
    currency: Currency,
    /// How many revisions the project includes.
    free_revisions_included: u32,
    /// How many were approved, done or not.
    used_revisions: u32,
    /// How many wait for the coordinator, or for their fee.
    pending_revisions: u32,
}

/// Whether a revision of a project can be asked for, whether it would be free, and what it would cost. For the project's
/// customer and its coordinator.
#[utoipa::path(get, path = "/projects/{id}/revision-eligibility", operation_id = "show_revision_eligibility",
    tag = "revisions", params(("id" = ProjectId, Path)),
    responses(
        (status = 200, body = RevisionEligibility),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn show(user: User, Path(id): Path<ProjectId>) -> Result<Json<RevisionEligibility>> {
    scope(&user)?;
    let project = dependencies::project(id)?.filter(|project| standing_in(&user, project) != Standing::Stranger);
    let project = project.ok_or_else(|| Problem::not_found("project"))?;
    let counted = store::counted_revisions(&Database, id)?;
    let is_final_approved = store::has_approved_final(&Database, id)?;
    let obstacle = Obstacle::find(is_open(&project), is_final_approved, counted.len());
    let taken: Vec<_> = counted.iter().map(|revision| revision.revision_number).collect();
    let Offer { number, is_free, fee } = offer(&taken, project.free_revisions_included, project.revision_fee);
    let (pending, used): (Vec<_>, Vec<_>) =
        counted.into_iter().partition(|revision| revision.status == RevisionStatus::Pending);
    Ok(Json(RevisionEligibility {
        project_id: id,
        is_eligible: obstacle.is_none(),
        reason: obstacle,
        revision_number: number,
        is_free,
        fee,
        currency: currency(&project)?,
        free_revisions_included: project.free_revisions_included,
        used_revisions: count(&used),
        pending_revisions: count(&pending),
    }))
}

fn count<T>(things: &[T]) -> u32 {
    u32::try_from(things.len()).unwrap_or(u32::MAX)
}
