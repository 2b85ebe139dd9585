//! Feedback of customers, and the log of everything that happened.
//!
//! A customer rates each side of a request once. Every event of the application, its own among them, becomes one row of
//! the activity log, in the transaction that marks the event as handled.
//!
//! Deliberately absent: changing or removing feedback, and any way to write the log but an event.

mod domain;
mod events;
mod routes;
mod store;

mutrapro_sdk::service! { router: routes::router, events: events::handle }
