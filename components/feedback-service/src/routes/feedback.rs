//! Feedback: customers give it, and those whom it concerns read it.

use crate::announcements as announce;
use crate::domain::feedback::NewFeedback;
use crate::store::{self, FEEDBACK_ONCE, Feedback, FeedbackFilter, Scope};
use axum::http::StatusCode;
use mutrapro_contracts::answers::{ProjectAnswer, RequestAnswer};
use mutrapro_sdk::client::{Client, Error};
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::identity::{Role, User, UserId};
use mutrapro_sdk::json::Json;
use mutrapro_sdk::page::{Page, Paging, PagingParameters};
use mutrapro_sdk::problem::{Details, OnConstraint, Problem, Result};
use mutrapro_sdk::query::Query;
use mutrapro_sdk::sql::{Database, transaction};
use mutrapro_sdk::time::Instant;
use serde::Deserialize;
use utoipa::IntoParams;

const QUOTATIONS: Client = Client::new("quotation-service");
const PROJECTS: Client = Client::new("project-service");
/// The status of a request that can be rated.
const COMPLETED: &str = "completed";
/// Those of whom feedback may speak, beside the customer.
const CONCERNED: [Role; 4] =
    [Role::ServiceCoordinator, Role::TranscriptionSpecialist, Role::ArrangementSpecialist, Role::RecordingArtist];

/// Which feedback to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct FeedbackParameters {
    /// The request that was rated.
    #[param(format = "uuid", value_type = Option<String>)]
    request: Option<Uuid>,
    /// The user who rated.
    customer: Option<UserId>,
}

/// Rates one side of a completed request. For its customer; each side is rated once.
#[utoipa::path(post, path = "/feedback", operation_id = "create_feedback", tag = "feedback",
    request_body = NewFeedback,
    responses(
        (status = 201, body = Feedback),
        (status = 400, body = Details, description = "`bad_request`: no JSON", content_type = "application/problem+json"),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`: no request of yours",
            content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`already_rated`, `request_not_completed`",
            content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
        (status = 503, body = Details, description = "`dependency_unavailable`",
            content_type = "application/problem+json"),
    ))]
pub(super) async fn create(user: User, Json(body): Json<NewFeedback>) -> Result<(StatusCode, Json<Feedback>)> {
    user.require(Role::Customer)?;
    let request: RequestAnswer =
        QUOTATIONS.get(&format!("/internal/requests/{}", body.request_id)).map_err(Error::into_refusal)?;
    may_rate(&user, &request)?;
    // A request is completed by its project, so that there is none is a mistake and not the client's.
    let project: ProjectAnswer = PROJECTS.get(&format!("/internal/requests/{}/project", request.id))?;
    let now = Instant::now();
    let feedback = transaction(|tx| {
        let feedback = store::insert_feedback(tx, &body, &request, &project, now)
            .on_constraint(FEEDBACK_ONCE, || {
                Problem::conflict("already_rated", format!("the request's {} is rated already", body.feedback_type))
            })?;
        tx.emit(&announce::created(&feedback, &request, &project))?;
        Ok(feedback)
    })?;
    Ok((StatusCode::CREATED, Json(feedback)))
}

/// Goes on only for the customer of a completed request.
fn may_rate(user: &User, request: &RequestAnswer) -> Result<()> {
    if request.customer_user_id != user.id.uuid() {
        return Err(Problem::not_found("request"));
    }
    if request.status != COMPLETED {
        return Err(Problem::conflict("request_not_completed", "a request is rated when it is completed"));
    }
    Ok(())
}

/// Feedback, newest first: customers see what they said, coordinators what was said of requests that they saw through,
/// specialists what was said of requests that they worked on, administrators all of it.
#[utoipa::path(get, path = "/feedback", operation_id = "list_feedback", tag = "feedback",
    params(FeedbackParameters, PagingParameters),
    responses(
        (status = 200, body = Page<Feedback>),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(super) async fn list(
    user: User,
    Query(parameters): Query<FeedbackParameters>,
    paging: Paging,
) -> Result<Json<Page<Feedback>>> {
    let filter = FeedbackFilter { scope: scope(&user)?, request: parameters.request, customer: parameters.customer };
    let rows = store::feedback(&Database, filter, paging.after()?, paging.rows())?;
    Ok(Json(paging.page(rows, |feedback| feedback.id.to_string())))
}

/// Whose feedback `user` may see.
fn scope(user: &User) -> Result<Scope> {
    if user.is(Role::SystemAdmin) {
        return Ok(Scope::All);
    }
    if user.require_any(&CONCERNED).is_ok() {
        return Ok(Scope::Concerned(user.id));
    }
    user.require_any(Role::ALL)?;
    Ok(Scope::Customer(user.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAN: Uuid = Uuid::from_u128(7);

    fn user(roles: &[Role]) -> User {
        User { id: LAN.into(), roles: roles.to_vec(), session_id: None }
    }

    #[test]
    fn everyone_sees_what_concerns_them() {
        let of = |roles: &[Role]| scope(&user(roles));
        assert_eq!(of(&[Role::Customer]), Ok(Scope::Customer(LAN.into())));
        for role in CONCERNED {
            assert_eq!(of(&[role]), Ok(Scope::Concerned(LAN.into())));
            assert_eq!(of(&[Role::Customer, role]), Ok(Scope::Concerned(LAN.into())));
        }
        assert_eq!(of(&[Role::Customer, Role::SystemAdmin, Role::ServiceCoordinator]), Ok(Scope::All));
        assert_eq!(of(&[]).unwrap_err().code(), "role_required");
    }

    #[test]
    fn completed_requests_are_rated_by_their_customers() {
        let request = |customer: u128, status: &str| RequestAnswer {
            id: Uuid::from_u128(1),
            customer_id: Uuid::from_u128(2),
            customer_user_id: Uuid::from_u128(customer),
            coordinator_id: None,
            coordinator_user_id: None,
            request_type: "mixing".into(),
            title: "Diễm xưa".into(),
            priority: "normal".into(),
            status: status.into(),
            currency: "VND".into(),
        };
        let code = |outcome: Result<()>| outcome.unwrap_err().code().to_owned();
        let customer = user(&[Role::Customer]);
        assert_eq!(may_rate(&customer, &request(7, COMPLETED)), Ok(()));
        for status in ["pending", "quoted", "approved", "in_progress", "rejected", "cancelled"] {
            assert_eq!(code(may_rate(&customer, &request(7, status))), "request_not_completed");
            assert_eq!(code(may_rate(&customer, &request(8, status))), "not_found", "strangers learn nothing");
        }
        assert_eq!(code(may_rate(&customer, &request(8, COMPLETED))), "not_found");
    }
}
