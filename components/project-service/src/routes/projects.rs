//! Projects: customers and coordinators see their own, coordinators see them through.

use crate::domain::ProjectId;
use crate::domain::project::{FREE_REVISIONS_MAX, ProjectStatus, Standing, standing};
use crate::domain::text::{NAME_CHARACTERS_MAX, TEXT_CHARACTERS_MAX, check_line, check_text};
use crate::projects;
use crate::store::{self, Project, ProjectChange, ProjectFilter, Scope};
use crate::views::ProjectView;
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::identity::{Role, User};
use mutrapro_sdk::json::{FieldErrors, Json, Patch, Validate};
use mutrapro_sdk::money::check_amount;
use mutrapro_sdk::page::{Page, Paging, PagingParameters};
use mutrapro_sdk::problem::{Details, Result};
use mutrapro_sdk::query::{Path, Query};
use mutrapro_sdk::sql::{Database, transaction};
use mutrapro_sdk::time::Instant;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// What the coordinator may change of a project that has not ended; fields that are left out stay, `null` empties the notes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "name": "Diễm xưa, for two pianos", "free_revisions_included": 2, "revision_fee": 30_000 }))]
pub(crate) struct ProjectPatch {
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    /// 1 to 5000 characters, for those who work on it: the customer does not see them.
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 5000)]
    notes: Patch<String>,
    /// What a further revision costs, in minor units. A revision that was asked for keeps its fee.
    #[schema(minimum = 0, maximum = 1e12)]
    revision_fee: Option<i64>,
    /// How many revisions cost nothing, 0 to 20.
    #[schema(minimum = 0, maximum = 20)]
    free_revisions_included: Option<u32>,
}

impl Validate for ProjectPatch {
    fn validate(&self, errors: &mut FieldErrors) {
        if let Some(name) = &self.name {
            errors.rule("name", check_line(name, NAME_CHARACTERS_MAX));
        }
        if let Some(notes) = self.notes.value() {
            errors.rule("notes", check_text(notes, TEXT_CHARACTERS_MAX));
        }
        if let Some(revision_fee) = self.revision_fee {
            check_amount(errors, "revision_fee", revision_fee);
        }
        if let Some(free_revisions) = self.free_revisions_included {
            errors.check(free_revisions <= FREE_REVISIONS_MAX, "free_revisions_included", "must be 0 to 20");
        }
    }
}

impl From<ProjectPatch> for ProjectChange {
    fn from(patch: ProjectPatch) -> Self {
        let trimmed = |text: String| text.trim().to_owned();
        Self {
            name: patch.name.map(trimmed),
            notes: match patch.notes {
                Patch::Set(notes) => Patch::Set(trimmed(notes)),
                other => other,
            },
            revision_fee: patch.revision_fee,
            free_revisions_included: patch.free_revisions_included,
        }
    }
}

/// Why a project ends, in the words of who ends it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "reason": "The concert was called off" }))]
pub(crate) struct ProjectCancellation {
    /// 1 to 5000 characters; the customer reads them.
    #[schema(min_length = 1, max_length = 5000)]
    reason: Option<String>,
}

impl Validate for ProjectCancellation {
    fn validate(&self, errors: &mut FieldErrors) {
        if let Some(reason) = &self.reason {
            errors.rule("reason", check_text(reason, TEXT_CHARACTERS_MAX));
        }
    }
}

/// Which projects to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ProjectParameters {
    /// Only those that are this far.
    #[param(inline)]
    status: Option<ProjectStatus>,
    /// Only those of this customer: the profile, or the user who is it.
    #[param(format = "uuid", value_type = Option<String>)]
    customer: Option<Uuid>,
    /// Only those that this coordinator sees through: the profile, or the user who is it.
    #[param(format = "uuid", value_type = Option<String>)]
    coordinator: Option<Uuid>,
}

