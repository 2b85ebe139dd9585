//! The one writer of the queue: whatever waits for it at a moment shares one transaction and one wait for the disk.

use crate::embedded::unavailable;
use crate::error::EventsError;
use futures::future::BoxFuture;
use sqlx::SqliteConnection;
use tokio::sync::{mpsc, oneshot};

/// How many jobs share a transaction at the most.
const GROUP_MAX: usize = 64;

/// How many jobs may wait; further callers wait to wait.
const QUEUE_MAX: usize = 256;

/// Runs one caller's statements; what it gives tells the caller once the group's fate is known.
type Job = Box<dyn for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, sqlx::Result<Reply>> + Send>;

/// Tells a caller what became of the group: nothing more on success, why on failure.
type Reply = Box<dyn FnOnce(Result<(), String>) + Send>;

/// The way to the writer. It stops when this is dropped.
pub(super) struct Writer {
    queue: mpsc::Sender<Job>,
}

impl Writer {
    /// Starts the writer on `connection`.
    pub(super) fn start(connection: SqliteConnection) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE_MAX);
        tokio::spawn(run(connection, jobs));
        Self { queue }
    }

    /// Runs `work` in a transaction together with whatever else waits, and answers once it is durable.
    ///
    /// # Errors
    /// [`EventsError::Unavailable`] when `work` failed, or another job of the group, or the commit.
    pub(super) async fn write<T, F>(&self, work: F) -> Result<T, EventsError>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, sqlx::Result<T>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            Box::pin(async move {
                let value = work(connection).await;
                // A caller that went away no longer wants to know: its work is done like any other.
                match value {
                    Ok(value) => Ok(Box::new(move |fate: Result<(), String>| {
                        drop(answer.send(fate.map(|()| value)));
                    }) as Reply),
                    Err(error) => {
                        drop(answer.send(Err(unavailable("writing", &error).to_string())));
                        Err(error)
                    }
                }
            })
        });
        let stopped = || EventsError::Unavailable("embedded bus has stopped".to_owned());
        self.queue.send(job).await.map_err(|_| stopped())?;
        match answered.await {
            Ok(answer) => answer.map_err(EventsError::Unavailable),
            Err(_) => Err(stopped()),
        }
    }
}

async fn run(mut connection: SqliteConnection, mut jobs: mpsc::Receiver<Job>) {
    let mut group = Vec::with_capacity(GROUP_MAX);
    while jobs.recv_many(&mut group, GROUP_MAX).await > 0 {
        let mut replies = Vec::with_capacity(group.len());
        let fate = match run_group(&mut connection, group.drain(..), &mut replies).await {
            Ok(()) => Ok(()),
            Err(error) => {
                tracing::warn!(%error, "embedded bus: a transaction failed");
                // When even this fails there was no transaction, or the next BEGIN says so to its callers.
                if let Err(error) = sqlx::raw_sql("ROLLBACK").execute(&mut connection).await {
                    tracing::debug!(%error, "embedded bus: nothing to roll back");
                }
                Err(unavailable("writing", &error).to_string())
            }
        };
        for reply in replies {
            reply(fate.clone());
        }
    }
}

/// One transaction for all `jobs`. On an error the jobs that did not run are dropped, which tells their callers.
async fn run_group(
    connection: &mut SqliteConnection,
    jobs: impl Iterator<Item = Job>,
    replies: &mut Vec<Reply>,
) -> sqlx::Result<()> {
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await?;
    for job in jobs {
        replies.push(job(connection).await?);
    }
    sqlx::query("COMMIT").execute(&mut *connection).await?;
    Ok(())
}
