//! The connections of one role to one database: opened when needed, never more than the limit, closed when idle for long.
//!
//! *Deliberately absent:* a question to the server before or after each use. Whoever takes a connection that has been lying
//! here and finds it dead before anything was done on it opens another in its place ([`Lease::renew`]). (The driver's own
//! pool asks after each use, which would double the round trips of a read, and keeps its callers waiting for as long as a
//! server refuses connections.)
//!
//! While somebody waits, whoever commits may begin the next transaction in the same round trip and leave it
//! ([`Lease::leave_begun`]). Should nobody take it after all, it is rolled back after a moment.

use super::connection::Connection;
use super::errors::Failure;
use super::hints::KnownHints;
use crate::bindings::mutrapro::sql::database::Error;
use crate::limits::{BEGUN_TIME, CONNECT_TIME, IDLE_TIME, STOP_TIME};
use sqlx::postgres::PgConnectOptions;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The connections of one role to one database.
pub(super) struct Pool {
    shared: Arc<Shared>,
    count: u32,
}

/// What a pool and its leases share.
struct Shared {
    /// Tokio's semaphore serves in the order of arrival.
    permits: Arc<Semaphore>,
    /// How many wait for a permit to begin a transaction.
    waiting: AtomicUsize,
    idle: Mutex<IdleConnections>,
    options: PgConnectOptions,
    hints: Arc<KnownHints>,
    wait_time: Duration,
    runtime: Handle,
}

#[derive(Default)]
struct IdleConnections {
    /// The one used last is at the end.
    list: Vec<Idle>,
    /// Somebody looks after those with a transaction.
    is_watched: bool,
}

struct Idle {
    connection: Connection,
    since: Instant,
    has_begun: bool,
}

/// A connection for one transaction or one read. Dropping it stops what runs and closes it; the next one who waits gets its
/// turn once that is done.
pub(super) struct Lease {
    connection: Option<Connection>,
    permit: Option<OwnedSemaphorePermit>,
    shared: Arc<Shared>,
    is_reused: bool,
    has_begun: bool,
}

/// Counts one who waits, however the waiting ends.
struct Waiting<'a>(&'a AtomicUsize);

impl Pool {
    /// At most `count` connections, each waited for at most `wait_time`. Opens none.
    pub(super) fn new(options: PgConnectOptions, count: u32, hints: Arc<KnownHints>, wait_time: Duration) -> Self {
        let count = count.max(1);
        let shared = Arc::new(Shared {
            permits: Arc::new(Semaphore::new(usize::try_from(count).unwrap_or(1))),
            waiting: AtomicUsize::new(0),
            idle: Mutex::default(),
            options,
            hints,
            wait_time,
            runtime: Handle::current(),
        });
        shared.runtime.spawn(close_what_is_idle(Arc::downgrade(&shared), IDLE_TIME));
        Self { shared, count }
    }

    /// Opens a connection and keeps it, to see that it can be done.
    ///
    /// # Errors
    /// Why it cannot.
    pub(super) async fn prove(&self) -> Result<(), sqlx::Error> {
        let connection = self.shared.connect().await?;
        self.shared.keep(connection, false);
        Ok(())
    }

    /// Waits for a free connection.
    pub(super) async fn take(&self) -> Result<Lease, Error> {
        self.lease(self.permit().await?).await
    }

    /// As [`take`](Self::take), to begin a transaction: a commit may have begun it already.
    pub(super) async fn take_to_begin(&self) -> Result<Lease, Error> {
        let permit = {
            let _counted = Waiting::on(&self.shared.waiting);
            self.permit().await?
        };
        self.lease(permit).await
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, Error> {
        tokio::time::timeout(self.shared.wait_time, Arc::clone(&self.shared.permits).acquire_owned())
            .await
            .map_err(|_| Error::Unavailable("others kept every connection to the database too long".to_owned()))?
            .map_err(|_| Error::Unavailable("the database has been closed".to_owned()))
    }

    async fn lease(&self, permit: OwnedSemaphorePermit) -> Result<Lease, Error> {
        let idle = self.shared.idle().list.pop();
        let mut lease = Lease::of(idle, permit, &self.shared);
        if !lease.is_reused {
            lease.connect().await?;
        }
        Ok(lease)
    }

    /// Waits for those that are out, each of which has its limit, and closes every connection for good.
    pub(super) async fn close(&self) -> Result<(), sqlx::Error> {
        // An error means that it was closed before.
        let permits = self.shared.permits.acquire_many(self.count).await;
        self.shared.permits.close();
        drop(permits);
        let idle = std::mem::take(&mut self.shared.idle().list);
        for Idle { connection, .. } in idle {
            connection.close().await?;
        }
        Ok(())
    }
}

impl Lease {
    fn of(idle: Option<Idle>, permit: OwnedSemaphorePermit, shared: &Arc<Shared>) -> Self {
        Self {
            is_reused: idle.is_some(),
            has_begun: idle.as_ref().is_some_and(|idle| idle.has_begun),
            connection: idle.map(|idle| idle.connection),
            permit: Some(permit),
            shared: Arc::clone(shared),
        }
    }

