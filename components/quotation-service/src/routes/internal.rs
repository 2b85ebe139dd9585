//! What other services ask; nothing here can be reached from outside.

use crate::domain::{MilestoneId, RequestId};
use crate::store;
use crate::{quoting, requests};
use axum::Router;
use axum::routing::get;
use mutrapro_contracts::answers::{MilestoneAnswer, RequestAnswer};
use mutrapro_sdk::identity::internal_to_all;
use mutrapro_sdk::json::Json;
use mutrapro_sdk::problem::{Problem, Result};
use mutrapro_sdk::query::Path;
use mutrapro_sdk::sql::Database;

/// The routes, for every service that may call this one.
pub(crate) fn routes() -> Router {
    internal_to_all(
        Router::new().route("/internal/requests/{id}", get(request)).route("/internal/milestones/{id}", get(milestone)),
    )
}

async fn request(Path(id): Path<RequestId>) -> Result<Json<RequestAnswer>> {
    let request = requests::found(&Database, id)?;
    Ok(Json(RequestAnswer {
        id: request.id.uuid(),
        customer_id: request.customer_id.uuid(),
        customer_user_id: request.customer_user_id.uuid(),
        coordinator_id: request.coordinator_id.map(|id| id.uuid()),
        coordinator_user_id: request.coordinator_user_id.map(|id| id.uuid()),
        request_type: request.request_type.to_string(),
        title: request.title,
        priority: request.priority.to_string(),
        status: request.status.to_string(),
        currency: request.currency.to_string(),
    }))
}

async fn milestone(Path(id): Path<MilestoneId>) -> Result<Json<MilestoneAnswer>> {
    let milestone = store::milestone(&Database, id)?.ok_or_else(|| Problem::not_found("milestone"))?;
    let quotation = quoting::found(&Database, milestone.quotation_id)?;
    Ok(Json(MilestoneAnswer {
        id: milestone.id.uuid(),
        quotation_id: quotation.id.uuid(),
        request_id: quotation.request_id.uuid(),
        milestone_type: milestone.milestone_type.to_string(),
        name: milestone.name,
        amount: milestone.amount,
        currency: milestone.currency.to_string(),
        status: milestone.status.to_string(),
        customer_id: quotation.customer_id.uuid(),
        customer_user_id: quotation.customer_user_id.uuid(),
        coordinator_id: quotation.coordinator_id.uuid(),
        coordinator_user_id: quotation.coordinator_user_id.uuid(),
    }))
}
