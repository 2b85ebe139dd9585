//! An open transaction, whatever the engine: who has its turn, when it has to end, and what becomes of it if nobody ends it.
//!
//! Promise: the connection goes back to the next one who waits however the transaction ends, also when its owner goes away in
//! the middle of a statement or holds it for longer than it may.

use crate::bindings::mutrapro::sql::database::{Error, RowSet, Value};
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

/// A connection with a transaction on it, as a back end has it.
///
/// The futures may be dropped at any time; [`is_running`](Self::is_running) is asked before the next call.
#[async_trait]
pub(crate) trait Work: Send + 'static {
    async fn begin(&mut self) -> Result<(), Refusal>;
    async fn query(&mut self, statement: &str, parameters: Vec<Value>, until: Instant) -> Result<RowSet, Refusal>;
    async fn execute(&mut self, statement: &str, parameters: Vec<Value>, until: Instant) -> Result<u64, Refusal>;
    /// As `execute`, where an error ends the transaction anyway.
    async fn execute_last_chance(
        &mut self,
        statement: &str,
        parameters: Vec<Value>,
        until: Instant,
    ) -> Result<u64, Refusal> {
        self.execute(statement, parameters, until).await
    }
    /// Takes the time that it needs.
    async fn run_script(&mut self, script: &str) -> Result<(), Refusal>;
    async fn savepoint(&mut self) -> Result<(), Refusal>;
    async fn rollback_to_savepoint(&mut self) -> Result<(), Refusal>;
    async fn release_savepoint(&mut self) -> Result<(), Refusal>;
    async fn commit(&mut self) -> Result<(), Error>;
    /// Whether a statement was started whose end was not seen.
    fn is_running(&self) -> bool;
    /// Gives the connection, on which no transaction is open any more, to the next one.
    fn put_back(self);
    /// Rolls back and gives the connection to the next one.
    async fn roll_back(self);
}

/// Why a statement did not run to its end.
pub(crate) struct Refusal {
    pub(crate) error: Error,
    /// Whether nothing of the transaction stands any more.
    pub(crate) ends: bool,
}

impl Refusal {
    /// Of a statement whose transaction goes on, unless the error says that it cannot.
    pub(crate) fn of(error: Error) -> Self {
        let ends = matches!(error, Error::Unavailable(_) | Error::Conflict);
        Self { error, ends }
    }

    /// Of a statement whose answer was not read to the end: if it changed rows, they are as good as unknown.
    pub(crate) fn unread(error: Error, statement: &str) -> Self {
        Self { error, ends: !reads(statement) }
    }
}

/// What an open transaction needs to know of its database.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) service: ComponentId,
    /// How long a statement may run.
    pub(crate) statement_time: Duration,
    /// How long the transaction may be open, if there is a limit.
    pub(crate) transaction_time: Option<Duration>,
    pub(crate) runtime: Handle,
}

/// An open transaction.
pub(crate) struct Open<W: Work> {
    held: Arc<Held<W>>,
    watch: Option<AbortHandle>,
    wakes: Vec<Arc<Notify>>,
    /// The commit was sent and its answer not seen.
    committing: bool,
}

/// What the transaction and its watch share.
struct Held<W> {
    surroundings: Surroundings,
    /// None once the transaction has ended. Locked while a statement runs.
    work: Mutex<Option<W>>,
    ended: AtomicBool,
    deadline: Option<Instant>,
}

impl<W: Work> Open<W> {
    /// Begins a transaction, to be rolled back once its time is over. Dropping this future does what dropping it would.
    pub(crate) async fn begin(work: W, surroundings: Surroundings) -> Result<Self, Error> {
        let open = Self::new(work, surroundings);
        let mut turn = open.held.turn().await?;
        let outcome = self::work(&mut turn)?.begin().await;
        open.held.conclude(turn, outcome).await?;
        Ok(open)
    }

    fn new(work: W, surroundings: Surroundings) -> Self {
        let deadline = surroundings.transaction_time.map(|time| Instant::now() + time);
        let held =
            Arc::new(Held { work: Mutex::new(Some(work)), ended: AtomicBool::new(false), deadline, surroundings });
        let watch = deadline.map(|deadline| {
            let watched = Arc::clone(&held);
            held.surroundings.runtime.spawn(async move { watched.end_at(deadline).await }).abort_handle()
        });
        Self { held, watch, wakes: Vec::new(), committing: false }
    }

    fn wake(&self) {
        self.wakes.iter().for_each(|wake| wake.notify_one());
    }
}

#[async_trait]
impl<W: Work> BackEndTransaction for Open<W> {
    async fn query(&mut self, statement: &str, parameters: Vec<Value>) -> Result<RowSet, Error> {
        let mut turn = self.held.turn().await?;
        let outcome = work(&mut turn)?.query(statement, parameters, self.held.statement_deadline()).await;
        self.held.conclude(turn, outcome).await
    }

    async fn execute(&mut self, statement: &str, parameters: Vec<Value>) -> Result<u64, Error> {
        let mut turn = self.held.turn().await?;
        let outcome = work(&mut turn)?.execute(statement, parameters, self.held.statement_deadline()).await;
        self.held.conclude(turn, outcome).await
    }

