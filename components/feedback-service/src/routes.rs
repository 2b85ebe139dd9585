//! The HTTP API, and who may use what of it.

use crate::domain::activity::Position;
use crate::domain::feedback::{FeedbackId, NewFeedback};
use crate::store::{self, ActivityFilter, FEEDBACK_ONCE, Feedback, FeedbackFilter, LoggedActivity};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use mutrapro_contracts::answers::RequestAnswer;
use mutrapro_contracts::feedback::FeedbackCreated;
use mutrapro_sdk::client::Client;
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::identity::{Role, User, UserId};
use mutrapro_sdk::json::Json;
use mutrapro_sdk::page::{Page, Paging, PagingParameters};
use mutrapro_sdk::problem::{Details, OnConstraint, Problem, Result};
use mutrapro_sdk::query::Query;
use mutrapro_sdk::sql::{Database, transaction};
use mutrapro_sdk::time::Instant;
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi};

const QUOTATIONS: Client = Client::new("quotation-service");
/// The status of a request that can be rated.
const COMPLETED: &str = "completed";

/// Every route of the service.
pub(crate) fn router() -> Router {
    Router::new()
        .route("/feedback", get(list).post(create))
        .route("/activity", get(activity))
        .merge(mutrapro_sdk::openapi::routes::<Document>())
}

