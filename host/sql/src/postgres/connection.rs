//! One connection: runs a statement within its time, and knows whether it can be trusted afterwards.

use super::errors::Failure;
use super::hints::{Hints, KnownHints};
use super::parameters::{arguments, fits};
use super::savepoints::Savepoints;
use super::types;
use super::values::Rows;
use crate::answer::count_parameters;
use crate::bindings::mutrapro::sql::database::{RowSet, Value};
use crate::limits::{ANSWER_GRACE, SqlLimits, STOP_TIME, STOP_WAIT};
use futures::TryStreamExt;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgStatement, PgTypeInfo};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection as _, Either, Executor, Row, SqlSafeStr, Statement};
use std::sync::Arc;
use std::time::Instant;

/// How often a server that is told to stop is asked whether it is ready: once for each error that it still answers.
const ERRORS_MAX: usize = 8;

/// A connection to one database, signed in as one role.
pub(super) struct Connection {
    inner: PgConnection,
    state: State,
    /// By which the server knows it: what cancels its statement.
    process_id: i32,
    options: Arc<PgConnectOptions>,
    hints: Arc<KnownHints>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It takes the next statement.
    Ready,
    /// A statement was started and its end not seen: its caller went away.
    Running,
    /// A statement's answer was not read to the end.
    Unread,
    /// It takes none any more.
    Lost,
}

/// A statement with what it needs to run.
pub(super) struct Call<'a> {
    pub(super) statement: &'a str,
    pub(super) parameters: &'a [Value],
    pub(super) until: Instant,
    /// Those of the transaction that it runs in, if any.
    pub(super) savepoints: Option<&'a mut Savepoints>,
}

impl Connection {
    /// Opens a connection. `hints` are those of its database.
    pub(super) async fn open(options: Arc<PgConnectOptions>, hints: Arc<KnownHints>) -> Result<Self, sqlx::Error> {
        let mut inner = options.connect().await?;
        let process_id = inner.fetch_one(sqlx::raw_sql("SELECT pg_backend_pid()")).await?.try_get(0)?;
        Ok(Self { inner, state: State::Ready, process_id, options, hints })
    }

    /// Runs one statement and collects its rows.
    pub(super) async fn query(&mut self, call: Call<'_>, limits: &SqlLimits) -> Result<RowSet, Failure> {
        self.state = State::Running;
        let outcome = within(Some(call.until), self.collect(call, limits)).await;
        self.conclude(outcome)
    }

    async fn collect(&mut self, mut call: Call<'_>, limits: &SqlLimits) -> Result<RowSet, Failure> {
        let prepared = self.prepare(&mut call).await?;
        let arguments = arguments(call.parameters, parameters_of(&prepared))?;
        let mut answer = Rows::new(limits);
        let mut rows = self.inner.fetch_many(prepared.query_with(arguments));
        while let Some(item) = rows.try_next().await? {
            if let Either::Right(row) = item {
                answer.push(&row).map_err(Failure::Unread)?;
            }
        }
        Ok(answer.finish())
    }

    /// Runs one statement and counts the rows that it changed.
    pub(super) async fn execute(&mut self, mut call: Call<'_>) -> Result<u64, Failure> {
        self.state = State::Running;
        let until = Some(call.until);
        let outcome = within(until, async {
            let prepared = self.prepare(&mut call).await?;
            let arguments = arguments(call.parameters, parameters_of(&prepared))?;
            Ok(self.inner.execute(prepared.query_with(arguments)).await?.rows_affected())
        });
        let outcome = outcome.await;
        self.conclude(outcome)
    }

    /// Runs any number of statements without parameters in one round trip, each until `until` or as long as it takes.
    pub(super) async fn control(&mut self, statements: &str, until: Option<Instant>) -> Result<(), Failure> {
        self.state = State::Running;
        let outcome = within(until, async {
            self.inner.execute(sqlx::raw_sql(AssertSqlSafe(statements))).await?;
            Ok(())
        });
        let outcome = outcome.await;
        self.conclude(outcome)
    }

