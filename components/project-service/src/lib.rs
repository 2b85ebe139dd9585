//! project-service: what an approved quotation becomes, from the deposit to the last payment.
//!
//! It owns `projects`. What is paid it hears from quotation-service, what is done from task-service, and what is delivered,
//! accepted and to be done again from revision-service. Of that it keeps facts that come out the same in any order, and its
//! status follows from them.
//!
//! Deliberately absent: tasks, packages and revisions, and a history of its own: the timeline is read from the activity log.

mod announcements;
mod dependencies;
mod domain;
mod events;
mod following;
mod projects;
mod routes;
mod store;
mod views;

mutrapro_sdk::service! { router: routes::router, events: events::handle }
