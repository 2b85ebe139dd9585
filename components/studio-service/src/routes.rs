//! The HTTP API, and who may use what of it.

pub(crate) mod availability;
pub(crate) mod bookings;
pub(crate) mod categories;
pub(crate) mod equipment;
pub(crate) mod internal;
pub(crate) mod sessions;
pub(crate) mod studio_equipment;
pub(crate) mod studios;

use axum::Router;
use axum::routing::{get, patch, post};
use mutrapro_sdk::identity::{Role, User};
use mutrapro_sdk::json::{FieldErrors, Patch};
use utoipa::OpenApi;

/// Every route of the service.
pub(crate) fn router() -> Router {
    Router::new()
        .route("/studios", get(studios::list).post(studios::create))
        .route("/studios/{id}", get(studios::show).patch(studios::change))
        .route("/studios/{id}/availability", get(availability::show))
        .route("/equipment-categories", get(categories::list).post(categories::create))
        .route("/equipment-categories/{id}", patch(categories::change))
        .route("/equipment", get(equipment::list).post(equipment::create))
        .route("/equipment/{id}", get(equipment::show).patch(equipment::change))
        .route("/studio-equipment", get(studio_equipment::list).post(studio_equipment::create))
        .route("/studio-equipment/{id}", get(studio_equipment::show).patch(studio_equipment::change))
        .route("/bookings", get(bookings::list).post(bookings::create))
        .route("/bookings/quote", post(bookings::quote))
        .route("/bookings/{id}", get(bookings::show))
        .route("/bookings/{id}/confirm", post(sessions::confirm))
        .route("/bookings/{id}/cancel", post(sessions::cancel))
        .route("/bookings/{id}/start", post(sessions::start))
        .route("/bookings/{id}/complete", post(sessions::complete))
        .merge(internal::routes())
        .merge(mutrapro_sdk::openapi::routes::<Document>())
}

#[derive(OpenApi)]
#[openapi(
    info(title = "studio-service", description = "Studios, their equipment and bookings"),
    paths(
        studios::list,
        studios::show,
        studios::create,
        studios::change,
        availability::show,
        categories::list,
        categories::create,
        categories::change,
        equipment::list,
        equipment::show,
        equipment::create,
        equipment::change,
        studio_equipment::list,
        studio_equipment::show,
        studio_equipment::create,
        studio_equipment::change,
        bookings::list,
        bookings::show,
        bookings::create,
        bookings::quote,
        sessions::confirm,
        sessions::cancel,
        sessions::start,
        sessions::complete,
    ),
    tags(
        (name = "studios", description = "Rooms that are booked by the hour, and when they are free"),
        (name = "equipment", description = "What is in the studios, and what of it can be lent for a session"),
        (name = "bookings", description = "Sessions: who has which studio when, with whom and with what")
    )
)]
pub(crate) struct Document;

/// Whether to list what is in use: administrators say, everyone else sees nothing else.
fn listed(user: &User, is_active: Option<bool>) -> Option<bool> {
    if user.is(Role::SystemAdmin) { is_active } else { Some(true) }
}

/// Whether somebody may see what is not in use any more.
fn sees_all(user: &User) -> bool {
    user.is(Role::SystemAdmin)
}

/// Checks a field that is given.
fn rule<T: ?Sized, E: ToString>(
    errors: &mut FieldErrors,
    field: &str,
    value: Option<&T>,
    check: impl Fn(&T) -> Result<(), E>,
) {
    if let Some(value) = value {
        errors.rule(field, check(value));
    }
}

fn trimmed(text: &str) -> String {
    text.trim().to_owned()
}

fn trimmed_patch(text: Patch<String>) -> Patch<String> {
    match text {
        Patch::Set(text) => Patch::Set(trimmed(&text)),
        other => other,
    }
}

#[cfg(test)]
mod tests;
