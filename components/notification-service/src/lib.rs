//! Tells people what concerns them, once each.
//!
//! Every event that concerns someone becomes a notification for each of them, in the transaction that marks the event as
//! handled, and `notification.sent` with it. A user reads their own, and follows them as server-sent events for as long
//! as their session lasts, which auth-service is asked about. Notifiers, which are plugins, get each notification too,
//! with the recipient's name and e-mail address from user-service, and are asked again until they have it or time is
//! over.
//!
//! Deliberately absent: any way to write a notification over HTTP, and any channel to people but the API, such as
//! e-mail: that is what a notifier is for.

mod delivering;
mod domain;
mod events;
mod jobs;
mod recipients;
mod routes;
mod sessions;
mod store;
mod stream;

mutrapro_sdk::service! { router: routes::router, events: events::handle, jobs: jobs::run }
