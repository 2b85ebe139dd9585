//! payment-service: payments and refunds through gateways.
//!
//! It owns `payments`. What is to be paid it asks quotation-service, which hears of the outcome by events. A gateway is
//! asked outside of any transaction, and always under an id of ours, so that asking twice is asking once.

mod announcements;
mod charging;
mod dependencies;
mod domain;
mod events;
mod gateway;
mod jobs;
mod openapi;
mod refunding;
mod routes;
#[cfg(test)]
mod samples;
mod store;
mod webhooks;

mutrapro_sdk::service! { router: routes::router, events: events::handle, jobs: jobs::run }
