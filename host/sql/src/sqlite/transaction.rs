//! A transaction on the writing connection, which it gives back however it ends.

use super::constraints::Constraints;
use super::errors::{Failure, ends_transaction, translate};
use super::writer::Writer;
use crate::bindings::mutrapro::sql::database::{Error, RowSet, Value};
use crate::limits::SqlLimits;
use crate::transaction::BackEndTransaction;
use async_trait::async_trait;
use mutrapro_manifest::ComponentId;
use sqlparser::ast::{SetExpr, Statement};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, MutexGuard, Notify};
use tokio::task::AbortHandle;

/// What a transaction needs to know of its database.
#[derive(Clone)]
pub(super) struct Surroundings {
    pub(super) service: ComponentId,
    pub(super) limits: Arc<SqlLimits>,
    pub(super) constraints: Arc<Constraints>,
    pub(super) runtime: Handle,
}

/// An open transaction.
pub(super) struct SqliteTransaction {
    shared: Arc<Shared>,
    watch: Option<AbortHandle>,
    wakes: Vec<Arc<Notify>>,
    /// COMMIT was sent and its answer not seen.
    committing: bool,
}

/// What the transaction and its watch share.
struct Shared {
    surroundings: Surroundings,
    /// The turn to write; none once the transaction has ended. Locked while a statement runs.
    writer: Mutex<Option<Writer>>,
    ended: AtomicBool,
    deadline: Option<Instant>,
}

impl SqliteTransaction {
    /// Begins on `writer`, to be rolled back after `time` if it is still open then.
    ///
    /// Dropping this future gives the writer back as dropping the transaction does.
    pub(super) async fn begin(
        writer: Writer,
        surroundings: Surroundings,
        time: Option<Duration>,
    ) -> Result<Self, Error> {
        let deadline = time.map(|time| Instant::now() + time);
        let runtime = surroundings.runtime.clone();
        let shared = Arc::new(Shared {
            surroundings,
            writer: Mutex::new(Some(writer)),
            ended: AtomicBool::new(false),
            deadline,
        });
        let watch = deadline.map(|deadline| {
            let watched = Arc::clone(&shared);
            runtime.spawn(async move { watched.end_at(deadline).await }).abort_handle()
        });
        let transaction = Self { shared, watch, wakes: Vec::new(), committing: false };
        transaction.control("BEGIN IMMEDIATE").await?;
        Ok(transaction)
    }

    /// Runs one of the statements that control the transaction.
    async fn control(&self, statement: &'static str) -> Result<(), Error> {
        let mut turn = self.shared.turn().await?;
        let outcome = open(&mut turn)?.connection.control_prepared(statement).await;
        self.shared.conclude(turn, outcome.map_err(Failure::Database), statement).await
    }
}

#[async_trait]
impl BackEndTransaction for SqliteTransaction {
    async fn query(&mut self, statement: &str, parameters: Vec<Value>) -> Result<RowSet, Error> {
        let mut turn = self.shared.turn().await?;
        let until = self.shared.statement_deadline();
        let limits = &self.shared.surroundings.limits;
        let outcome = open(&mut turn)?.connection.query(statement, parameters, until, limits).await;
        self.shared.conclude(turn, outcome, statement).await
    }

    async fn execute(&mut self, statement: &str, parameters: Vec<Value>) -> Result<u64, Error> {
        let mut turn = self.shared.turn().await?;
        let until = self.shared.statement_deadline();
        let outcome = open(&mut turn)?.connection.execute(statement, parameters, until).await;
        self.shared.conclude(turn, outcome, statement).await
    }

    async fn run_script(&mut self, script: &str) -> Result<(), Error> {
        let mut turn = self.shared.turn().await?;
        let outcome = open(&mut turn)?.connection.control(script).await;
        self.shared.conclude(turn, outcome.map_err(Failure::Database), script).await
    }

    async fn savepoint(&mut self) -> Result<(), Error> {
        self.control("SAVEPOINT host").await
    }

    async fn rollback_to_savepoint(&mut self) -> Result<(), Error> {
        self.control("ROLLBACK TO host; RELEASE host").await
    }

    async fn release_savepoint(&mut self) -> Result<(), Error> {
        self.control("RELEASE host").await
    }

    fn notify_on_commit(&mut self, wake: &Arc<Notify>) {
        self.wakes.push(Arc::clone(wake));
    }

    fn is_open(&self) -> bool {
        !self.shared.ended.load(Ordering::Acquire)
    }

