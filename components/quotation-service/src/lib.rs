//! quotation-service: what customers ask for, what it costs, and what has to be paid when.
//!
//! It owns `service_requests`, `quotations`, `quotation_lines`, `pricing_matrix` and `payment_milestones`. Whether
//! money has come it hears from payment-service, and how far a project is from project-service. Its plugins for
//! `mutrapro:plugins/pricing` may adjust what it computes.

mod announcements;
mod domain;
mod events;
mod jobs;
mod paying;
mod pricing;
mod quoting;
mod requests;
mod routes;
mod store;

mutrapro_sdk::service! { router: routes::router, events: events::handle, jobs: jobs::run }