/// Projects, newest first: customers see their own, coordinators those that they see through, administrators all.
/// Specialists find the projects that they work on in their tasks.
#[utoipa::path(get, path = "/projects", operation_id = "list_projects", tag = "projects",
    params(ProjectParameters, PagingParameters),
    responses(
        (status = 200, body = Page<ProjectView>),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    user: User,
    Query(parameters): Query<ProjectParameters>,
    paging: Paging,
) -> Result<Json<Page<ProjectView>>> {
    let filter = ProjectFilter {
        scope: scope(&user)?,
        status: parameters.status,
        customer: parameters.customer,
        coordinator: parameters.coordinator,
    };
    let rows = store::projects(&Database, filter, paging.after()?, paging.rows())?;
    let page = paging.page(rows, |project| project.id.to_string());
    Ok(Json(page.map(|project| listed(&user, project))))
}

fn scope(user: &User) -> Result<Scope> {
    user.require_any(&[Role::Customer, Role::ServiceCoordinator, Role::SystemAdmin])?;
    Ok(if user.is(Role::SystemAdmin) {
        Scope::All
    } else {
        match (user.is(Role::Customer), user.is(Role::ServiceCoordinator)) {
            (true, true) => Scope::Both(user.id),
            (false, true) => Scope::Coordinator(user.id),
            _ => Scope::Customer(user.id),
        }
    })
}

fn listed(user: &User, project: Project) -> ProjectView {
    // The scope lets nobody see more than a customer does without this saying so.
    let standing = standing(user, project.customer_user_id, project.coordinator_user_id).unwrap_or(Standing::Customer);
    ProjectView::of(project, standing)
}

/// A project. For its customer, its coordinator, specialists with a task in it, and administrators.
#[utoipa::path(get, path = "/projects/{id}", operation_id = "show_project", tag = "projects",
    params(("id" = ProjectId, Path)),
    responses(
        (status = 200, body = ProjectView),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 503, body = Details, description = "`dependency_unavailable`: whether you work on it is not known",
            content_type = "application/problem+json"),
        (status = 504, body = Details, description = "`dependency_timed_out`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn show(user: User, Path(id): Path<ProjectId>) -> Result<Json<ProjectView>> {
    let (project, standing) = projects::visible(id, &user)?;
    Ok(Json(ProjectView::of(project, standing)))
}

