//! A transaction on a connection of its own, which it gives back however it ends.
//!
//! READ COMMITTED: a statement sees what was committed before it started, and waits for rows that others have changed.

use super::connection::Call;
use super::errors::Failure;
use super::pool::Lease;
use super::savepoints::{Savepoints, only_reads};
use crate::bindings::mutrapro::sql::database::{Error, RowSet, Value};
use crate::limits::SqlLimits;
use crate::open::{Refusal, Work};
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Instant;

/// Begins a transaction of a service.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
/// Commits, and begins a transaction of the same kind.
const COMMIT_AND_BEGIN: &str = "COMMIT AND CHAIN";
/// Begins a migration: it takes the time that it needs, and of several hosts that migrate one waits for the other.
const BEGIN_UNLIMITED: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; \
     SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0; \
     SELECT pg_advisory_xact_lock(7887604321045377391)";

/// A connection with a transaction on it.
pub(super) struct Transacting {
    lease: Lease,
    savepoints: Savepoints,
    limits: Arc<SqlLimits>,
    is_limited: bool,
}

impl Transacting {
    pub(super) fn new(lease: Lease, limits: Arc<SqlLimits>, is_limited: bool) -> Self {
        let savepoints = Savepoints::new(if is_limited { BEGIN } else { BEGIN_UNLIMITED });
        Self { lease, savepoints, limits, is_limited }
    }

    /// When a statement that controls the transaction has to be over.
    fn control_deadline(&self) -> Option<Instant> {
        self.is_limited.then(|| Instant::now() + self.limits.statement_time)
    }

    /// Runs what controls the transaction. If it fails, nothing of the transaction stands.
    async fn control(&mut self, statements: &str, until: Option<Instant>) -> Result<(), Refusal> {
        let outcome = async { self.lease.connection()?.control(statements, until).await }.await;
        outcome.map_err(|failure| Refusal { error: failure.into_error(), ends: true })
    }

    /// Makes sure that the next statement can fail alone.
    async fn prepare_to_fail(&mut self, until: Option<Instant>) -> Result<(), Refusal> {
        match self.savepoints.before_statement() {
            Some(control) => self.control(&control, until).await,
            None => Ok(()),
        }
    }

    /// Goes back to before a statement that failed, unless nothing of the transaction stands.
    async fn conclude<T>(&mut self, statement: &str, outcome: Result<T, Failure>) -> Result<T, Refusal> {
        let refusal = match outcome {
            Ok(value) => {
                self.savepoints.succeeded(only_reads(statement));
                return Ok(value);
            }
            Err(Failure::Refused(error)) => return Err(Refusal::of(error)),
            Err(Failure::Unread { error, .. }) => Refusal::unread(error, statement),
            Err(failure) => Refusal::of(failure.into_error()),
        };
        if refusal.ends {
            return Err(refusal);
        }
        let stopped = self.lease.stop().await;
        stopped.map_err(|failure| Refusal { error: failure.into_error(), ends: true })?;
        let back = self.savepoints.after_failure();
        self.control(&back, self.control_deadline()).await?;
        Err(refusal)
    }
}

#[async_trait]
impl Work for Transacting {
    async fn begin(&mut self) -> Result<(), Refusal> {
        if self.is_limited && self.lease.take_begun() {
            return Ok(());
        }
        self.lease.end_begun(Instant::now() + self.limits.statement_time).await.map_err(Refusal::of)?;
        let begin = if self.is_limited { BEGIN } else { BEGIN_UNLIMITED };
        let begun = self.control(begin, self.control_deadline()).await;
        // A connection that died while it was idle: nothing was done on it yet.
        if begun.is_err() && self.lease.is_reused() && !self.lease.is_busy() {
            self.lease.renew().await.map_err(Refusal::of)?;
            return self.control(begin, self.control_deadline()).await;
        }
        begun
    }

    async fn query(&mut self, statement: &str, parameters: Vec<Value>, until: Instant) -> Result<RowSet, Refusal> {
        self.prepare_to_fail(Some(until)).await?;
        let call = Call { statement, parameters: &parameters, until, savepoints: Some(&mut self.savepoints) };
        let outcome = async { self.lease.connection()?.query(call, &self.limits).await }.await;
        self.conclude(statement, outcome).await
    }

    async fn execute(&mut self, statement: &str, parameters: Vec<Value>, until: Instant) -> Result<u64, Refusal> {
        self.prepare_to_fail(Some(until)).await?;
        let call = Call { statement, parameters: &parameters, until, savepoints: Some(&mut self.savepoints) };
        let outcome = async { self.lease.connection()?.execute(call).await }.await;
        self.conclude(statement, outcome).await
    }

    async fn execute_last_chance(
        &mut self,
        statement: &str,
        parameters: Vec<Value>,
        until: Instant,
    ) -> Result<u64, Refusal> {
        if let Some(control) = self.savepoints.before_last_chance() {
            self.control(&control, Some(until)).await?;
        }
        // Without points to go back to: from behind one of them earlier changes would be missing.
        let call = Call { statement, parameters: &parameters, until, savepoints: None };
        let outcome = async { self.lease.connection()?.execute(call).await }.await;
        let changed = outcome.map_err(|failure| Refusal { error: failure.into_error(), ends: true })?;
        self.savepoints.succeeded(false);
        Ok(changed)
    }

    async fn run_script(&mut self, script: &str) -> Result<(), Refusal> {
        let until = self.control_deadline();
        self.prepare_to_fail(until).await?;
        let outcome = async { self.lease.connection()?.control(script, until).await }.await;
        self.conclude(script, outcome).await
    }

    async fn savepoint(&mut self) -> Result<(), Refusal> {
        self.savepoints.push();
        Ok(())
    }

    async fn rollback_to_savepoint(&mut self) -> Result<(), Refusal> {
        match self.savepoints.roll_back().map_err(Refusal::of)? {
            Some(control) => self.control(&control, self.control_deadline()).await,
            None => Ok(()),
        }
    }

    async fn release_savepoint(&mut self) -> Result<(), Refusal> {
        self.savepoints.release().map_err(Refusal::of)
    }

    async fn commit(&mut self) -> Result<(), Error> {
        // Under load the next transaction begins in the same round trip.
        let is_awaited = self.is_limited && self.lease.is_awaited();
        let commit = if is_awaited { COMMIT_AND_BEGIN } else { "COMMIT" };
        self.control(commit, self.control_deadline()).await.map_err(|refusal| refusal.error)?;
        if is_awaited {
            self.lease.leave_begun();
        }
        Ok(())
    }

    fn is_running(&self) -> bool {
        self.lease.is_busy()
    }

    fn put_back(self) {
        self.lease.put_back();
    }

    async fn roll_back(mut self) {
        // What was begun for this transaction ends with it.
        self.lease.take_begun();
        // A connection that is busy or lost rolls back by closing.
        let Ok(connection) = self.lease.connection() else { return };
        if connection.is_ready() {
            let until = Instant::now() + self.limits.statement_time;
            match connection.control("ROLLBACK", Some(until)).await {
                Ok(()) => self.lease.put_back(),
                Err(failure) => {
                    tracing::warn!(error = ?failure.into_error(), "closing a connection that failed to roll back");
                }
            }
        }
    }
}
