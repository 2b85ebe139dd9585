//! Starts whole systems in tests: the real host, real components, a data folder of their own, free ports; and the servers
//! that a host can be pointed at.
//!
//! Promise: what a test starts ends with it, and what a system logged is shown when the test fails. What a test needs and
//! cannot find makes it fail with the command that provides it.

mod application;
mod client;
mod host;
mod nats;
mod postgres;
mod process;
mod proxy;
mod s3;
mod servers;
pub mod spin_lock;
mod system;
mod wait;

pub use application::{Application, guest, target_folder};
pub use client::{Answer, Client, answer};
pub use host::{Host, executable as host_executable};
pub use nats::NatsServer;
pub use postgres::PostgresServer;
pub use proxy::TcpProxy;
pub use s3::S3Server;
pub use servers::Servers;
pub use system::{System, SystemBuilder};
pub use wait::{eventually, eventually_within};
