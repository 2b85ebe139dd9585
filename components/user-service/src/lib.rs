//! user-service: accounts, the roles that they hold, and the profiles of customers and coordinators.
//!
//! It alone keeps passwords (as Argon2id hashes) and says whether one is right; sessions and tokens are auth-service's.
//! It handles no events: nothing that others do changes an account.

mod accounts;
mod credentials;
mod domain;
mod jobs;
mod openapi;
mod password;
mod problems;
mod routes;
mod store;
mod views;

mutrapro_sdk::service! { router: routes::router, jobs: jobs::run }
