//! The service's paths, and who may take them.

pub(crate) mod coordinators;
pub(crate) mod internal;
pub(crate) mod me;
pub(crate) mod users;

use crate::openapi::Document;
use axum::Router;
use axum::routing::{delete, get, post};
use mutrapro_sdk::openapi;

pub(crate) fn router() -> Router {
    Router::new()
        .route("/users/me", get(me::show).patch(me::change))
        .route("/users/me/password", post(me::change_password))
        .route("/users/me/customer", get(me::show_customer).patch(me::change_customer))
        .route("/users", get(users::list))
        .route("/users/{id}", get(users::show).patch(users::change))
        .route("/users/{id}/deactivate", post(users::deactivate))
        .route("/users/{id}/activate", post(users::activate))
        .route("/users/{id}/roles", post(users::grant_role))
        .route("/users/{id}/roles/{role}", delete(users::revoke_role))
        .route("/coordinators", get(coordinators::list).post(coordinators::add))
        .merge(internal::routes())
        .merge(openapi::routes::<Document>())
}

#[cfg(test)]
mod tests;