    /// Whether somebody waits for a connection to begin a transaction.
    pub(super) fn is_awaited(&self) -> bool {
        self.shared.waiting.load(Ordering::Relaxed) > 0
    }

    /// A transaction has been begun on the connection for whoever takes it next.
    pub(super) fn leave_begun(&mut self) {
        self.has_begun = true;
    }

    /// Whether a transaction has been begun on the connection, which is the caller's from now on.
    pub(super) fn take_begun(&mut self) -> bool {
        std::mem::take(&mut self.has_begun)
    }

    /// Sees to it that no transaction has been begun on the connection. Should it have died, another takes its place.
    pub(super) async fn end_begun(&mut self, until: Instant) -> Result<(), Error> {
        if !self.take_begun() {
            return Ok(());
        }
        match self.connection()?.control("ROLLBACK", Some(until)).await {
            Err(Failure::Lost(_)) => self.renew().await,
            outcome => outcome.map_err(Failure::into_error),
        }
    }

    /// The connection.
    pub(super) fn connection(&mut self) -> Result<&mut Connection, Error> {
        self.connection.as_mut().ok_or_else(|| Error::Unavailable("the connection was given up".to_owned()))
    }

    /// Whether the connection was used before this lease: it may have died meanwhile.
    pub(super) fn is_reused(&self) -> bool {
        self.is_reused
    }

    /// Puts a new connection in the place of one that has died. The others that are idle are as old, and go too.
    pub(super) async fn renew(&mut self) -> Result<(), Error> {
        drop(self.connection.take());
        let dead = std::mem::take(&mut self.shared.idle().list);
        drop(dead);
        (self.is_reused, self.has_begun) = (false, false);
        self.connect().await
    }

    async fn connect(&mut self) -> Result<(), Error> {
        let opened = self.shared.connect().await;
        let opened = opened.map_err(|error| Error::Unavailable(format!("the database cannot be reached: {error}")))?;
        self.connection = Some(opened);
        Ok(())
    }

    /// Whether a statement may still run on it.
    pub(super) fn is_busy(&self) -> bool {
        self.connection.as_ref().is_some_and(Connection::is_busy)
    }

    /// Has the server stop what runs. Afterwards the connection takes the next statement if only rows were left unread.
    pub(super) async fn stop(&mut self) -> Result<(), Failure> {
        match &mut self.connection {
            Some(connection) => self.shared.stop(connection).await,
            None => Ok(()),
        }
    }

