//! Where the native server keeps its items: on either engine, with statements prepared once and connections kept.

use super::item::Item;
use super::postgres::PostgresStore;
use super::sqlite::SqliteStore;
use anyhow::Result;
use sqlx::Database;
use sqlx::pool::PoolOptions;
use std::path::Path;
use uuid::Uuid;

/// The items of one server.
#[derive(Debug, Clone)]
pub(crate) enum Store {
    Sqlite(SqliteStore),
    Postgres(PostgresStore),
}

impl Store {
    /// Opens `database`, which is a `postgres://` URL or a file, and makes its tables.
    pub(crate) async fn open(database: &str) -> Result<Self> {
        if database.starts_with("postgres://") {
            Ok(Self::Postgres(PostgresStore::open(database).await?))
        } else {
            Ok(Self::Sqlite(SqliteStore::open(Path::new(database)).await?))
        }
    }

    pub(crate) async fn find(&self, id: Uuid) -> sqlx::Result<Option<Item>> {
        match self {
            Self::Sqlite(store) => store.find(id).await,
            Self::Postgres(store) => store.find(id).await,
        }
    }

    /// Stores `item` and its event, of which `payload` is the payload, in one transaction.
    pub(crate) async fn insert(&self, item: &Item, payload: &str) -> sqlx::Result<()> {
        match self {
            Self::Sqlite(store) => store.insert(item, payload).await,
            Self::Postgres(store) => store.insert(item, payload).await,
        }
    }
}

/// Connections are kept for good, and not asked each time whether they still work: nothing hangs up while it is measured.
pub(super) fn pool<DB: Database>(connections: u32) -> PoolOptions<DB> {
    PoolOptions::new()
        .min_connections(connections)
        .max_connections(connections)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

#[cfg(test)]
pub(super) const PENDING_OF: &str =
    "SELECT count(*) FROM outbox_events WHERE aggregate_id = $1 AND published_at IS NULL";

#[cfg(test)]
impl Store {
    /// How many events of an item wait to be relayed.
    pub(super) async fn pending_of(&self, id: Uuid) -> sqlx::Result<i64> {
        match self {
            Self::Sqlite(store) => store.pending_of(id).await,
            Self::Postgres(store) => store.pending_of(id).await,
        }
    }
}
