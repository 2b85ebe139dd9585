//! One connection: runs a statement within its time, and knows whether it can be trusted afterwards.

use super::errors::Failure;
use super::hints::{Hints, KnownHints};
use super::parameters::{arguments, fits};
use super::savepoints::{Savepoints, only_reads};
use super::types;
use super::values::Rows;
use crate::answer::count_parameters;
use crate::bindings::mutrapro::sql::database::{RowSet, Value};
use crate::limits::{ANSWER_GRACE, READ_ON_TIME, SqlLimits};
use futures::{Stream, TryStreamExt};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgQueryResult, PgRow, PgStatement, PgTypeInfo};
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
    pub(super) async fn open(options: &PgConnectOptions, hints: Arc<KnownHints>) -> Result<Self, sqlx::Error> {
        let mut inner = options.connect().await?;
        let process_id = inner.fetch_one(sqlx::raw_sql("SELECT pg_backend_pid()")).await?.try_get(0)?;
        Ok(Self { inner, state: State::Ready, process_id, hints })
    }

    /// Runs one statement and collects its rows.
    pub(super) async fn query(&mut self, mut call: Call<'_>, limits: &SqlLimits) -> Result<RowSet, Failure> {
        self.state = State::Running;
        let until = Some(call.until);
        let outcome = within(until, async {
            match self.collect(&mut call, limits).await {
                Err(Failure::Outdated) => {
                    self.forget_prepared(&mut call).await?;
                    self.collect(&mut call, limits).await
                }
                outcome => outcome,
            }
        });
        let outcome = outcome.await;
        self.conclude(outcome)
    }

    async fn collect(&mut self, call: &mut Call<'_>, limits: &SqlLimits) -> Result<RowSet, Failure> {
        let prepared = self.prepare(call).await?;
        let arguments = arguments(call.parameters, parameters_of(&prepared))?;
        let mut answer = Rows::new(limits);
        let mut rows = self.inner.fetch_many(prepared.query_with(arguments));
        while let Some(item) = rows.try_next().await? {
            let Either::Right(row) = item else { continue };
            if let Err(error) = answer.push(&row) {
                // Most answers are too large by little; the others would go on for as long as the statement may run.
                return Err(match tokio::time::timeout(READ_ON_TIME, rest_of(rows)).await {
                    Ok(Err(Failure::Lost(reason))) => Failure::Lost(reason),
                    read_on => Failure::Unread { error, has_ended: read_on.is_ok() },
                });
            }
        }
        Ok(answer.finish())
    }

    /// Runs one statement and counts the rows that it changed.
    pub(super) async fn execute(&mut self, mut call: Call<'_>) -> Result<u64, Failure> {
        self.state = State::Running;
        let until = Some(call.until);
        let outcome = within(until, async {
            match self.count(&mut call).await {
                Err(Failure::Outdated) => {
                    self.forget_prepared(&mut call).await?;
                    self.count(&mut call).await
                }
                outcome => outcome,
            }
        });
        let outcome = outcome.await;
        self.conclude(outcome)
    }

    async fn count(&mut self, call: &mut Call<'_>) -> Result<u64, Failure> {
        let prepared = self.prepare(call).await?;
        let arguments = arguments(call.parameters, parameters_of(&prepared))?;
        rest_of(self.inner.fetch_many(prepared.query_with(arguments))).await
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
            if !fits(value, types::number(wanted)) && may_say(value, call.statement) {
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

    /// Has everything prepared anew, after the schema has changed.
    async fn forget_prepared(&mut self, call: &mut Call<'_>) -> Result<(), Failure> {
        self.go_back(call).await?;
        Ok(self.inner.clear_cached_statements().await?)
    }

    fn conclude<T>(&mut self, outcome: Result<T, Failure>) -> Result<T, Failure> {
        self.state = match &outcome {
            Ok(_) | Err(Failure::Refused(_) | Failure::Statement(_)) => State::Ready,
            Err(Failure::Unread { has_ended: true, .. }) => State::Ready,
            Err(Failure::Unread { has_ended: false, .. }) => State::Unread,
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

    /// By which another connection can [cancel](Self::cancel) what runs on this one.
    pub(super) fn process_id(&self) -> i32 {
        self.process_id
    }

    /// Has the server stop what the same role runs on another connection. In the protocol too that takes another
    /// connection; the driver has no request for it.
    pub(super) async fn cancel(&mut self, process_id: i32) -> Result<(), Failure> {
        self.state = State::Running;
        let asked = sqlx::query("SELECT pg_cancel_backend($1)").bind(process_id).execute(&mut self.inner).await;
        self.conclude(asked.map(drop).map_err(Failure::from))
    }

    /// Told that the server was asked to stop what runs: takes the next statement once it has, if only rows were left
    /// unread. A connection whose caller went away is of no use any more: nobody knows how far the driver got.
    pub(super) async fn settle(&mut self) -> Result<(), Failure> {
        let was_unread = self.state == State::Unread;
        self.state = State::Lost;
        if was_unread {
            // Each error of the statement is answered once, and then that the server is ready.
            for _ in 0..ERRORS_MAX {
                match self.inner.ping().await.map_err(Failure::from) {
                    Err(Failure::Statement(_)) => {}
                    Err(failure) => return Err(failure),
                    Ok(()) => {
                        self.state = State::Ready;
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    /// Ends the session.
    pub(super) async fn close(self) -> Result<(), sqlx::Error> {
        self.inner.close().await
    }
}

/// Whether PostgreSQL may be told what `value` is where it wants something else. What is assigned to a column of text it
/// would turn into text, whatever it is; only for whole numbers that is meant.
fn may_say(value: &Value, statement: &str) -> bool {
    matches!(value, Value::Integer(_) | Value::Text(_)) || only_reads(statement)
}

/// Throws away the rows that are still to come and counts those that were changed. The driver takes what is there without
/// ever giving way to other tasks, so that is done here.
async fn rest_of(
    mut items: impl Stream<Item = Result<Either<PgQueryResult, PgRow>, sqlx::Error>> + Unpin,
) -> Result<u64, Failure> {
    let mut changed = 0;
    while let Some(item) = items.try_next().await? {
        if let Either::Left(done) = item {
            changed += done.rows_affected();
        }
        tokio::task::coop::consume_budget().await;
    }
    Ok(changed)
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
