//! Feedback of customers, and the log of everything that happened.
//!
//! A customer rates each side of a completed request once, which rates those who worked on it. Every event of the
//! application, its own among them, becomes one row of the activity log, in the transaction that marks the event as handled;
//! project-service reads the timelines of its projects from there.
//!
//! Deliberately absent: changing or removing feedback, and any way to write the log but an event.

mod announcements;
mod domain;
mod events;
mod routes;
mod store;

mutrapro_sdk::service! { router: routes::router, events: events::handle }
