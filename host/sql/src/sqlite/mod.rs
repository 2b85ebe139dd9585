//! The embedded back end: one SQLite file per service, one writer and a few readers each.

mod connection;
mod constraints;
mod database;
mod errors;
mod interrupt;
mod readers;
mod transaction;
mod values;
mod writer;

use crate::database::{Database, is_database_name};
use crate::error::OpenError;
use crate::limits::{BUSY_TIME, PAGE_CACHE_KIB, PREPARED_STATEMENTS_MAX, ROWS_BUFFERED, SqlLimits, WAL_BYTES_KEPT};
use crate::metrics::ServiceMetrics;
use anyhow::Context;
use database::SqliteDatabase;
use mutrapro_manifest::ComponentId;
use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How the embedded back end keeps its databases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteConfig {
    /// The folder of the database files; made when it is missing.
    pub directory: PathBuf,
    /// When a commit is durable.
    pub synchronous: Synchronous,
    /// How many reads may run at once per database, beside the writer; at least 1. Connections open when needed.
    pub readers: u32,
    /// What statements and transactions may take.
    pub limits: SqlLimits,
}

impl SqliteConfig {
    /// Full durability, four readers and the default limits, in `directory`.
    pub fn new(directory: PathBuf) -> Self {
        Self { directory, synchronous: Synchronous::default(), readers: 4, limits: SqlLimits::default() }
    }
}

/// When a commit is durable.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Synchronous {
    /// Before its answer: it survives a loss of power.
    #[default]
    Full,
    /// Soon after: a loss of power may undo the last commits, but never damages the database. A crash of the host loses
    /// nothing either way.
    Normal,
}

/// Opens the database `name` of `service`, and creates its file when there is none.
pub(crate) async fn open(
    service: &ComponentId,
    name: &str,
    config: &SqliteConfig,
    metrics: Arc<ServiceMetrics>,
) -> Result<Arc<dyn Database>, OpenError> {
    if !is_database_name(name) {
        return Err(OpenError::Name { service: service.clone(), name: name.to_owned() });
    }
    let directory = &config.directory;
    let made = tokio::fs::create_dir_all(directory).await;
    made.map_err(|source| OpenError::Directory { directory: directory.clone(), source })?;
    let path = directory.join(format!("{name}.sqlite"));
    let opened = SqliteDatabase::open(service, connect_options(&path, config), config, metrics).await;
    let opened = opened.context("the file is no usable SQLite database, or the disk refuses");
    let database = opened.map_err(|source| OpenError::Database { service: service.clone(), path, source })?;
    Ok(Arc::new(database))
}

/// How every connection is opened; readers add `read_only`.
fn connect_options(path: &Path, config: &SqliteConfig) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(match config.synchronous {
            Synchronous::Full => SqliteSynchronous::Full,
            Synchronous::Normal => SqliteSynchronous::Normal,
        })
        .foreign_keys(true)
        .busy_timeout(BUSY_TIME)
        // As PostgreSQL has it: LIKE tells upper from lower case.
        .pragma("case_sensitive_like", "ON")
        .pragma("trusted_schema", "OFF")
        .pragma("cache_size", format!("-{PAGE_CACHE_KIB}"))
        .pragma("journal_size_limit", WAL_BYTES_KEPT.to_string())
        .statement_cache_capacity(PREPARED_STATEMENTS_MAX)
        .row_buffer_size(ROWS_BUFFERED)
        // Statements are measured by this crate; sqlx would format each of them for its log.
        .disable_statement_logging()
}
