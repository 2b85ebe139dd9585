//! Tells people what concerns them, once each.
//!
//! Every event that concerns someone becomes a notification for each of them, in the transaction that marks the event as
//! handled, and `notification.sent` with it. A user reads their own, and follows them as server-sent events for as long
//! as their session lasts, which auth-service is asked about.
//!
//! Deliberately absent: any way to write a notification over HTTP, and delivery by e-mail or the like, which is for
//! those who subscribe to `notification.sent`.

mod domain;
mod events;
mod routes;
mod sessions;
mod store;
mod stream;

mutrapro_sdk::service! { router: routes::router, events: events::handle }
