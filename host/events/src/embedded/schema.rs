//! The queue's file: its tables and how it is opened.

use crate::embedded::unavailable;
use crate::error::EventsError;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, SqliteConnection, SqlitePool};
use std::path::Path;
use std::time::Duration;

/// The version of the tables below, kept in the file's `user_version`.
const VERSION: i64 = 1;

/// How long to wait for another process, such as the one that replays a dead letter.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Instants are milliseconds since 1970. There are no foreign keys: they would cost two look-ups for every delivery and
/// an index more, to find mistakes that only the statements beside this file could make.
const TABLES: &str = "
-- Every event, until everybody has it and the de-duplication window is over.
CREATE TABLE events (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL CONSTRAINT events_event_id_key UNIQUE,
    kind TEXT NOT NULL,
    aggregate_type TEXT NOT NULL,
    aggregate_id TEXT NOT NULL,
    payload TEXT NOT NULL,
    occurred_at TEXT NOT NULL,
    producer TEXT NOT NULL,
    trace_id TEXT,
    correlation_id TEXT,
    accepted_at INTEGER NOT NULL
);

-- Who subscribed to what. An empty list of patterns: no longer, but what waits is kept.
CREATE TABLE consumers (
    consumer_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL CONSTRAINT consumers_name_key UNIQUE,
    patterns TEXT NOT NULL,
    subscribed_at INTEGER NOT NULL
);

-- What each consumer still has to acknowledge, in order. due_at is 0 before the first failure.
CREATE TABLE deliveries (
    consumer_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    aggregate TEXT NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL DEFAULT 0,
    history TEXT NOT NULL DEFAULT '[]',
    CONSTRAINT deliveries_pkey PRIMARY KEY (consumer_id, position)
) WITHOUT ROWID;

-- Finds the earlier deliveries of an aggregate, which a later one waits for.
CREATE INDEX deliveries_aggregate_idx ON deliveries (consumer_id, aggregate, position);

-- Finds the next attempt that comes due.
CREATE INDEX deliveries_due_at_idx ON deliveries (consumer_id, due_at) WHERE due_at > 0;

-- What was given up, until an operator replays or discards it.
CREATE TABLE dead_letters (
    consumer_id INTEGER NOT NULL,
    position INTEGER NOT NULL,
    aggregate TEXT NOT NULL,
    failures INTEGER NOT NULL,
    error TEXT NOT NULL,
    history TEXT NOT NULL,
    died_at INTEGER NOT NULL,
    CONSTRAINT dead_letters_pkey PRIMARY KEY (consumer_id, position)
) WITHOUT ROWID;
";

/// Opens the writer's connection, creating file and tables as needed.
pub(super) async fn open(file: &Path, synchronous: SqliteSynchronous) -> Result<SqliteConnection, EventsError> {
    let failed = |e: sqlx::Error| unavailable(format_args!("opening {}", file.display()), &e);
    let options = connect_options(file).create_if_missing(true).synchronous(synchronous);
    let mut connection = options.connect().await.map_err(failed)?;
    create(&mut connection, file).await?;
    Ok(connection)
}

/// Opens connections that only read.
pub(super) async fn readers(file: &Path, max: u32) -> Result<SqlitePool, EventsError> {
    // A connection to a local file cannot have gone away: testing it would double the round trips of a fetch.
    let pool = SqlitePoolOptions::new().max_connections(max).min_connections(1).test_before_acquire(false);
    let options = connect_options(file).pragma("query_only", "ON");
    pool.connect_with(options).await.map_err(|e| unavailable(format_args!("opening {}", file.display()), &e))
}

fn connect_options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .journal_mode(SqliteJournalMode::Wal)
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging()
}

async fn create(connection: &mut SqliteConnection, file: &Path) -> Result<(), EventsError> {
    let failed = |e: sqlx::Error| unavailable(format_args!("preparing {}", file.display()), &e);
    // Two processes may open a new file at once: the second waits here, and finds the tables.
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut *connection).await.map_err(failed)?;
    let version: i64 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *connection).await.map_err(failed)?;
    if version > VERSION {
        let file = file.display();
        return Err(EventsError::Misconfigured(format!(
            "{file} has version {version}, this host knows {VERSION}: run the host that wrote it, or a newer one"
        )));
    }
    if version < VERSION {
        sqlx::raw_sql(TABLES).execute(&mut *connection).await.map_err(failed)?;
        sqlx::raw_sql("PRAGMA user_version = 1").execute(&mut *connection).await.map_err(failed)?;
    }
    sqlx::raw_sql("COMMIT").execute(&mut *connection).await.map_err(failed)?;
    Ok(())
}