    async fn execute_or_end(&mut self, statement: &str, parameters: Vec<Value>) -> Result<u64, Error> {
        let mut turn = self.held.turn().await?;
        let until = self.held.statement_deadline();
        let outcome = work(&mut turn)?.execute_last_chance(statement, parameters, until).await;
        let outcome = outcome.map_err(|refusal| Refusal { ends: true, ..refusal });
        self.held.conclude(turn, outcome).await
    }

    async fn run_script(&mut self, script: &str) -> Result<(), Error> {
        let mut turn = self.held.turn().await?;
        let outcome = work(&mut turn)?.run_script(script).await;
        self.held.conclude(turn, outcome).await
    }

    async fn savepoint(&mut self) -> Result<(), Error> {
        let mut turn = self.held.turn().await?;
        let outcome = work(&mut turn)?.savepoint().await;
        self.held.conclude(turn, outcome).await
    }

    async fn rollback_to_savepoint(&mut self) -> Result<(), Error> {
        let mut turn = self.held.turn().await?;
        let outcome = work(&mut turn)?.rollback_to_savepoint().await;
        self.held.conclude(turn, outcome).await
    }

    async fn release_savepoint(&mut self) -> Result<(), Error> {
        let mut turn = self.held.turn().await?;
        let outcome = work(&mut turn)?.release_savepoint().await;
        self.held.conclude(turn, outcome).await
    }

    fn notify_on_commit(&mut self, wake: &Arc<Notify>) {
        self.wakes.push(Arc::clone(wake));
    }

    fn is_open(&self) -> bool {
        !self.held.ended.load(Ordering::Acquire)
    }

    async fn commit(mut self: Box<Self>) -> Result<(), Error> {
        let held = Arc::clone(&self.held);
        let mut turn = held.turn().await?;
        self.committing = true;
        let outcome = work(&mut turn)?.commit().await;
        self.committing = false;
        held.ended.store(true, Ordering::Release);
        let Some(work) = turn.take() else { return Err(ended()) };
        match outcome {
            Ok(()) => {
                work.put_back();
                self.wake();
                Ok(())
            }
            Err(error) => {
                work.roll_back().await;
                if matches!(error, Error::Unavailable(_)) {
                    // It may have gone well all the same.
                    self.wake();
                }
                Err(error)
            }
        }
    }

    async fn rollback(self: Box<Self>) {
        self.held.end().await;
    }
}

impl<W: Work> Drop for Open<W> {
    fn drop(&mut self) {
        if let Some(watch) = &self.watch {
            watch.abort();
        }
        if self.committing {
            // Nobody saw how the commit went: if it went well, what waits for it has to know.
            self.wake();
        }
        if !self.held.ended.load(Ordering::Acquire) {
            let held = Arc::clone(&self.held);
            self.held.surroundings.runtime.spawn(async move { held.end().await });
        }
    }
}

impl<W: Work> Held<W> {
    /// The connection, unless the transaction has ended.
    async fn turn(&self) -> Result<MutexGuard<'_, Option<W>>, Error> {
        let mut turn = self.work.lock().await;
        if turn.as_ref().is_some_and(Work::is_running) {
            // A caller went away in the middle of a statement, which is stopped then and may undo everything with it.
            self.end_with(&mut turn).await;
        }
        if turn.is_none() {
            return Err(ended());
        }
        Ok(turn)
    }

    /// Ends the transaction if nothing of it stands.
    async fn conclude<T>(&self, mut turn: MutexGuard<'_, Option<W>>, outcome: Result<T, Refusal>) -> Result<T, Error> {
        match outcome {
            Ok(value) => Ok(value),
            Err(Refusal { error, ends }) => {
                if ends {
                    self.end_with(&mut turn).await;
                }
                Err(error)
            }
        }
    }

    /// Rolls back, if it is still open.
    async fn end(&self) {
        let mut turn = self.work.lock().await;
        self.end_with(&mut turn).await;
    }

    async fn end_with(&self, turn: &mut Option<W>) {
        self.ended.store(true, Ordering::Release);
        if let Some(work) = turn.take() {
            // On its own task, so that it is finished even when the caller goes away.
            let rolled_back = self.surroundings.runtime.spawn(work.roll_back());
            if rolled_back.await.is_err() {
                tracing::debug!(service = %self.surroundings.service, "rolling back was cut short by the end of the host");
            }
        }
    }

    async fn end_at(&self, deadline: Instant) {
        tokio::time::sleep_until(deadline.into()).await;
        let mut turn = self.work.lock().await;
        if turn.is_some() {
            tracing::warn!(service = %self.surroundings.service, "rolled back a transaction that was open too long");
        }
        self.end_with(&mut turn).await;
    }

    /// No statement outlives its transaction.
    fn statement_deadline(&self) -> Instant {
        let own = Instant::now() + self.surroundings.statement_time;
        self.deadline.map_or(own, |deadline| deadline.min(own))
    }
}

fn work<W>(turn: &mut Option<W>) -> Result<&mut W, Error> {
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
