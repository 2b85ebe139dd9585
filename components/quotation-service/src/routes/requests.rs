//! Requests: customers file them, coordinators see them through.

use super::OptionalReason;
use crate::announcements as announce;
use crate::domain::pricing::ServiceType;
use crate::domain::request::{Priority, RequestStatus, Standing};
use crate::domain::text::{
    DESCRIPTION_CHARACTERS_MIN, TEXT_CHARACTERS_MAX, TITLE_CHARACTERS_MAX, check_line, check_text,
};
use crate::domain::{CoordinatorId, CustomerId, RequestId};
use crate::requests;
use crate::store::{self, Request, RequestChange, RequestFilter, Scope};
use axum::http::StatusCode;
use mutrapro_contracts::answers::UserAnswer;
use mutrapro_sdk::client::Client;
use mutrapro_sdk::identity::{Role, User};
use mutrapro_sdk::json::{FieldErrors, Json, Patch, Validate};
use mutrapro_sdk::money::{Currency, check_amount};
use mutrapro_sdk::page::{Page, Paging, PagingParameters};
use mutrapro_sdk::problem::{Details, Problem, Result};
use mutrapro_sdk::query::{Path, Query};
use mutrapro_sdk::sql::{Database, transaction};
use mutrapro_sdk::time::Instant;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

const USERS: Client = Client::new("user-service");

/// A request to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "request_type": "transcription", "title": "Diễm xưa", "description": "For piano, as on the recording",
    "priority": "normal", "currency": "VND"
}))]
pub(crate) struct NewRequest {
    /// What is asked for.
    request_type: ServiceType,
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    title: String,
    /// 10 to 5000 characters.
    #[schema(min_length = 10, max_length = 5000)]
    description: String,
    /// `normal` unless given.
    priority: Option<Priority>,
    /// What you would like to spend, in minor units.
    #[schema(minimum = 0, maximum = 1e12)]
    budget: Option<i64>,
    /// `VND` unless given.
    currency: Option<Currency>,
    /// When it should be done.
    deadline: Option<Instant>,
}

impl Validate for NewRequest {
    fn validate(&self, errors: &mut FieldErrors) {
        check_fields(errors, Some(&self.title), Some(&self.description), self.budget);
    }
}

/// What customers may change of a request that nobody has quoted; fields that are left out stay, `null` empties.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "title": "Diễm xưa, for two pianos" }))]
pub(crate) struct RequestPatch {
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    title: Option<String>,
    /// 10 to 5000 characters.
    #[schema(min_length = 10, max_length = 5000)]
    description: Option<String>,
    /// How urgent it is.
    priority: Option<Priority>,
    /// In minor units.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 1e12)]
    budget: Patch<i64>,
    /// When it should be done.
    #[serde(default)]
    #[schema(value_type = Option<Instant>)]
    deadline: Patch<Instant>,
}

impl Validate for RequestPatch {
    fn validate(&self, errors: &mut FieldErrors) {
        let budget = self.budget.value().copied();
        check_fields(errors, self.title.as_deref(), self.description.as_deref(), budget);
    }
}

fn check_fields(errors: &mut FieldErrors, title: Option<&str>, description: Option<&str>, budget: Option<i64>) {
    if let Some(title) = title {
        errors.rule("title", check_line(title, TITLE_CHARACTERS_MAX));
    }
    if let Some(description) = description {
        errors.rule("description", check_text(description, DESCRIPTION_CHARACTERS_MIN, TEXT_CHARACTERS_MAX));
    }
    if let Some(budget) = budget {
        check_amount(errors, "budget", budget);
    }
}

/// Which requests to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RequestParameters {
    /// Only those that are this far.
    #[param(inline)]
    status: Option<RequestStatus>,
    /// Only those that ask for this.
    #[param(inline)]
    request_type: Option<ServiceType>,
    /// Only those that nobody has claimed.
    unclaimed: Option<bool>,
}

