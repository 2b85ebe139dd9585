//! The HTTP API, and who may use what of it.

pub(crate) mod categories;
pub(crate) mod demos;
pub(crate) mod internal;
pub(crate) mod me;
pub(crate) mod my_skills;
pub(crate) mod skills;
pub(crate) mod specialists;

use crate::domain::text::{NAME_CHARACTERS_MAX, TEXT_CHARACTERS_MAX, check_line, check_text};
use axum::Router;
use axum::routing::{get, patch, put};
use mutrapro_sdk::identity::{Role, User};
use mutrapro_sdk::json::FieldErrors;
use mutrapro_sdk::problem::Result;
use utoipa::OpenApi;

/// Every route of the service.
pub(crate) fn router() -> Router {
    Router::new()
        .route("/specialists", get(specialists::list).post(specialists::create))
        .route("/specialists/{id}", get(specialists::show))
        .route("/specialists/me", get(me::show).patch(me::change))
        .route("/specialists/me/skills/{skill_id}", put(my_skills::put).delete(my_skills::remove))
        .route("/specialists/me/demos", get(demos::list).post(demos::create))
        .route("/specialists/me/demos/{id}", patch(demos::change).delete(demos::remove))
        .route("/skills", get(skills::list).post(skills::create))
        .route("/skills/{id}", patch(skills::change))
        .route("/skill-categories", get(categories::list).post(categories::create))
        .route("/skill-categories/{id}", patch(categories::change))
        .merge(internal::routes())
        .merge(mutrapro_sdk::openapi::routes::<Document>())
}

#[derive(OpenApi)]
#[openapi(
    info(title = "specialist-service", description = "Profiles of specialists, their skills and demos"),
    paths(
        specialists::list,
        specialists::show,
        specialists::create,
        me::show,
        me::change,
        my_skills::put,
        my_skills::remove,
        demos::list,
        demos::create,
        demos::change,
        demos::remove,
        skills::list,
        skills::create,
        skills::change,
        categories::list,
        categories::create,
        categories::change,
    ),
    tags(
        (name = "specialists", description = "Who works for the studio"),
        (name = "own profile", description = "What specialists say of themselves, and let others hear"),
        (name = "skills", description = "What there is to be learnt")
    )
)]
pub(crate) struct Document;

/// Whether a list of the catalogue is of what can be chosen; of what cannot be, it is for administrators.
fn is_active(user: &User, parameter: Option<bool>) -> Result<bool> {
    let is_active = parameter.unwrap_or(true);
    if !is_active {
        user.require(Role::SystemAdmin)?;
    }
    Ok(is_active)
}

/// Checks what skills and categories are called.
fn check_name(errors: &mut FieldErrors, name: Option<&str>, description: Option<&str>) {
    if let Some(name) = name {
        errors.rule("name", check_line(name, NAME_CHARACTERS_MAX));
    }
    if let Some(description) = description {
        errors.rule("description", check_text(description, TEXT_CHARACTERS_MAX));
    }
}

#[cfg(test)]
mod tests;
