//! Capability `mutrapro:sql`: SQL over the tables that a service owns.
//!
//! Promise: a statement of a service runs only if the [guard](SqlCapability) understands all of it, and then it touches
//! that service's own tables alone; a transaction is durable as a whole or leaves nothing behind, whatever becomes of
//! the guest that opened it; no caller waits for ever, neither for the writer nor for a statement.
//!
//! Deliberately absent: floating point, savepoints for guests, and any way for a guest to name another database. Back ends are private: what the rest
//! of the host knows are [`Databases`], [`Database`] and [`Transaction`].

mod answer;
pub mod bindings;
mod capability;
mod database;
mod databases;
mod error;
mod guard;
mod host;
mod instant;
mod limits;
mod metrics;
mod migrations;
mod open;
mod postgres;
mod sqlite;
mod transaction;

pub use bindings::mutrapro::sql::database::{Error, RowSet, Value};
pub use capability::{INTERFACES, SqlCapability};
pub use database::Database;
pub use databases::Databases;
pub use error::{MigrateError, OpenError};
pub use host::{TransactionResource, lend, take_back, transaction_mut};
pub use instant::canonical_instant;
pub use limits::SqlLimits;
pub use metrics::SqlMetrics;
pub use migrations::{AppliedMigration, PendingMigration};
pub use postgres::{HOST_ROLE, KeyError, PostgresConfig, ProvisionError, Provisioner, RolePasswords, role_of};
pub use sqlite::{SqliteConfig, Synchronous};
pub use transaction::Transaction;
