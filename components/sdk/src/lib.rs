//! What the author of a service in Rust uses, and no more.
//!
//! A service is an axum router, a function for its events and a function for its jobs, handed to [`service!`]. It reads
//! and writes its own tables through [`sql`], says what happened with [`sql::Transaction::emit`], and calls other
//! services with [`client`]. Errors are [`problem::Problem`] everywhere: a handler returns one and the client gets
//! RFC 9457 problem details.
//!
//! Every capability blocks, so handlers are `async fn` only because axum wants them so; nothing here is awaited but
//! bodies that stream. Deliberately absent: an async runtime, threads, connection strings, retries of unsafe calls, and
//! any way to publish an event outside a transaction.
//!
//! On native targets everything compiles and calls of capabilities panic, so keep rules in modules that call none and
//! test those.

// The macros of this crate name it as others do.
extern crate self as mutrapro_sdk;

// The names by which the macros of this crate, used in another, reach what they need.
#[doc(hidden)]
pub use {axum, serde, spin_sdk, utoipa, uuid};

#[doc(hidden)]
#[allow(unsafe_code, clippy::all, reason = "generated: the canonical ABI is written with raw pointers")]
pub mod bindings;

pub mod blobs;
pub mod client;
pub mod client_info;
pub mod events;
pub mod id;
pub mod idempotency;
pub mod identity;
pub mod jobs;
pub mod json;
pub mod log;
pub mod money;
pub mod openapi;
pub mod page;
pub mod plugins;
pub mod problem;
pub mod proxy;
pub mod query;
pub mod rate_limit;
pub mod service;
pub mod sql;
pub mod state;
pub mod streaming;
pub mod text_enum;
pub mod time;
pub mod variables;

pub use problem::{Problem, Result};
