//! The rules of the service: what may be said of a request, what a specialist's ratings come to, and what the log keeps
//! of an event.

pub(crate) mod activity;
pub(crate) mod feedback;
pub(crate) mod rating;