    /// Gives the connection, on which no transaction is open, to the next one; in the background if it has to be stopped.
    pub(super) fn put_back(mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        if connection.is_ready() {
            self.shared.keep(connection, self.has_begun);
        } else if connection.is_busy() {
            let runtime = self.shared.runtime.clone();
            runtime.spawn(async move {
                self.shared.stop_or_leave(&mut connection).await;
                if connection.is_ready() {
                    self.shared.keep(connection, false);
                }
            });
        }
    }
}

impl<'a> Waiting<'a> {
    fn on(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        if !connection.is_busy() {
            return;
        }
        let (permit, shared) = (self.permit.take(), Arc::clone(&self.shared));
        self.shared.runtime.spawn(async move {
            shared.stop_or_leave(&mut connection).await;
            drop(connection);
            drop(permit);
        });
    }
}

impl Shared {
    async fn connect(&self) -> Result<Connection, sqlx::Error> {
        let opening = Connection::open(&self.options, Arc::clone(&self.hints));
        let opened = tokio::time::timeout(CONNECT_TIME, opening).await;
        opened.unwrap_or_else(|_| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())))
    }

    async fn stop(self: &Arc<Self>, connection: &mut Connection) -> Result<(), Failure> {
        if !connection.is_busy() {
            return Ok(());
        }
        let stopped = tokio::time::timeout(STOP_TIME, async {
            self.cancel(connection.process_id()).await?;
            connection.settle().await
        });
        stopped.await.map_err(|_| Failure::Late)?
    }

    /// Stops what runs on a connection that nobody uses. If that fails, the server notices that it is closed in its own time.
    async fn stop_or_leave(self: &Arc<Self>, connection: &mut Connection) {
        if let Err(failure) = self.stop(connection).await {
            tracing::debug!(error = ?failure.into_error(), "closing a connection on which a statement could not be stopped");
        }
    }

    /// Over an idle connection, or else one that is opened for it.
    async fn cancel(self: &Arc<Self>, process_id: i32) -> Result<(), Failure> {
        let idle = self.take_idle(|idle| !idle.has_begun);
        if let Some(Idle { mut connection, .. }) = idle
            && connection.cancel(process_id).await.is_ok()
        {
            self.keep(connection, false);
            return Ok(());
        }
        let mut connection = self.connect().await?;
        connection.cancel(process_id).await?;
        Ok(connection.close().await?)
    }

    fn keep(self: &Arc<Self>, connection: Connection, has_begun: bool) {
        let mut idle = self.idle();
        idle.list.push(Idle { connection, since: Instant::now(), has_begun });
        if has_begun && !std::mem::replace(&mut idle.is_watched, true) {
            self.runtime.spawn(end_what_is_left(Arc::downgrade(self), BEGUN_TIME));
        }
    }

    /// A connection on which a transaction was begun that nobody took for `begun_time`.
    fn take_left(self: &Arc<Self>, begun_time: Duration) -> Option<Lease> {
        // While there is none to be had, there are takers.
        let permit = Arc::clone(&self.permits).try_acquire_owned().ok()?;
        let left = self.take_idle(|idle| idle.has_begun && idle.since.elapsed() >= begun_time)?;
        Some(Lease::of(Some(left), permit, self))
    }

    fn take_idle(&self, is_wanted: impl Fn(&Idle) -> bool) -> Option<Idle> {
        let list = &mut self.idle().list;
        let index = list.iter().rposition(is_wanted)?;
        Some(list.remove(index))
    }

    /// Nothing panics while it holds this lock, and a list of connections cannot be half changed.
    fn idle(&self) -> MutexGuard<'_, IdleConnections> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Closes what has been idle for `idle_time`. Ends with its pool.
async fn close_what_is_idle(pool: Weak<Shared>, idle_time: Duration) {
    let mut ticks = tokio::time::interval(idle_time / 4);
    loop {
        ticks.tick().await;
        let Some(shared) = pool.upgrade() else { return };
        let old: Vec<Idle> = shared.idle().list.extract_if(.., |idle| idle.since.elapsed() >= idle_time).collect();
        drop(shared);
        for Idle { connection, .. } in old {
            if let Err(error) = connection.close().await {
                tracing::debug!(%error, "an idle connection did not close cleanly");
            }
        }
    }
}

/// Rolls back transactions that were begun for somebody who went away. Ends when there are none.
async fn end_what_is_left(pool: Weak<Shared>, begun_time: Duration) {
    loop {
        tokio::time::sleep(begun_time).await;
        let Some(shared) = pool.upgrade() else { return };
        while let Some(mut lease) = shared.take_left(begun_time) {
            match lease.end_begun(Instant::now() + STOP_TIME).await {
                Ok(()) => lease.put_back(),
                Err(error) => tracing::debug!(?error, "closing a connection that was left"),
            }
        }
        let mut idle = shared.idle();
        if !idle.list.iter().any(|idle| idle.has_begun) {
            idle.is_watched = false;
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mutrapro_testkit::{PostgresServer, eventually};

    #[tokio::test]
    async fn connections_are_used_again_and_closed_when_they_are_idle_for_long() {
        let server = PostgresServer::start().await.unwrap();
        let options: PgConnectOptions = server.url().parse().unwrap();
        let pool = Pool::new(options, 2, Arc::default(), Duration::from_secs(5));
        for is_reused in [false, true] {
            let lease = pool.take().await.unwrap();
            assert_eq!(lease.is_reused(), is_reused);
            lease.put_back();
        }
        tokio::spawn(close_what_is_idle(Arc::downgrade(&pool.shared), Duration::from_millis(10)));
        let closed = async || Ok(pool.shared.idle().list.is_empty().then_some(()));
        eventually("the idle connection is closed", closed).await.unwrap();
        assert!(!pool.take().await.unwrap().is_reused());
    }
}
