//! What other services ask; nothing here can be reached from outside.

use crate::bookings::{self, BookingDetails};
use crate::domain::BookingId;
use axum::Router;
use axum::routing::get;
use mutrapro_contracts::answers::BookingAnswer;
use mutrapro_sdk::identity::internal_to_all;
use mutrapro_sdk::json::Json;
use mutrapro_sdk::problem::Result;
use mutrapro_sdk::query::Path;
use mutrapro_sdk::sql::Database;

/// The routes, for every service that may call this one.
pub(crate) fn routes() -> Router {
    internal_to_all(Router::new().route("/internal/bookings/{id}", get(booking)))
}

async fn booking(Path(id): Path<BookingId>) -> Result<Json<BookingAnswer>> {
    let BookingDetails { booking, artists, .. } = bookings::found(&Database, id)?;
    let mut artist_user_ids = Vec::new();
    for artist in artists {
        let user_id = artist.specialist_user_id.uuid();
        // One who sings and plays is one person.
        if !artist_user_ids.contains(&user_id) {
            artist_user_ids.push(user_id);
        }
    }
    Ok(Json(BookingAnswer {
        id: booking.id.uuid(),
        customer_user_id: booking.customer_user_id.uuid(),
        project_id: booking.project_id.map(|id| id.uuid()),
        request_id: booking.request_id.map(|id| id.uuid()),
        coordinator_user_id: booking.coordinator_user_id.map(|id| id.uuid()),
        artist_user_ids,
        status: booking.status.to_string(),
    }))
}
