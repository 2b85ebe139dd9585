//! Every statement of the native server, and its connections.

use anyhow::Result;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous};
use sqlx::{ConnectOptions, Row, SqlitePool};
use std::path::Path;
use std::time::Duration;
use uuid::Uuid;

/// The schema is the host's own, so that an insert costs the same pages on both sides.
const SCHEMA: [&str; 2] = [
    include_str!("../../migrations/bench-service/0001_create_items.sql"),
    include_str!("../../../migrations/host/sqlite/0001_create_outbox_and_consumed.sql"),
];

/// A stored item: what a client gets, and the payload of its event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Item {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) quantity: i64,
    pub(crate) created_at: String,
}

impl Item {
    pub(crate) fn new(name: String, quantity: i64) -> Self {
        Self { id: Uuid::now_v7().to_string(), name, quantity, created_at: now() }
    }

    fn from_row(row: &SqliteRow) -> sqlx::Result<Self> {
        Ok(Self {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            quantity: row.try_get("quantity")?,
            created_at: row.try_get("created_at")?,
        })
    }
}

/// A database with one writer, so that no write ever waits for a lock in SQLite, and readers beside it.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl Store {
    /// Opens the database in `file` and creates it when there is none.
    pub(crate) async fn open(file: &Path) -> Result<Self> {
        let writer = pool(1).connect_with(options(file).create_if_missing(true)).await?;
        for statements in SCHEMA {
            sqlx::raw_sql(statements).execute(&writer).await?;
        }
        // As the host has: a reader for each core.
        let cores = std::thread::available_parallelism().map_err(sqlx::Error::Io)?;
        let readers = u32::try_from(cores.get()).unwrap_or(1);
        let readers = pool(readers).connect_with(options(file).read_only(true)).await?;
        Ok(Self { writer, readers })
    }

    pub(crate) async fn find(&self, id: Uuid) -> sqlx::Result<Option<Item>> {
        let row = sqlx::query("SELECT id, name, quantity, created_at FROM items WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(&self.readers)
            .await?;
        row.as_ref().map(Item::from_row).transpose()
    }

    /// Stores `item` and its event, of which `payload` is the payload, in one transaction.
    pub(crate) async fn insert(&self, item: &Item, payload: &str) -> sqlx::Result<()> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query("INSERT INTO items (id, name, quantity, created_at) VALUES ($1, $2, $3, $4)")
            .bind(&item.id)
            .bind(&item.name)
            .bind(item.quantity)
            .bind(&item.created_at)
            .execute(&mut *transaction)
            .await?;
        sqlx::query(
            "INSERT INTO outbox_events
                 (event_id, aggregate_id, aggregate_type, event_type, event_payload, occurred_at)
             VALUES ($1, $2, 'item', 'item.created', $3, $4)",
        )
        .bind(Uuid::now_v7().to_string())
        .bind(&item.id)
        .bind(payload)
        .bind(now())
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await
    }
}

/// Every setting that `host/sql` gives its connections, so that the two sides differ in the host alone.
fn options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .pragma("case_sensitive_like", "ON")
        .pragma("trusted_schema", "OFF")
        .pragma("cache_size", "-1000")
        .pragma("journal_size_limit", (16 << 20).to_string())
        .statement_cache_capacity(64)
        .row_buffer_size(16)
        .disable_statement_logging()
}

/// Connections are kept for good, and not asked each time whether they still work: a file does not hang up.
fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .min_connections(connections)
        .max_connections(connections)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

/// The present in the one form in which both sides store it.
fn now() -> String {
    format!("{:.6}", Timestamp::now())
}

#[cfg(test)]
impl Store {
    /// How many events of an item wait to be relayed.
    pub(super) async fn pending_of(&self, id: &str) -> sqlx::Result<i64> {
        let statement = "SELECT count(*) FROM outbox_events WHERE aggregate_id = $1 AND published_at IS NULL";
        sqlx::query_scalar(statement).bind(id).fetch_one(&self.readers).await
    }

    /// The journal mode and the degree of synchronisation (2 is FULL) of the writer.
    pub(super) async fn durability(&self) -> sqlx::Result<(String, i64)> {
        let journal = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&self.writer).await?;
        Ok((journal, sqlx::query_scalar("PRAGMA synchronous").fetch_one(&self.writer).await?))
    }
}