/// Files a request. For customers.
#[utoipa::path(post, path = "/requests", operation_id = "create_request", tag = "requests", request_body = NewRequest,
    responses(
        (status = 201, body = Request),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn create(user: User, Json(body): Json<NewRequest>) -> Result<(StatusCode, Json<Request>)> {
    user.require(Role::Customer)?;
    let customer_id = profile(&user)?.customer_id.ok_or_else(|| no_profile("customer"))?;
    let now = Instant::now();
    let request = Request {
        id: RequestId::generate(),
        customer_id: CustomerId::from(customer_id),
        customer_user_id: user.id,
        coordinator_id: None,
        coordinator_user_id: None,
        request_type: body.request_type,
        title: body.title.trim().to_owned(),
        description: body.description.trim().to_owned(),
        priority: body.priority.unwrap_or(Priority::Normal),
        status: RequestStatus::Pending,
        budget: body.budget,
        currency: body.currency.unwrap_or(Currency::Vnd),
        deadline: body.deadline,
        created_at: now,
        updated_at: now,
    };
    transaction(|tx| {
        store::insert_request(tx, &request)?;
        Ok(tx.emit(&announce::request_created(&request))?)
    })?;
    Ok((StatusCode::CREATED, Json(request)))
}

/// Requests, newest first: customers see their own, coordinators those that they hold and those that nobody does,
/// administrators all.
#[utoipa::path(get, path = "/requests", operation_id = "list_requests", tag = "requests",
    params(RequestParameters, PagingParameters),
    responses(
        (status = 200, body = Page<Request>),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    user: User,
    Query(parameters): Query<RequestParameters>,
    paging: Paging,
) -> Result<Json<Page<Request>>> {
    let filter = RequestFilter {
        scope: scope(&user)?,
        status: parameters.status,
        request_type: parameters.request_type,
        is_unclaimed: parameters.unclaimed == Some(true),
    };
    let rows = store::requests(&Database, filter, paging.after()?, paging.rows())?;
    Ok(Json(paging.page(rows, |request| request.id.to_string())))
}

fn scope(user: &User) -> Result<Scope> {
    user.require_any(&[Role::Customer, Role::ServiceCoordinator, Role::SystemAdmin])?;
    Ok(if user.is(Role::SystemAdmin) {
        Scope::All
    } else if user.is(Role::ServiceCoordinator) {
        Scope::Coordinator(user.id)
    } else {
        Scope::Customer(user.id)
    })
}

/// A request.
#[utoipa::path(get, path = "/requests/{id}", operation_id = "show_request", tag = "requests",
    params(("id" = RequestId, Path)),
    responses(
        (status = 200, body = Request),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn show(user: User, Path(id): Path<RequestId>) -> Result<Json<Request>> {
    Ok(Json(requests::visible(&Database, id, &user)?.0))
}

/// Changes a request that nobody has quoted. For its customer.
#[utoipa::path(patch, path = "/requests/{id}", operation_id = "change_request", tag = "requests",
    params(("id" = RequestId, Path)), request_body = RequestPatch,
    responses(
        (status = 200, body = Request),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`not_your_request`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`request_not_pending`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn change(
    user: User,
    Path(id): Path<RequestId>,
    Json(body): Json<RequestPatch>,
) -> Result<Json<Request>> {
    let changed = changed_fields(&body);
    let change = RequestChange {
        title: body.title.map(|title| title.trim().to_owned()),
        description: body.description.map(|description| description.trim().to_owned()),
        priority: body.priority,
        budget: body.budget,
        deadline: body.deadline,
    };
    let now = Instant::now();
    let request = transaction(|tx| {
        let (_, standing) = requests::visible(tx, id, &user)?;
        if !matches!(standing, Standing::Customer | Standing::Admin) {
            return Err(Problem::forbidden("not_your_request", "only its customer may change a request"));
        }
        if !store::update_request(tx, id, &change, now)? {
            return Err(Problem::conflict("request_not_pending", "only a pending request can be changed"));
        }
        let request = requests::found(tx, id)?;
        tx.emit(&announce::request_updated(&request, &changed, Some(user.id)))?;
        Ok(request)
    })?;
    Ok(Json(request))
}

fn changed_fields(body: &RequestPatch) -> Vec<&'static str> {
    let given = [
        ("title", body.title.is_some()),
        ("description", body.description.is_some()),
        ("priority", body.priority.is_some()),
        ("budget", body.budget.is_given()),
        ("deadline", body.deadline.is_given()),
    ];
    given.into_iter().filter_map(|(field, is_given)| is_given.then_some(field)).collect()
}

/// Takes a pending request that nobody holds. For coordinators; of two at once, one gets it.
#[utoipa::path(post, path = "/requests/{id}/claim", operation_id = "claim_request", tag = "requests",
    params(("id" = RequestId, Path)),
    responses(
        (status = 200, body = Request),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`request_claimed`, `request_not_pending`",
            content_type = "application/problem+json"),
    ))]
pub(crate) async fn claim(user: User, Path(id): Path<RequestId>) -> Result<Json<Request>> {
    user.require(Role::ServiceCoordinator)?;
    let coordinator_id = profile(&user)?.coordinator_id.ok_or_else(|| no_profile("coordinator"))?;
    let coordinator = (CoordinatorId::from(coordinator_id), user.id);
    let now = Instant::now();
    Ok(Json(transaction(|tx| requests::claim(tx, id, coordinator, now))?))
}

/// Cancels a request. For its customer and its coordinator until the deposit is paid, after that for administrators.
#[utoipa::path(post, path = "/requests/{id}/cancel", operation_id = "cancel_request", tag = "requests",
    params(("id" = RequestId, Path)), request_body = OptionalReason,
    responses(
        (status = 200, body = Request),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`not_your_request`, `request_in_work`",
            content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`illegal_transition`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn cancel(
    user: User,
    Path(id): Path<RequestId>,
    Json(body): Json<OptionalReason>,
) -> Result<Json<Request>> {
    let now = Instant::now();
    Ok(Json(transaction(|tx| requests::cancel(tx, id, &user, body.reason.clone(), now))?))
}

/// What user-service knows of `user`.
pub(super) fn profile(user: &User) -> Result<UserAnswer> {
    Ok(USERS.get(&format!("/internal/users/{}", user.id))?)
}

pub(super) fn no_profile(what: &str) -> Problem {
    Problem::forbidden("no_profile", format!("your account has no {what} profile: ask an administrator"))
}
