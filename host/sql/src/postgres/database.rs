//! One service's database, as one role sees it: connections that write, and connections that read.

use super::HOST_MIGRATIONS;
use super::connection::Call;
use super::errors::Failure;
use super::pool::Pool;
use super::transaction::Transacting;
use crate::bindings::mutrapro::sql::database::{Error, RowSet, Value};
use crate::database::Database;
use crate::limits::SqlLimits;
use crate::metrics::{ServiceMetrics, observe};
use crate::open::{Open, Surroundings};
use crate::transaction::Transaction;
use async_trait::async_trait;
use mutrapro_manifest::ComponentId;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// One database, as one role sees it.
pub(super) struct PostgresDatabase {
    pub(super) service: ComponentId,
    pub(super) writers: Arc<Pool>,
    /// Sessions that refuse to write, or the writers once more.
    pub(super) readers: Arc<Pool>,
    pub(super) limits: Arc<SqlLimits>,
    pub(super) metrics: Arc<ServiceMetrics>,
    pub(super) runtime: Handle,
}

impl PostgresDatabase {
    async fn begin_within(&self, transaction_time: Option<Duration>) -> Result<Transaction, Error> {
        Transaction::begin(self.begin_open(transaction_time), &self.metrics).await
    }

    async fn begin_open(&self, transaction_time: Option<Duration>) -> Result<Open<Transacting>, Error> {
        let lease = self.writers.take_to_begin().await?;
        let transacting = Transacting::new(lease, Arc::clone(&self.limits), transaction_time.is_some());
        let surroundings = Surroundings {
            service: self.service.clone(),
            statement_time: self.limits.statement_time,
            transaction_time,
            runtime: self.runtime.clone(),
        };
        Open::begin(transacting, surroundings).await
    }
}

#[async_trait]
impl Database for PostgresDatabase {
    async fn begin(&self) -> Result<Transaction, Error> {
        self.begin_within(Some(self.limits.transaction_time)).await
    }

    async fn begin_unlimited(&self) -> Result<Transaction, Error> {
        self.begin_within(None).await
    }

    async fn query(&self, statement: &str, parameters: Vec<Value>) -> Result<RowSet, Error> {
        let started = Instant::now();
        let mut lease = self.readers.take().await?;
        lease.end_begun(started + self.limits.statement_time).await?;
        let call = || {
            let until = Instant::now() + self.limits.statement_time;
            Call { statement, parameters: &parameters, until, savepoints: None }
        };
        let mut outcome = lease.connection()?.query(call(), &self.limits).await;
        // A connection that died while it was idle: reading once more changes nothing.
        if lease.is_reused() && matches!(outcome, Err(Failure::Lost(_))) {
            lease.renew().await?;
            outcome = lease.connection()?.query(call(), &self.limits).await;
        }
        lease.put_back();
        observe(&self.metrics.query, started);
        outcome.map_err(Failure::into_error)
    }

    /// Twice what a transaction may take: its time is measured here, and the server is told to stop somewhat later.
    fn gap_time(&self) -> Duration {
        self.limits.transaction_time.saturating_mul(2)
    }

    fn host_migrations(&self) -> &'static [(u32, &'static str, &'static str)] {
        HOST_MIGRATIONS
    }

    /// PostgreSQL names violated constraints itself.
    async fn refresh_schema(&self) -> Result<(), Error> {
        Ok(())
    }

    async fn close(&self) {
        let (writers, readers) = futures::join!(self.writers.close(), self.readers.close());
        for error in [writers.err(), readers.err()].into_iter().flatten() {
            tracing::warn!(service = %self.service, %error, "a database did not close cleanly");
        }
    }
}
