//! What every back end gives.

use crate::bindings::mutrapro::sql::database::{Error, RowSet, Value};
use crate::limits::NAME_BYTES_MAX;
use crate::transaction::Transaction;
use async_trait::async_trait;
use std::time::Duration;

/// One service's database. The caller is trusted: nothing here asks the guard.
#[async_trait]
pub trait Database: Send + Sync {
    /// Starts a transaction that writes, waiting in a fair queue for those before it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when its turn did not come within the limit, or the database does not answer.
    async fn begin(&self) -> Result<Transaction, Error>;

    /// Starts a transaction that may take as long as it needs: for migrations, before any service runs.
    ///
    /// # Errors
    /// As [`begin`](Self::begin).
    async fn begin_unlimited(&self) -> Result<Transaction, Error>;

    /// Runs one statement that only reads, on what was committed before it started. Waits for no writer.
    ///
    /// # Errors
    /// Any but [`Error::ConstraintViolated`].
    async fn query(&self, statement: &str, parameters: Vec<Value>) -> Result<RowSet, Error>;

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it does not.
    async fn ping(&self) -> Result<(), Error> {
        self.query("SELECT 1", Vec::new()).await.map(drop)
    }

    /// How long a row may still become visible whose position, given by the database, is below that of one that is. Zero with
    /// one writer at a time.
    fn gap_time(&self) -> Duration;

    /// The host's own migrations in this engine's dialect, as version, name and text.
    fn host_migrations(&self) -> &'static [(u32, &'static str, &'static str)];

    /// Told after migrations: reads anew what it knows of the schema.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the database does not answer.
    async fn refresh_schema(&self) -> Result<(), Error>;

    /// Waits for what is running, within the limits, and closes every connection. What comes after is refused.
    async fn close(&self);
}

/// Whether every engine takes `name` as a database's: it becomes a file's name, and PostgreSQL cuts longer ones.
pub(crate) fn is_database_name(name: &str) -> bool {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_plain && (1..=NAME_BYTES_MAX).contains(&name.len())
}
