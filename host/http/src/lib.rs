//! The HTTP trigger: outside requests in, responses out; calls between components; the operations listener.
//!
//! Promise: a component learns who calls from the host alone; a request that is too large, too slow or one too many gets
//! a clear answer (413, 431, 504, 503) and costs its neighbours nothing; a shutdown lets requests in flight finish.
//!
//! Deliberately absent: tokens, users and rights, which are api-gateway's, and TLS, which is the load balancer's.

pub mod bindings;
mod capability;
mod connections;
mod limits;
mod lingering;
mod listener;
mod operations;
mod problem;
mod rate_limit;
mod routes;
mod trigger;

pub use capability::{HttpCapability, INTERFACES};
pub use limits::HttpLimits;
pub use listener::{ListenError, Listener};
pub use operations::{Check, Need, Operations};
pub use trigger::HttpTrigger;
