//! The native server's items in SQLite.

use super::item::{EMIT, FIND, INSERT, ITEMS, Item, text};
use super::store::pool;
use anyhow::Result;
use jiff::Timestamp;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteRow, SqliteSynchronous};
use sqlx::{ConnectOptions, Row, SqlitePool};
use std::path::Path;
use std::time::Duration;
use uuid::Uuid;

/// The host's own, so that an insert costs the same pages on both sides.
const HOST_SCHEMA: &str = include_str!("../../../migrations/host/sqlite/0001_create_outbox_and_consumed.sql");

/// A database with one writer, so that no write ever waits for a lock in SQLite, and readers beside it.
#[derive(Debug, Clone)]
pub(crate) struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
}

impl SqliteStore {
    /// Opens the database in `file` and creates it when there is none.
    pub(super) async fn open(file: &Path) -> Result<Self> {
        let writer = pool(1).connect_with(options(file).create_if_missing(true)).await?;
        for statements in [ITEMS, HOST_SCHEMA] {
            sqlx::raw_sql(statements).execute(&writer).await?;
        }
        // As the host has: a reader for each core.
        let cores = std::thread::available_parallelism()?;
        let readers = pool(u32::try_from(cores.get())?).connect_with(options(file).read_only(true)).await?;
        Ok(Self { writer, readers })
    }

    pub(super) async fn find(&self, id: Uuid) -> sqlx::Result<Option<Item>> {
        let row = sqlx::query(FIND).bind(id.to_string()).fetch_optional(&self.readers).await?;
        row.as_ref().map(item).transpose()
    }

    pub(super) async fn insert(&self, item: &Item, payload: &str) -> sqlx::Result<()> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::query(INSERT)
            .bind(item.id.to_string())
            .bind(&item.name)
            .bind(item.quantity)
            .bind(text(item.created_at))
            .execute(&mut *transaction)
            .await?;
        sqlx::query(EMIT)
            .bind(Uuid::now_v7().to_string())
            .bind(item.id.to_string())
            .bind(payload)
            .bind(text(Timestamp::now()))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }
}

fn item(row: &SqliteRow) -> sqlx::Result<Item> {
    let parsed = |error| sqlx::Error::Decode(error);
    Ok(Item {
        id: row.try_get::<&str, _>("id")?.parse().map_err(|error| parsed(Box::new(error)))?,
        name: row.try_get("name")?,
        quantity: row.try_get("quantity")?,
        created_at: row.try_get::<&str, _>("created_at")?.parse().map_err(|error| parsed(Box::new(error)))?,
    })
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

#[cfg(test)]
impl SqliteStore {
    /// How many events of an item wait to be relayed.
    pub(super) async fn pending_of(&self, id: Uuid) -> sqlx::Result<i64> {
        sqlx::query_scalar(super::store::PENDING_OF).bind(id.to_string()).fetch_one(&self.readers).await
    }

    /// The journal mode and the degree of synchronisation (2 is FULL) of the writer.
    pub(super) async fn durability(&self) -> sqlx::Result<(String, i64)> {
        let journal = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&self.writer).await?;
        Ok((journal, sqlx::query_scalar("PRAGMA synchronous").fetch_one(&self.writer).await?))
    }
}
