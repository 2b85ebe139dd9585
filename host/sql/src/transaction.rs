//! A unit of work, whatever the engine.

use crate::bindings::mutrapro::sql::database::{Error, RowSet, Value};
use crate::metrics::{ServiceMetrics, observe};
use async_trait::async_trait;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::Notify;

/// One unit of work in one service's database: all of it becomes durable, or none.
///
/// Dropping it rolls back, in the background: the next writer starts once that is done. After [`Error::Unavailable`] or
/// [`Error::Conflict`] it has been rolled back, and whatever follows is `unavailable`; every other error leaves what ran
/// before the failed statement as it was, and the transaction usable.
pub struct Transaction {
    back_end: Box<dyn BackEndTransaction>,
    metrics: Arc<ServiceMetrics>,
}

/// What a back end implements; dropping it rolls back.
#[async_trait]
pub(crate) trait BackEndTransaction: Send {
    async fn query(&mut self, statement: &str, parameters: Vec<Value>) -> Result<RowSet, Error>;
    async fn execute(&mut self, statement: &str, parameters: Vec<Value>) -> Result<u64, Error>;
    /// As `execute`; an error ends the transaction.
    async fn execute_or_end(&mut self, statement: &str, parameters: Vec<Value>) -> Result<u64, Error>;
    /// Runs any number of statements without parameters.
    async fn run_script(&mut self, script: &str) -> Result<(), Error>;
    async fn savepoint(&mut self) -> Result<(), Error>;
    async fn rollback_to_savepoint(&mut self) -> Result<(), Error>;
    async fn release_savepoint(&mut self) -> Result<(), Error>;
    fn notify_on_commit(&mut self, wake: &Arc<Notify>);
    fn is_open(&self) -> bool;
    async fn commit(self: Box<Self>) -> Result<(), Error>;
    async fn rollback(self: Box<Self>);
}

impl Transaction {
    /// The transaction that `beginning` gives, once it has; how long that takes is measured.
    pub(crate) async fn begin<B: BackEndTransaction + 'static>(
        beginning: impl Future<Output = Result<B, Error>>,
        metrics: &Arc<ServiceMetrics>,
    ) -> Result<Self, Error> {
        let started = Instant::now();
        let begun = beginning.await;
        observe(&metrics.begin_wait, started);
        Ok(Self { back_end: Box::new(begun?), metrics: Arc::clone(metrics) })
    }

    /// Runs one statement and answers its rows.
    ///
    /// # Errors
    /// As in the contract. A statement that changes rows and answers too many of them ends the transaction.
    pub async fn query(&mut self, statement: &str, parameters: Vec<Value>) -> Result<RowSet, Error> {
        let started = Instant::now();
        let outcome = self.back_end.query(statement, parameters).await;
        observe(&self.metrics.query, started);
        outcome
    }

    /// Runs one statement and answers how many rows it changed.
    ///
    /// # Errors
    /// As in the contract.
    pub async fn execute(&mut self, statement: &str, parameters: Vec<Value>) -> Result<u64, Error> {
        let started = Instant::now();
        let outcome = self.back_end.execute(statement, parameters).await;
        observe(&self.metrics.execute, started);
        outcome
    }

    /// As [`execute`](Self::execute), for the host's own statements, which fail for nothing that a service says: any error ends
    /// the transaction, so nothing has to be done beforehand to keep it usable.
    ///
    /// # Errors
    /// As in the contract.
    pub async fn execute_or_end(&mut self, statement: &str, parameters: Vec<Value>) -> Result<u64, Error> {
        let started = Instant::now();
        let outcome = self.back_end.execute_or_end(statement, parameters).await;
        observe(&self.metrics.execute, started);
        outcome
    }

    pub(crate) async fn run_script(&mut self, script: &str) -> Result<(), Error> {
        self.back_end.run_script(script).await
    }

    /// Marks a point to which the transaction can go back; they nest.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the transaction has ended.
    pub async fn savepoint(&mut self) -> Result<(), Error> {
        self.back_end.savepoint().await
    }

    /// Undoes everything since the last savepoint, and forgets it.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the transaction has ended, [`Error::Invalid`] when there is no savepoint.
    pub async fn rollback_to_savepoint(&mut self) -> Result<(), Error> {
        self.back_end.rollback_to_savepoint().await
    }

    /// Forgets the last savepoint; what was done since then stays.
    ///
    /// # Errors
    /// As [`rollback_to_savepoint`](Self::rollback_to_savepoint).
    pub async fn release_savepoint(&mut self) -> Result<(), Error> {
        self.back_end.release_savepoint().await
    }

    /// Has `wake` notified once (`notify_one`) after a commit. It may also be notified when the caller did not wait for
    /// the outcome of a commit; never when the transaction was rolled back before.
    pub fn notify_on_commit(&mut self, wake: &Arc<Notify>) {
        self.back_end.notify_on_commit(wake);
    }

    /// Whether it can still be used: false once it was rolled back for an error or for being open too long.
    pub fn is_open(&self) -> bool {
        self.back_end.is_open()
    }

    /// Makes every change durable.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the outcome is unknown or the transaction had ended before;
    /// [`Error::ConstraintViolated`] for a deferred constraint: nothing stands then.
    pub async fn commit(self) -> Result<(), Error> {
        let started = Instant::now();
        let outcome = self.back_end.commit().await;
        observe(&self.metrics.commit, started);
        outcome
    }

    /// Undoes everything, and returns once the next writer can start.
    pub async fn rollback(self) {
        self.back_end.rollback().await;
    }
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").field("open", &self.is_open()).finish_non_exhaustive()
    }
}