    /// Prepares a statement so that it takes its parameters as what they are, if it can.
    async fn prepare(&mut self, call: &mut Call<'_>) -> Result<PgStatement, Failure> {
        count_parameters(call.parameters)?;
        if let Some(hints) = self.hints.find(call.statement, call.parameters) {
            return self.prepare_with(call.statement, &hints).await;
        }
        let mut hints = Hints::default();
        let mut prepared = loop {
            match self.prepare_with(call.statement, &hints).await {
                Ok(prepared) => break prepared,
                Err(Failure::Statement(error)) if hints.say_missing(&error, call.parameters) => {
                    self.go_back(call).await?;
                }
                Err(failure) => return Err(failure),
            }
        };
        let mut own = hints.clone();
        for (index, (value, wanted)) in call.parameters.iter().zip(parameters_of(&prepared)).enumerate() {
            if !fits(value, types::number(wanted)) {
                own.say(index, value);
            }
        }
        if own == Hints::default() {
            return Ok(prepared);
        }
        if own != hints {
            match self.prepare_with(call.statement, &own).await {
                Ok(better) => (prepared, hints) = (better, own),
                // Not as what they are: they are converted, or refused by name.
                Err(Failure::Statement(_)) => self.go_back(call).await?,
                Err(failure) => return Err(failure),
            }
        }
        self.hints.remember(call.statement, call.parameters, hints);
        Ok(prepared)
    }

    /// From the driver's cache, or in a round trip or two.
    async fn prepare_with(&mut self, statement: &str, hints: &Hints) -> Result<PgStatement, Failure> {
        let statement = AssertSqlSafe(hints.apply_to(statement)).into_sql_str();
        Ok(self.inner.prepare_with(statement, &hints.types()).await?)
    }

    /// Makes the transaction usable again after a statement that could not be prepared.
    async fn go_back(&mut self, call: &mut Call<'_>) -> Result<(), Failure> {
        if let Some(savepoints) = &mut call.savepoints {
            let back = savepoints.after_failure();
            let went = self.inner.execute(sqlx::raw_sql(AssertSqlSafe(back))).await;
            went.map_err(|error| Failure::Lost(error.to_string()))?;
        }
        Ok(())
    }

    fn conclude<T>(&mut self, outcome: Result<T, Failure>) -> Result<T, Failure> {
        self.state = match &outcome {
            Ok(_) | Err(Failure::Refused(_) | Failure::Statement(_)) => State::Ready,
            Err(Failure::Unread(_)) => State::Unread,
            // The server may still be at it.
            Err(Failure::Late) => State::Running,
            Err(Failure::Outdated | Failure::Lost(_)) => State::Lost,
        };
        outcome
    }

    /// Whether it takes the next statement.
    pub(super) fn is_ready(&self) -> bool {
        self.state == State::Ready
    }

    /// Whether the server may be at work on it.
    pub(super) fn is_busy(&self) -> bool {
        matches!(self.state, State::Running | State::Unread)
    }

    /// Waits for the end of what runs, and has the server stop it when that takes longer than a moment. Afterwards the
    /// connection is ready if it was only not read to the end; one whose caller went away is of no use any more.
    pub(super) async fn stop(&mut self) -> Result<(), Failure> {
        let after = match self.state {
            State::Ready | State::Lost => return Ok(()),
            State::Unread => State::Ready,
            State::Running => State::Lost,
        };
        self.state = State::Lost;
        if let Ok(ended) = tokio::time::timeout(STOP_WAIT, self.read_on()).await {
            ended?;
        } else {
            let stopped = tokio::time::timeout(STOP_TIME, async {
                self.cancel().await?;
                self.read_on().await
            });
            stopped.await.map_err(|_| Failure::Late)??;
        }
        self.state = after;
        Ok(())
    }

    /// Throws away what the server still answers.
    async fn read_on(&mut self) -> Result<(), Failure> {
        for _ in 0..ERRORS_MAX {
            match self.inner.ping().await.map_err(Failure::from) {
                Err(Failure::Statement(_)) => {}
                outcome => return outcome,
            }
        }
        Err(Failure::Lost("the server answers one error after the other".to_owned()))
    }

    /// Has the server stop the statement. That takes another connection, in the protocol too; the driver has no request
    /// for it.
    async fn cancel(&self) -> Result<(), Failure> {
        let mut other = self.options.connect().await?;
        sqlx::query("SELECT pg_cancel_backend($1)").bind(self.process_id).execute(&mut other).await?;
        other.close().await?;
        Ok(())
    }

    /// Ends the session.
    pub(super) async fn close(self) -> Result<(), sqlx::Error> {
        self.inner.close().await
    }
}

fn parameters_of(prepared: &PgStatement) -> &[PgTypeInfo] {
    match prepared.parameters() {
        Some(Either::Left(types)) => types,
        _ => &[],
    }
}

/// The server ends statements at their time. Here it is measured once more, for servers that do not answer at all.
async fn within<T>(until: Option<Instant>, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    match until {
        Some(until) => match tokio::time::timeout_at((until + ANSWER_GRACE).into(), work).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Failure::Late),
        },
        None => work.await,
    }
}
