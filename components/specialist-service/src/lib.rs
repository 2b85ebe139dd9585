//! specialist-service: who works for the studio, what they can do, and what they let others hear.
//!
//! It owns `specialists`, `skill_categories`, `skills`, `specialist_skills` and `artist_demos`. How busy a specialist
//! is it asks task-service, whose files demos are it asks file-service, and who a user is it asks user-service once and
//! then hears.

mod accounts;
mod announcements;
mod catalogue;
mod dependencies;
mod directory;
mod domain;
mod events;
mod portfolio;
mod profiles;
mod routes;
mod store;
mod views;

mutrapro_sdk::service! { router: routes::router, events: events::handle }
