//! Starts whole systems in tests: the real host, real components, a data folder of their own, free ports.
//!
//! Promise: what a test starts ends with it, and what a system logged is shown when the test fails. What a test needs and
//! cannot find makes it fail with the command that provides it.

mod application;
mod client;
mod system;
mod wait;

pub use application::Application;
pub use client::{Answer, Client, answer};
pub use system::{System, SystemBuilder};
pub use wait::{eventually, eventually_within};