#[derive(OpenApi)]
#[openapi(
    paths(create, list, activity),
    tags(
        (name = "feedback", description = "What customers say of finished requests"),
        (name = "activity", description = "What happened in the whole application")
    )
)]
struct Document;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct FeedbackParameters {
    /// The request that was rated.
    #[param(format = "uuid", value_type = Option<String>)]
    request: Option<Uuid>,
    /// The user who rated.
    customer: Option<UserId>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ActivityParameters {
    /// The kind of thing that something happened to, for example `user`.
    entity: Option<String>,
    /// The thing that something happened to.
    entity_id: Option<String>,
    /// Who did it, or whom it happened to.
    user: Option<UserId>,
    /// The fact, for example `role_granted`.
    action: Option<String>,
    /// Only what happened at this instant or later.
    from: Option<Instant>,
    /// Only what happened before this instant.
    to: Option<Instant>,
}

/// Rates one side of a request. For customers; each side of a request is rated once.
#[utoipa::path(
    post,
    path = "/feedback",
    operation_id = "create_feedback",
    tag = "feedback",
    request_body = NewFeedback,
    responses(
        (status = 201, body = Feedback),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`: no request of yours", body = Details,
            content_type = "application/problem+json"),
        (status = 409, description = "`already_rated`, `request_not_completed`", body = Details, content_type = "application/problem+json"),
        (status = 422, body = Details, content_type = "application/problem+json"),
    )
)]
async fn create(user: User, Json(new): Json<NewFeedback>) -> Result<(StatusCode, Json<Feedback>)> {
    user.require(Role::Customer)?;
    let request: RequestAnswer = QUOTATIONS
        .get(&format!("/internal/requests/{}", new.request_id))
        .map_err(mutrapro_sdk::client::Error::into_refusal)?;
    may_rate(&user, &request)?;
    let now = Instant::now();
    let feedback = transaction(|transaction| {
        let feedback = store::insert_feedback(transaction, FeedbackId::generate(), &request, &new, now)
            .on_constraint(FEEDBACK_ONCE, || {
                Problem::conflict("already_rated", format!("the request's {} is rated already", new.feedback_type))
            })?;
        transaction.emit(&created(&feedback))?;
        Ok(feedback)
    })?;
    Ok((StatusCode::CREATED, Json(feedback)))
}

/// Goes on only for the customer of a finished request.
fn may_rate(user: &User, request: &RequestAnswer) -> Result<()> {
    if request.customer_user_id != user.id.uuid() {
        return Err(Problem::not_found("request"));
    }
    if request.status != COMPLETED {
        return Err(Problem::conflict("request_not_completed", "a request is rated when it is completed"));
    }
    Ok(())
}

fn created(feedback: &Feedback) -> FeedbackCreated {
    FeedbackCreated {
        feedback_id: feedback.id.uuid(),
        request_id: feedback.request_id,
        customer_id: feedback.customer_id,
        project_id: None,
        customer_user_id: feedback.customer_user_id.uuid(),
        rating: feedback.rating,
        feedback_type: feedback.feedback_type.to_string(),
        specialist_ids: Vec::new(),
    }
}

/// Feedback, newest first: customers see their own, coordinators and administrators all of it.
#[utoipa::path(
    get,
    path = "/feedback",
    operation_id = "list_feedback",
    tag = "feedback",
    params(FeedbackParameters, PagingParameters),
    responses(
        (status = 200, body = Page<Feedback>),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, content_type = "application/problem+json"),
        (status = 422, body = Details, content_type = "application/problem+json"),
    )
)]
async fn list(
    user: User,
    Query(parameters): Query<FeedbackParameters>,
    paging: Paging,
) -> Result<Json<Page<Feedback>>> {
    let owner = visible_owner(&user)?;
    let filter = FeedbackFilter { request: parameters.request, customer: parameters.customer, owner };
    let rows = store::list_feedback(&Database, filter, paging.after()?, paging.rows())?;
    Ok(Json(paging.page(rows, |feedback| feedback.id.to_string())))
}

/// Whose feedback `user` may see: everyone's (`None`), or their own.
fn visible_owner(user: &User) -> Result<Option<UserId>> {
    let sees_all = user.is(Role::ServiceCoordinator) || user.is(Role::SystemAdmin);
    if sees_all {
        return Ok(None);
    }
    user.require_any(&[Role::Customer, Role::ServiceCoordinator, Role::SystemAdmin])?;
    Ok(Some(user.id))
}

/// What happened in the whole application, newest first. For administrators.
#[utoipa::path(
    get,
    path = "/activity",
    operation_id = "list_activity",
    tag = "activity",
    params(ActivityParameters, PagingParameters),
    responses(
        (status = 200, body = Page<LoggedActivity>),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, content_type = "application/problem+json"),
        (status = 422, body = Details, content_type = "application/problem+json"),
    )
)]
async fn activity(
    user: User,
    Query(parameters): Query<ActivityParameters>,
    paging: Paging,
) -> Result<Json<Page<LoggedActivity>>> {
    user.require(Role::SystemAdmin)?;
    let filter = ActivityFilter {
        entity_type: parameters.entity,
        entity_id: parameters.entity_id,
        user: parameters.user,
        action: parameters.action,
        from: parameters.from,
        to: parameters.to,
    };
    let rows = store::list_activity(&Database, filter, paging.after()?, paging.rows())?;
    let position = |row: &LoggedActivity| Position { created_at: row.created_at, id: row.id }.to_string();
    Ok(Json(paging.page(rows, position)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(roles: &[Role]) -> User {
        User { id: Uuid::from_u128(7).into(), roles: roles.to_vec(), session_id: None }
    }

    #[test]
    fn customers_see_their_own_and_staff_sees_all() {
        let own = Some(UserId::from(Uuid::from_u128(7)));
        assert_eq!(visible_owner(&user(&[Role::Customer])), Ok(own));
        assert_eq!(visible_owner(&user(&[Role::Customer, Role::ServiceCoordinator])), Ok(None));
        assert_eq!(visible_owner(&user(&[Role::SystemAdmin])), Ok(None));
    }

    #[test]
    fn finished_requests_are_rated_by_their_customers() {
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
        assert_eq!(code(may_rate(&customer, &request(7, "in_progress"))), "request_not_completed");
        assert_eq!(code(may_rate(&customer, &request(8, COMPLETED))), "not_found");
    }

    #[test]
    fn others_see_no_feedback() {
        for roles in [vec![], vec![Role::RecordingArtist, Role::TranscriptionSpecialist]] {
            assert_eq!(visible_owner(&user(&roles)).unwrap_err().code(), "role_required");
        }
    }
}