/// Changes a project that has not ended. For its coordinator and administrators.
#[utoipa::path(patch, path = "/projects/{id}", operation_id = "change_project", tag = "projects",
    params(("id" = ProjectId, Path)), request_body = ProjectPatch,
    responses(
        (status = 200, body = ProjectView),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`not_your_project`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`project_ended`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
        (status = 503, body = Details, description = "`dependency_unavailable`: whether you work on it is not known",
            content_type = "application/problem+json"),
        (status = 504, body = Details, description = "`dependency_timed_out`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn change(
    user: User,
    Path(id): Path<ProjectId>,
    Json(body): Json<ProjectPatch>,
) -> Result<Json<ProjectView>> {
    projects::changeable(id, &user)?;
    let change = ProjectChange::from(body);
    let now = Instant::now();
    let project = transaction(|tx| projects::change(tx, id, &change, now))?;
    Ok(Json(ProjectView::of(project, Standing::Coordinator)))
}

/// Cancels a project, and with it its request, its open tasks and what is still to be paid. For its coordinator and
/// administrators. Until it starts everything that was paid is given back, after that everything but the deposit.
#[utoipa::path(post, path = "/projects/{id}/cancel", operation_id = "cancel_project", tag = "projects",
    params(("id" = ProjectId, Path)), request_body = ProjectCancellation,
    responses(
        (status = 200, body = ProjectView),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`not_your_project`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`illegal_transition`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
        (status = 503, body = Details, description = "`dependency_unavailable`: whether you work on it is not known",
            content_type = "application/problem+json"),
        (status = 504, body = Details, description = "`dependency_timed_out`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn cancel(
    user: User,
    Path(id): Path<ProjectId>,
    Json(body): Json<ProjectCancellation>,
) -> Result<Json<ProjectView>> {
    projects::changeable(id, &user)?;
    let reason = body.reason.map(|reason| reason.trim().to_owned());
    let now = Instant::now();
    let project = transaction(|tx| projects::cancel(tx, id, reason.clone(), user.id, now))?;
    Ok(Json(ProjectView::of(project, Standing::Coordinator)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::projects::tests::project;
    use mutrapro_sdk::money::AMOUNT_MAX;

    fn user(id: u128, roles: &[Role]) -> User {
        User { id: Uuid::from_u128(id).into(), roles: roles.to_vec(), session_id: None }
    }

    #[test]
    fn people_list_what_is_theirs() {
        let of = |roles: &[Role]| scope(&user(7, roles)).map_err(|problem| problem.code().to_owned());
        let id = user(7, &[]).id;
        assert_eq!(of(&[Role::Customer]), Ok(Scope::Customer(id)));
        assert_eq!(of(&[Role::ServiceCoordinator]), Ok(Scope::Coordinator(id)));
        assert_eq!(of(&[Role::Customer, Role::ServiceCoordinator]), Ok(Scope::Both(id)));
        assert_eq!(of(&[Role::Customer, Role::SystemAdmin]), Ok(Scope::All));
        assert_eq!(of(&[Role::RecordingArtist]), Err("role_required".into()));
    }

    #[test]
    fn list_tells_each_as_its_reader_may_see_it() {
        let noted = || Project { notes: Some("knows the singer".into()), ..project() };
        let notes = |user: User| serde_json::to_value(listed(&user, noted())).unwrap()["notes"].is_string();
        let (customer, coordinator) = (noted().customer_user_id, noted().coordinator_user_id);
        let both = [Role::Customer, Role::ServiceCoordinator];
        assert!(!notes(User { id: customer, ..user(0, &both) }));
        assert!(notes(User { id: coordinator, ..user(0, &both) }));
        assert!(notes(user(9, &[Role::SystemAdmin])));
    }

    #[test]
    fn limits_are_those_that_are_stated() {
        let wrong = |body: serde_json::Value| {
            let mut errors = FieldErrors::default();
            serde_json::from_value::<ProjectPatch>(body).unwrap().validate(&mut errors);
            let errors = errors.finish().err().map(|problem| problem.details().errors.clone()).unwrap_or_default();
            errors.into_iter().map(|error| error.field).collect::<Vec<_>>()
        };
        let longest = "ễ".repeat(NAME_CHARACTERS_MAX);
        let most = serde_json::json!({
            "name": longest, "notes": null, "revision_fee": AMOUNT_MAX, "free_revisions_included": FREE_REVISIONS_MAX,
        });
        assert_eq!(wrong(most), [] as [String; 0]);
        let more = serde_json::json!({
            "name": format!("{longest}x"), "notes": " ", "revision_fee": AMOUNT_MAX + 1,
            "free_revisions_included": FREE_REVISIONS_MAX + 1,
        });
        assert_eq!(wrong(more), ["name", "notes", "revision_fee", "free_revisions_included"]);
        assert_eq!(wrong(serde_json::json!({ "revision_fee": -1 })), ["revision_fee"]);
    }

    #[test]
    fn change_keeps_what_is_not_mentioned() {
        let change = |body: &str| ProjectChange::from(serde_json::from_str::<ProjectPatch>(body).unwrap());
        assert_eq!(change("{}"), ProjectChange::default());
        assert_eq!(change(r#"{"notes":null}"#).notes, Patch::Cleared);
        let trimmed = change(r#"{"name":" Diễm xưa ","notes":" soon "}"#);
        assert_eq!((trimmed.name.as_deref(), trimmed.notes), (Some("Diễm xưa"), Patch::Set("soon".into())));
    }
}
