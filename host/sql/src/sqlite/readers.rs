//! The reading connections of a database: opened when needed, never more than the limit.

use super::connection::Connection;
use crate::bindings::mutrapro::sql::database::Error;
use crate::limits::SqlLimits;
use sqlx::sqlite::SqliteConnectOptions;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The readers of one database.
pub(super) struct Readers {
    permits: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
    options: SqliteConnectOptions,
    count: u32,
    runtime: Handle,
}

/// A connection for one read. Dropping it in the middle stops the statement and keeps the connection.
pub(super) struct Reader {
    connection: Option<Connection>,
    idle: Arc<Mutex<Vec<Connection>>>,
    permit: Option<OwnedSemaphorePermit>,
    runtime: Handle,
}

impl Readers {
    pub(super) fn new(options: SqliteConnectOptions, count: u32, runtime: Handle) -> Self {
        let count = count.max(1);
        Self {
            permits: Arc::new(Semaphore::new(usize::try_from(count).unwrap_or(1))),
            idle: Arc::default(),
            // The writer has set the journal mode, which a read-only connection may not.
            options: options.read_only(true).create_if_missing(false),
            count,
            runtime,
        }
    }

    /// Waits for a free reader: the one used last, whose pages are still warm.
    pub(super) async fn take(&self, limits: &SqlLimits) -> Result<Reader, Error> {
        let permit = tokio::time::timeout(limits.wait_time, Arc::clone(&self.permits).acquire_owned())
            .await
            .map_err(|_| Error::Unavailable("other reads kept every connection too long".to_owned()))?
            .map_err(|_| Error::Unavailable("the database has been closed".to_owned()))?;
        let idle = lock(&self.idle).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => Connection::open(&self.options, limits)
                .await
                .map_err(|error| Error::Unavailable(format!("the database cannot be opened: {error}")))?,
        };
        Ok(Reader {
            connection: Some(connection),
            idle: Arc::clone(&self.idle),
            permit: Some(permit),
            runtime: self.runtime.clone(),
        })
    }

    /// Waits for running reads, each of which has its limit, and closes every connection for good.
    pub(super) async fn close(&self) -> Result<(), sqlx::Error> {
        // An error means that it was closed before.
        let permits = self.permits.acquire_many(self.count).await;
        self.permits.close();
        drop(permits);
        let idle = std::mem::take(&mut *lock(&self.idle));
        for connection in idle {
            connection.close().await?;
        }
        Ok(())
    }
}

impl Reader {
    /// The connection to read with.
    pub(super) fn connection(&mut self) -> Result<&mut Connection, Error> {
        self.connection.as_mut().ok_or_else(|| Error::Unavailable("the connection was given up".to_owned()))
    }

    /// Closes the connection instead of keeping it: it failed in a way that may last.
    pub(super) fn discard(mut self) {
        self.connection = None;
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        if !connection.is_running() {
            lock(&self.idle).push(connection);
            return;
        }
        let idle = Arc::clone(&self.idle);
        let permit = self.permit.take();
        self.runtime.spawn(async move {
            match connection.settle().await {
                Ok(()) => lock(&idle).push(connection),
                Err(error) => tracing::warn!(%error, "closing a reading connection that failed"),
            }
            drop(permit);
        });
    }
}

/// Nothing panics while it holds this lock, and a list of connections cannot be half changed.
fn lock(idle: &Mutex<Vec<Connection>>) -> std::sync::MutexGuard<'_, Vec<Connection>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}
