//! Payments: customers pay what is due, administrators give it back.

use crate::charging::{self, Order};
use crate::domain::payment::{Method, PaymentStatus, may_see};
use crate::domain::text::{check_reason, check_token};
use crate::domain::{MilestoneId, PaymentId};
use crate::gateway;
use crate::refunding::{self, Wish};
use crate::store::{self, Payment, PaymentFilter, Scope};
use axum::http::StatusCode;
use mutrapro_sdk::client_info::ClientInfo;
use mutrapro_sdk::idempotency::IdempotencyKey;
use mutrapro_sdk::identity::{Role, User};
use mutrapro_sdk::json::{FieldErrors, Json, Validate};
use mutrapro_sdk::page::{Page, Paging, PagingParameters};
use mutrapro_sdk::problem::{Details, Result};
use mutrapro_sdk::query::{Path, Query};
use mutrapro_sdk::sql::Database;
use mutrapro_sdk::time::Instant;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// What is paid, and how. The amount is the milestone's.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "milestone_id": "0190f3a0-0000-7000-8000-000000000001", "method": "credit_card", "token": "sandbox_success"
}))]
pub(crate) struct NewPayment {
    /// What is paid; it has to be due or overdue.
    milestone_id: MilestoneId,
    /// How.
    method: Method,
    /// Which gateway carries it; unless given, the first that the application is set up with.
    #[schema(example = "sandbox")]
    gateway: Option<String>,
    /// What the gateway gave for the means of payment, never the number of a card: 1 to 255 visible characters. Not given
    /// where the gateway needs none.
    #[schema(min_length = 1, max_length = 255, pattern = "^[!-~]+$")]
    token: Option<String>,
}

impl Validate for NewPayment {
    fn validate(&self, errors: &mut FieldErrors) {
        if let Some(gateway) = &self.gateway {
            let names = gateway::names();
            errors.check(names.contains(gateway), "gateway", &format!("must be one of {}", names.join(", ")));
        }
        if let Some(token) = &self.token {
            errors.rule("token", check_token(token));
        }
    }
}

/// Why money goes back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "reason": "Paid for the wrong request" }))]
pub(crate) struct NewRefund {
    /// For the customer: at most 1000 characters.
    #[schema(min_length = 1, max_length = 1000)]
    reason: Option<String>,
}

impl Validate for NewRefund {
    fn validate(&self, errors: &mut FieldErrors) {
        if let Some(reason) = &self.reason {
            errors.rule("reason", check_reason(reason));
        }
    }
}

/// Which payments to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PaymentParameters {
    /// Only those that are this far.
    #[param(inline)]
    status: Option<PaymentStatus>,
    /// Only those of this milestone.
    milestone: Option<MilestoneId>,
}

/// Pays a milestone. For its customer.
///
/// The payment is there whatever became of it: `completed`, `failed` with a `failure_reason`, or `processing` while the
/// gateway is at it. The same `Idempotency-Key` with the same body answers the same payment, as it is by then.
#[utoipa::path(post, path = "/payments", operation_id = "create_payment", tag = "payments",
    params(("Idempotency-Key" = String, Header, description = "1 to 255 visible characters, new for each new payment",
        pattern = "^[!-~]{1,255}$")),
    request_body = NewPayment,
    responses(
        (status = 201, body = Payment),
        (status = 400, body = Details, description = "`idempotency_key_required`, `bad_request`",
            content_type = "application/problem+json"),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`, `not_your_milestone`",
            content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`: no such milestone of yours",
            content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`milestone_not_payable`, `milestone_paid`, `idempotency_key_reused`",
            content_type = "application/problem+json"),
        (status = 413, body = Details, description = "`body_too_large`", content_type = "application/problem+json"),
        (status = 415, body = Details, description = "`unsupported_media_type`",
            content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
        (status = 503, body = Details, description = "`dependency_unavailable`: nothing was paid",
            content_type = "application/problem+json"),
    ))]
