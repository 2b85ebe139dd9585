//! The host's side of the throughput benchmark: what `bench/src/native` does without a host, route by route.
//!
//! Promise: the same statements, the same JSON and the same statuses as the native server, written as a
//! service's author would write them with the SDK. Deliberately absent: anything done for the benchmark's sake alone,
//! but for `POST /events/{n}`, which fills the outbox faster than requests could, and `GET /plugin-calls/{n}`, which times calls
//! into a plugin.

mod item;
mod plugin_calls;
mod routes;
mod store;

mutrapro_sdk::service! { router: routes::router }
