//! What other services ask; nothing here can be reached from outside. They hear only of those who can be given work.

use crate::domain::SpecialistId;
use crate::profiles;
use crate::store::{self, Specialist};
use axum::Router;
use axum::routing::get;
use mutrapro_contracts::answers::SpecialistAnswer;
use mutrapro_sdk::identity::{UserId, internal_to_all};
use mutrapro_sdk::json::Json;
use mutrapro_sdk::problem::Result;
use mutrapro_sdk::query::Path;
use mutrapro_sdk::sql::Database;

/// The routes, for every service that may call this one.
pub(crate) fn routes() -> Router {
    internal_to_all(
        Router::new()
            .route("/internal/specialists/{id}", get(specialist))
            .route("/internal/users/{user_id}/specialist", get(specialist_of_user)),
    )
}

async fn specialist(Path(id): Path<SpecialistId>) -> Result<Json<SpecialistAnswer>> {
    let specialist = profiles::working(store::specialist(&Database, id)?)?;
    Ok(Json(answer(specialist)))
}

async fn specialist_of_user(Path(user_id): Path<UserId>) -> Result<Json<SpecialistAnswer>> {
    let specialist = profiles::working(store::specialist_of_user(&Database, user_id)?)?;
    Ok(Json(answer(specialist)))
}

fn answer(specialist: Specialist) -> SpecialistAnswer {
    SpecialistAnswer {
        id: specialist.id.uuid(),
        user_id: specialist.user_id.uuid(),
        full_name: specialist.full_name,
        specialization: specialist.specialization.to_string(),
        hourly_rate: specialist.hourly_rate,
        currency: specialist.currency.to_string(),
        max_concurrent_tasks: specialist.max_concurrent_tasks,
    }
}