pub(crate) async fn create(
    user: User,
    client: ClientInfo,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    Json(body): Json<NewPayment>,
) -> Result<(StatusCode, Json<Payment>)> {
    user.require(Role::Customer)?;
    let order = Order {
        user,
        client,
        idempotency_key,
        milestone_id: body.milestone_id,
        method: body.method,
        gateway: body.gateway.map_or_else(gateway::default_name, Ok)?,
        token: body.token.unwrap_or_default(),
    };
    Ok((StatusCode::CREATED, Json(charging::pay(&order)?)))
}

/// Payments and refunds, newest first: customers see their own, coordinators also those for the requests that they
/// hold, administrators all.
#[utoipa::path(get, path = "/payments", operation_id = "list_payments", tag = "payments",
    params(PaymentParameters, PagingParameters),
    responses(
        (status = 200, body = Page<Payment>),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    user: User,
    Query(parameters): Query<PaymentParameters>,
    paging: Paging,
) -> Result<Json<Page<Payment>>> {
    let filter = PaymentFilter { scope: scope(&user)?, status: parameters.status, milestone_id: parameters.milestone };
    let rows = store::payments(&Database, filter, paging.after()?, paging.rows())?;
    Ok(Json(paging.page(rows, |payment| payment.id.to_string())))
}

fn scope(user: &User) -> Result<Scope> {
    user.require_any(&[Role::Customer, Role::ServiceCoordinator, Role::SystemAdmin])?;
    Ok(if user.is(Role::SystemAdmin) {
        Scope::All
    } else if user.is(Role::ServiceCoordinator) {
        Scope::Coordinator(user.id)
    } else {
        Scope::Payer(user.id)
    })
}

/// A payment or a refund. For its customer, the coordinator of the request, and administrators.
#[utoipa::path(get, path = "/payments/{id}", operation_id = "show_payment", tag = "payments",
    params(("id" = PaymentId, Path)),
    responses(
        (status = 200, body = Payment),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn show(user: User, Path(id): Path<PaymentId>) -> Result<Json<Payment>> {
    let payment = charging::found(&Database, id)?;
    if !may_see(&user, payment.payer_id, payment.coordinator_user_id) {
        return Err(charging::no_such_payment());
    }
    Ok(Json(payment))
}

/// Gives a payment back, whole. For administrators; of two at once, one does.
///
/// Shows the payment as it is then: `refunded`, or `completed` while the gateway is at it or if it cannot give the
/// money back, which the payment's refund in the list tells. After a refund that failed it can be asked for again.
#[utoipa::path(post, path = "/payments/{id}/refund", operation_id = "refund_payment", tag = "payments",
    params(("id" = PaymentId, Path)), request_body = NewRefund,
    responses(
        (status = 200, body = Payment),
        (status = 400, body = Details, description = "`bad_request`", content_type = "application/problem+json"),
        (status = 401, body = Details, content_type = "application/problem+json"),
        (status = 403, body = Details, description = "`role_required`", content_type = "application/problem+json"),
        (status = 404, body = Details, description = "`not_found`", content_type = "application/problem+json"),
        (status = 409, body = Details, description = "`illegal_transition`, `refund_in_progress`, `not_refundable`, \
            `changed_meanwhile`", content_type = "application/problem+json"),
        (status = 413, body = Details, description = "`body_too_large`", content_type = "application/problem+json"),
        (status = 415, body = Details, description = "`unsupported_media_type`",
            content_type = "application/problem+json"),
        (status = 422, body = Details, description = "`invalid_fields`", content_type = "application/problem+json"),
    ))]
pub(crate) async fn refund(
    user: User,
    client: ClientInfo,
    Path(id): Path<PaymentId>,
    Json(body): Json<NewRefund>,
) -> Result<Json<Payment>> {
    user.require(Role::SystemAdmin)?;
    let reason = body.reason.map(|reason| reason.trim().to_owned());
    let wish = Wish { reason, by: Some(user.id), client };
    Ok(Json(refunding::refund(id, &wish, Instant::now())?))
}
