//! One connection: runs a statement within its time, and knows whether it can be trusted afterwards.

use super::errors::Failure;
use super::interrupt::Interrupt;
use super::values::{Rows, arguments};
use crate::bindings::mutrapro::sql::database::{RowSet, Value};
use crate::limits::{INSTRUCTIONS_PER_LOOK, SqlLimits};
use futures::TryStreamExt;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection as _, Either, Executor, SqlSafeStr};
use std::time::Instant;

/// A connection to one database file.
pub(super) struct Connection {
    inner: SqliteConnection,
    interrupt: Interrupt,
    /// A statement was started and its end not seen: its caller went away, or stopped reading.
    running: bool,
}

impl Connection {
    /// Opens a connection on which no value may be longer than `limits.bytes_max`.
    pub(super) async fn open(options: &SqliteConnectOptions, limits: &SqlLimits) -> Result<Self, sqlx::Error> {
        let mut inner = options.connect().await?;
        let interrupt = Interrupt::new();
        let clock = interrupt.clone();
        let mut handle = inner.lock_handle().await?;
        handle.set_progress_handler(INSTRUCTIONS_PER_LOOK, move || !clock.is_due());
        let length_max = i32::try_from(limits.bytes_max).unwrap_or(i32::MAX);
        limit_value_length(&mut handle, length_max);
        drop(handle);
        Ok(Self { inner, interrupt, running: false })
    }

    /// Runs one statement until `until` and collects its rows.
    pub(super) async fn query(
        &mut self,
        statement: &str,
        parameters: Vec<Value>,
        until: Instant,
        limits: &SqlLimits,
    ) -> Result<RowSet, Failure> {
        let arguments = arguments(parameters)?;
        let running = self.start(until);
        let collected = self.collect(statement, arguments, limits).await;
        drop(running);
        if matches!(collected, Err(Failure::Unread(_))) {
            // Reading stopped early: SQLite may still be at it.
            self.settle().await.map_err(Failure::Database)?;
        }
        self.running = false;
        collected
    }

    async fn collect(
        &mut self,
        statement: &str,
        arguments: sqlx::sqlite::SqliteArguments,
        limits: &SqlLimits,
    ) -> Result<RowSet, Failure> {
        let mut answer = Rows::new(limits);
        let mut rows = self.inner.fetch_many(sqlx::query_with(AssertSqlSafe(statement).into_sql_str(), arguments));
        while let Some(item) = rows.try_next().await.map_err(Failure::Database)? {
            if let Either::Right(row) = item {
                answer.push(&row).map_err(Failure::Unread)?;
            }
        }
        Ok(answer.finish())
    }

    /// Runs one statement until `until` and counts the rows that it changed.
    pub(super) async fn execute(
        &mut self,
        statement: &str,
        parameters: Vec<Value>,
        until: Instant,
    ) -> Result<u64, Failure> {
        let arguments = arguments(parameters)?;
        let running = self.start(until);
        let query = sqlx::query_with(AssertSqlSafe(statement).into_sql_str(), arguments);
        let outcome = self.inner.execute(query).await;
        drop(running);
        self.running = false;
        outcome.map(|done| done.rows_affected()).map_err(Failure::Database)
    }

    /// Runs statements that are not to be interrupted: transaction control and migrations.
    pub(super) async fn control(&mut self, statements: &str) -> Result<(), sqlx::Error> {
        self.interrupt.never();
        self.running = true;
        let outcome = self.inner.execute(sqlx::raw_sql(AssertSqlSafe(statements))).await;
        self.running = false;
        outcome.map(drop)
    }

    /// As [`control`](Self::control), for the few short statements that come again and again: they stay prepared.
    pub(super) async fn control_prepared(&mut self, statement: &'static str) -> Result<(), sqlx::Error> {
        self.interrupt.never();
        self.running = true;
        let outcome = self.inner.execute(sqlx::query(statement)).await;
        self.running = false;
        outcome.map(drop)
    }

    /// Undoes whatever transaction is open; fine if there is none.
    pub(super) async fn roll_back(&mut self) -> Result<(), sqlx::Error> {
        self.settle().await?;
        match self.control_prepared("ROLLBACK").await {
            // SQLite rolls back by itself when it is interrupted or the disk fails.
            Err(sqlx::Error::Database(error)) if error.message().contains("no transaction is active") => Ok(()),
            outcome => outcome,
        }
    }

    /// Whether a statement may still be running on it.
    pub(super) fn is_running(&self) -> bool {
        self.running
    }

    /// Waits for the end of a statement whose caller went away; it was told to stop when that happened.
    pub(super) async fn settle(&mut self) -> Result<(), sqlx::Error> {
        if self.running {
            // Commands run in order, so having the handle means that those before are over.
            drop(self.inner.lock_handle().await?);
            self.running = false;
        }
        Ok(())
    }

    /// Closes the file.
    pub(super) async fn close(self) -> Result<(), sqlx::Error> {
        self.interrupt.now();
        self.inner.close().await
    }

    fn start(&mut self, until: Instant) -> Running {
        self.interrupt.at(until);
        self.running = true;
        Running(self.interrupt.clone())
    }
}

/// Lives as long as someone waits for the statement; then the statement has to stop.
struct Running(Interrupt);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.now();
    }
}

/// Bounds what expressions can build inside the database: `x || x`, repeated, would double past any memory.
#[expect(unsafe_code, reason = "sqlx offers no sqlite3_limit; the locked handle is valid and no other thread uses it")]
fn limit_value_length(handle: &mut sqlx::sqlite::LockedSqliteHandle<'_>, length_max: i32) {
    // SAFETY: `as_raw_handle` gives an open connection, exclusively ours while `handle` lives; the call keeps no pointer.
    unsafe {
        libsqlite3_sys::sqlite3_limit(handle.as_raw_handle().as_ptr(), libsqlite3_sys::SQLITE_LIMIT_LENGTH, length_max);
    }
}
