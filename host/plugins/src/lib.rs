//! Capability `mutrapro:plugins`: a service calls the plugins that its manifest entry names, and nobody else.
//!
//! Promise: whatever a plugin does costs one call. It runs on an instance of its own under its own limits, and what goes wrong
//! with it comes back as a `call-error`; one that keeps failing rests for a while, so that it costs no time either.
//!
//! Deliberately absent: what an answer means. Whether a price is sane or a notice fits its payment is for the service.

mod bindings;
mod breaker;
mod call;
mod capability;
mod host;
mod limits;
mod media;
mod metrics;

pub use capability::{INTERFACES, PluginsCapability};
pub use limits::PluginLimits;
pub use metrics::PluginMetrics;
