//! One service's database file: a writer, its queue, and readers.

use super::SqliteConfig;
use super::connection::Connection;
use super::constraints::Constraints;
use super::readers::Readers;
use super::transaction::Writing;
use super::writer::WriterQueue;
use crate::bindings::mutrapro::sql::database::{Error, RowSet, Value};
use crate::database::Database;
use crate::limits::SqlLimits;
use crate::metrics::{ServiceMetrics, observe};
use crate::open::{Open, Surroundings};
use crate::transaction::Transaction;
use async_trait::async_trait;
use mutrapro_manifest::ComponentId;
use sqlx::sqlite::SqliteConnectOptions;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// The tables that the host keeps in every database.
const HOST_MIGRATIONS: &[(u32, &str, &str)] = &[(
    1,
    "create_outbox_and_consumed",
    include_str!("../../../../migrations/host/sqlite/0001_create_outbox_and_consumed.sql"),
)];

/// One database file.
pub(super) struct SqliteDatabase {
    options: SqliteConnectOptions,
    writers: WriterQueue,
    readers: Readers,
    service: ComponentId,
    constraints: RwLock<Arc<Constraints>>,
    limits: Arc<SqlLimits>,
    runtime: Handle,
    metrics: Arc<ServiceMetrics>,
}

impl SqliteDatabase {
    /// Opens the file and its writer; readers open when needed.
    pub(super) async fn open(
        service: &ComponentId,
        options: SqliteConnectOptions,
        config: &SqliteConfig,
        metrics: Arc<ServiceMetrics>,
    ) -> Result<Self, Error> {
        let runtime = Handle::current();
        let database = Self {
            readers: Readers::new(options.clone(), config.readers, runtime.clone()),
            options,
            writers: WriterQueue::new(),
            service: service.clone(),
            constraints: RwLock::default(),
            limits: Arc::new(config.limits.clone()),
            runtime,
            metrics,
        };
        database.refresh_schema().await?;
        Ok(database)
    }

    fn constraints(&self) -> Arc<Constraints> {
        Arc::clone(&self.constraints.read().unwrap_or_else(PoisonError::into_inner))
    }

    async fn begin_within(&self, transaction_time: Option<Duration>) -> Result<Transaction, Error> {
        Transaction::begin(self.begin_open(transaction_time), &self.metrics).await
    }

    async fn begin_open(&self, transaction_time: Option<Duration>) -> Result<Open<Writing>, Error> {
        let writer = self.writers.take_turn(&self.options, &self.limits).await?;
        let writing = Writing { writer, limits: Arc::clone(&self.limits), constraints: self.constraints() };
        let surroundings = Surroundings {
            service: self.service.clone(),
            statement_time: self.limits.statement_time,
            transaction_time,
            runtime: self.runtime.clone(),
        };
        Open::begin(writing, surroundings).await
    }
}

#[async_trait]
impl Database for SqliteDatabase {
    async fn begin(&self) -> Result<Transaction, Error> {
        self.begin_within(Some(self.limits.transaction_time)).await
    }

    async fn begin_unlimited(&self) -> Result<Transaction, Error> {
        self.begin_within(None).await
    }

    async fn query(&self, statement: &str, parameters: Vec<Value>) -> Result<RowSet, Error> {
        let started = Instant::now();
        let mut reader = self.readers.take(&self.limits).await?;
        let until = Instant::now() + self.limits.statement_time;
        let outcome = reader.connection()?.query(statement, parameters, until, &self.limits).await;
        observe(&self.metrics.query, started);
        outcome.map_err(|failure| {
            let error = failure.into_error(statement, &self.constraints());
            if matches!(error, Error::Unavailable(_)) {
                reader.discard();
            }
            error
        })
    }

    fn gap_time(&self) -> Duration {
        Duration::ZERO
    }

    fn host_migrations(&self) -> &'static [(u32, &'static str, &'static str)] {
        HOST_MIGRATIONS
    }

    async fn refresh_schema(&self) -> Result<(), Error> {
        let mut writer = self.writers.take_turn(&self.options, &self.limits).await?;
        let constraints = read_constraints(&mut writer.connection).await;
        writer.put_back();
        *self.constraints.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(constraints?);
        Ok(())
    }

    async fn close(&self) {
        let (writers, readers) = futures::join!(self.writers.close(), self.readers.close());
        for error in [writers.err(), readers.err()].into_iter().flatten() {
            tracing::warn!(service = %self.service, %error, "a database did not close cleanly");
        }
    }
}

async fn read_constraints(connection: &mut Connection) -> Result<Constraints, Error> {
    const SCHEMA: &str = "SELECT sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql IS NOT NULL";
    // The limits that are set are for the answers of services.
    let limits = SqlLimits::default();
    let until = Instant::now() + limits.statement_time;
    let schema = connection.query(SCHEMA, Vec::new(), until, &limits).await;
    let schema = schema.map_err(|failure| failure.into_error(SCHEMA, &Constraints::default()))?;
    let definitions = schema.rows.into_iter().flatten();
    Ok(Constraints::read(definitions.filter_map(|value| match value {
        Value::Text(definition) => Some(definition),
        _ => None,
    })))
}
