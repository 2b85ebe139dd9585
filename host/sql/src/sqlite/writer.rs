//! The one writer of a database, and the fair queue before it.

use super::connection::Connection;
use crate::bindings::mutrapro::sql::database::Error;
use crate::limits::SqlLimits;
use sqlx::sqlite::SqliteConnectOptions;
use std::sync::Arc;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// Where the writing connection rests. Tokio's mutex serves in the order of arrival.
pub(super) struct WriterQueue {
    rest: Arc<Mutex<Rest>>,
}

/// The writing connection between transactions.
pub(super) enum Rest {
    /// None open: it is opened by the next one who needs it.
    Absent,
    /// Open, without a transaction.
    Idle(Connection),
    /// The database was closed.
    Closed,
}

/// The turn to write. Dropping it gives the turn to the next; a connection that was not put back is closed, which rolls
/// back.
pub(super) struct Writer {
    rest: OwnedMutexGuard<Rest>,
    pub(super) connection: Connection,
}

impl WriterQueue {
    pub(super) fn new() -> Self {
        Self { rest: Arc::new(Mutex::new(Rest::Absent)) }
    }

    /// Waits for the turn, and opens the connection if there is none.
    pub(super) async fn take_turn(&self, options: &SqliteConnectOptions, limits: &SqlLimits) -> Result<Writer, Error> {
        let turn = tokio::time::timeout(limits.wait_time, Arc::clone(&self.rest).lock_owned()).await;
        let mut rest =
            turn.map_err(|_| Error::Unavailable("other transactions kept the writer too long".to_owned()))?;
        let connection = match std::mem::replace(&mut *rest, Rest::Absent) {
            Rest::Idle(connection) => connection,
            Rest::Absent => Connection::open(options, limits)
                .await
                .map_err(|error| Error::Unavailable(format!("the database cannot be opened: {error}")))?,
            Rest::Closed => {
                *rest = Rest::Closed;
                return Err(Error::Unavailable("the database has been closed".to_owned()));
            }
        };
        Ok(Writer { rest, connection })
    }

    /// Waits for the turn without limit, as every holder has one, and closes the connection for good.
    pub(super) async fn close(&self) -> Result<(), sqlx::Error> {
        let mut rest = self.rest.lock().await;
        match std::mem::replace(&mut *rest, Rest::Closed) {
            Rest::Idle(connection) => connection.close().await,
            Rest::Absent | Rest::Closed => Ok(()),
        }
    }
}

impl Writer {
    /// Puts the connection, on which no transaction is open, back for the next one.
    pub(super) fn put_back(self) {
        let Self { mut rest, connection } = self;
        *rest = Rest::Idle(connection);
    }

    /// Rolls back and gives the turn to the next. If this future is dropped, the connection is closed instead.
    pub(super) async fn roll_back(mut self) {
        match self.connection.roll_back().await {
            Ok(()) => self.put_back(),
            Err(error) => {
                tracing::warn!(%error, "closing a connection that failed to roll back");
                let Self { rest, connection } = self;
                if let Err(error) = connection.close().await {
                    tracing::warn!(%error, "a connection did not close cleanly");
                }
                drop(rest);
            }
        }
    }
}
