//! auth-service: registration, sign-in, sessions and refresh tokens.
//!
//! It keeps no users, passwords or roles: it asks user-service. A session is the source of truth: an access token is worth
//! something while its session is active, and the gateway asks here. Deliberately absent: cookies, and any way to turn a
//! refresh token into something that the gateway accepts.

mod accounts;
mod domain;
mod events;
mod jobs;
mod openapi;
mod problems;
mod routes;
mod sessions;
mod store;
mod tokens;

mutrapro_sdk::service! { router: routes::router, events: events::handle, jobs: jobs::run }
