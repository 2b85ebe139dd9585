//! Files: their content with the host, what is known of it in a table.
//!
//! Content streams in and out and is never held whole. Its type is found in its first bytes, whatever its name says; what
//! it is as audio is said by plugins, which look at the stored blob. A row is there before the content and until the
//! content is gone.
//!
//! Deliberately absent: changing a file (another upload of the name is another version), links that work without
//! signing in, and conversion.

mod access;
mod dependencies;
mod domain;
mod events;
mod inspection;
mod jobs;
mod openapi;
mod problems;
mod routes;
mod settings;
mod store;
mod upload;
mod views;

mutrapro_sdk::service! { router: routes::router, events: events::handle, jobs: jobs::run }
