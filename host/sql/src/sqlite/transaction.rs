//! A transaction on the writing connection, which it gives back however it ends.

use super::constraints::Constraints;
use super::errors::{Failure, translate};
use super::writer::Writer;
use crate::bindings::mutrapro::sql::database::{Error, RowSet, Value};
use crate::limits::SqlLimits;
use crate::open::{Refusal, Work};
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Instant;

/// The turn to write, with a transaction on it.
pub(super) struct Writing {
    pub(super) writer: Writer,
    pub(super) limits: Arc<SqlLimits>,
    pub(super) constraints: Arc<Constraints>,
}

impl Writing {
    /// Runs one of the statements that control the transaction.
    async fn control(&mut self, statement: &'static str) -> Result<(), Refusal> {
        let outcome = self.writer.connection.control_prepared(statement).await;
        outcome.map_err(|error| self.refusal(Failure::Database(error), statement))
    }

    fn refusal(&self, failure: Failure, statement: &str) -> Refusal {
        let is_unread = matches!(failure, Failure::Unread(_));
        let error = failure.into_error(statement, &self.constraints);
        if is_unread { Refusal::unread(error, statement) } else { Refusal::of(error) }
    }
}

#[async_trait]
impl Work for Writing {
    async fn begin(&mut self) -> Result<(), Refusal> {
        self.control("BEGIN IMMEDIATE").await
    }

    async fn query(&mut self, statement: &str, parameters: Vec<Value>, until: Instant) -> Result<RowSet, Refusal> {
        let outcome = self.writer.connection.query(statement, parameters, until, &self.limits).await;
        outcome.map_err(|failure| self.refusal(failure, statement))
    }

    async fn execute(&mut self, statement: &str, parameters: Vec<Value>, until: Instant) -> Result<u64, Refusal> {
        let outcome = self.writer.connection.execute(statement, parameters, until).await;
        outcome.map_err(|failure| self.refusal(failure, statement))
    }

    async fn run_script(&mut self, script: &str) -> Result<(), Refusal> {
        let outcome = self.writer.connection.control(script).await;
        outcome.map_err(|error| self.refusal(Failure::Database(error), script))
    }

    async fn savepoint(&mut self) -> Result<(), Refusal> {
        self.control("SAVEPOINT host").await
    }

    async fn rollback_to_savepoint(&mut self) -> Result<(), Refusal> {
        self.control("ROLLBACK TO host; RELEASE host").await
    }

    async fn release_savepoint(&mut self) -> Result<(), Refusal> {
        self.control("RELEASE host").await
    }

    async fn commit(&mut self) -> Result<(), Error> {
        let outcome = self.writer.connection.control_prepared("COMMIT").await;
        outcome.map_err(|error| translate(&error, "COMMIT", &self.constraints))
    }

    fn is_running(&self) -> bool {
        self.writer.connection.is_running()
    }

    fn put_back(self) {
        self.writer.put_back();
    }

    async fn roll_back(self) {
        self.writer.roll_back().await;
    }
}
