//! task-service: who does what until when.
//!
//! It owns `task_assignments`. Whether a project takes tasks it asks project-service, what a specialist takes on
//! specialist-service, and what is to be revised revision-service; that a project was cancelled it hears.

mod announcements;
mod assigning;
mod dependencies;
mod domain;
mod events;
mod jobs;
mod routes;
mod store;
mod tasks;

mutrapro_sdk::service! { router: routes::router, events: events::handle, jobs: jobs::run }