    async fn commit(mut self: Box<Self>) -> Result<(), Error> {
        let shared = Arc::clone(&self.shared);
        let mut turn = shared.turn().await?;
        self.committing = true;
        let outcome = open(&mut turn)?.connection.control_prepared("COMMIT").await;
        self.committing = false;
        shared.ended.store(true, Ordering::Release);
        let Some(writer) = turn.take() else { return Err(ended()) };
        match outcome {
            Ok(()) => {
                writer.put_back();
                self.wakes.iter().for_each(|wake| wake.notify_one());
                Ok(())
            }
            Err(error) => {
                writer.roll_back().await;
                Err(translate(&error, "COMMIT", &shared.surroundings.constraints))
            }
        }
    }

    async fn rollback(self: Box<Self>) {
        self.shared.end().await;
    }
}

impl Drop for SqliteTransaction {
    fn drop(&mut self) {
        if let Some(watch) = &self.watch {
            watch.abort();
        }
        if self.committing {
            // Nobody saw how the commit went: if it went well, what waits for it has to know.
            self.wakes.iter().for_each(|wake| wake.notify_one());
        }
        if self.is_open() {
            let shared = Arc::clone(&self.shared);
            self.shared.surroundings.runtime.spawn(async move { shared.end().await });
        }
    }
}

impl Shared {
    /// The turn to write, unless the transaction has ended.
    async fn turn(&self) -> Result<MutexGuard<'_, Option<Writer>>, Error> {
        let mut turn = self.writer.lock().await;
        if turn.as_ref().is_some_and(|writer| writer.connection.is_running()) {
            // A caller went away in the middle of a statement. SQLite stops it, and may undo everything with it.
            self.end_with(&mut turn).await;
        }
        if turn.is_none() {
            return Err(ended());
        }
        Ok(turn)
    }

    /// Translates an outcome, and ends the transaction if nothing of it stands.
    async fn conclude<T>(
        &self,
        mut turn: MutexGuard<'_, Option<Writer>>,
        outcome: Result<T, Failure>,
        statement: &str,
    ) -> Result<T, Error> {
        match outcome {
            Ok(value) => Ok(value),
            Err(failure) => {
                let half_read = matches!(failure, Failure::Unread(_)) && !reads(statement);
                let error = failure.into_error(statement, &self.surroundings.constraints);
                if half_read || ends_transaction(&error) {
                    self.end_with(&mut turn).await;
                }
                Err(error)
            }
        }
    }

    /// Rolls back, if it is still open.
    async fn end(&self) {
        let mut turn = self.writer.lock().await;
        self.end_with(&mut turn).await;
    }

    async fn end_with(&self, turn: &mut Option<Writer>) {
        self.ended.store(true, Ordering::Release);
        if let Some(writer) = turn.take() {
            // On its own task, so that it is finished even when the caller goes away.
            let rolled_back = self.surroundings.runtime.spawn(writer.roll_back());
            if rolled_back.await.is_err() {
                tracing::debug!(service = %self.surroundings.service, "rolling back was cut short by the end of the host");
            }
        }
    }

    async fn end_at(&self, deadline: Instant) {
        tokio::time::sleep_until(deadline.into()).await;
        let mut turn = self.writer.lock().await;
        if turn.is_some() {
            tracing::warn!(service = %self.surroundings.service, "rolled back a transaction that was open too long");
        }
        self.end_with(&mut turn).await;
    }

    /// No statement outlives its transaction.
    fn statement_deadline(&self) -> Instant {
        let own = Instant::now() + self.surroundings.limits.statement_time;
        self.deadline.map_or(own, |deadline| deadline.min(own))
    }
}

fn open(turn: &mut Option<Writer>) -> Result<&mut Writer, Error> {
    turn.as_mut().ok_or_else(ended)
}

fn ended() -> Error {
    Error::Unavailable("the transaction has been rolled back: it was open too long or failed before".to_owned())
}

/// Whether reading a part of the answer leaves nothing half done. Anything doubtful counts as a change.
///
/// Parsed only after the answer turned out too large.
fn reads(statement: &str) -> bool {
    match Parser::parse_sql(&PostgreSqlDialect {}, statement).as_deref() {
        Ok([Statement::Query(query)]) => {
            matches!(*query.body, SetExpr::Select(_) | SetExpr::SetOperation { .. } | SetExpr::Values(_))
        }
        _ => false,
    }
}
