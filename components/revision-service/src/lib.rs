//! revision-service: packages that are delivered to customers, and the revisions that they ask for.
//!
//! It owns `revision_requests`, `deliverable_packages` and `package_files`. What a project is and what it includes it asks
//! project-service, whether a file is there file-service; whether a fee is paid it hears from quotation-service, and how far
//! the work on a revision is from task-service.
//!
//! Deliberately absent: a copy of projects (each row keeps what its events tell of its project), and prices: what a revision
//! costs is the project's.

mod announcements;
mod dependencies;
mod domain;
mod events;
mod packages;
mod revisions;
mod routes;
mod store;

mutrapro_sdk::service! { router: routes::router, events: events::handle }
