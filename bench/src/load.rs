//! A closed-loop load generator: each connection sends its next request when it has the answer to the last.
//!
//! It runs on one thread of its own and shares the machine's cores with the server, the same for both sides. A closed
//! loop shows what a server can do, and latencies under full load; it does not show latencies at a given rate.

use crate::http::{Connection, Request};
use anyhow::{Context, Result};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// What to send.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    /// The servers that answer, among which the connections are divided evenly.
    pub(crate) addresses: Arc<[SocketAddr]>,
    /// Each connection takes one after the other, beginning at a place of its own.
    pub(crate) requests: Arc<[Request]>,
    /// The status of every answer; another one ends the run.
    pub(crate) status: u16,
    pub(crate) connections: u16,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outcome {
    /// From the first request to the end.
    pub(crate) duration: Duration,
    /// Of every request, in microseconds, ascending.
    pub(crate) latencies_us: Vec<u64>,
}

impl Outcome {
    /// Answers a second.
    pub(crate) fn per_second(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "far fewer answers than an f64 counts exactly")]
        let answers = self.latencies_us.len() as f64;
        answers / self.duration.as_secs_f64()
    }
}

impl Load {
    /// Sends requests for `duration`.
    ///
    /// # Errors
    /// The first answer that is not as expected.
    pub(crate) async fn run(&self, duration: Duration) -> Result<Outcome> {
        let (tell, told) = oneshot::channel();
        let load = self.clone();
        std::thread::Builder::new().name("load".to_owned()).spawn(move || {
            // Nobody listens any more only if the whole run was given up.
            tell.send(load.run_here(duration)).ok();
        })?;
        told.await.context("the load generator panicked")?
    }

    fn run_here(&self, duration: Duration) -> Result<Outcome> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut connections = Vec::new();
            for address in self.addresses.iter().cycle().take(self.connections.into()) {
                connections.push(Connection::open(*address).await?);
            }
            let started = Instant::now();
            let mut clients = JoinSet::new();
            for (number, connection) in connections.into_iter().enumerate() {
                // Spread over the requests, so that connections do not read the same row at the same time.
                let first = number * self.requests.len() / usize::from(self.connections);
                clients.spawn(client(connection, self.clone(), first, started + duration));
            }
            let mut latencies_us = Vec::new();
            while let Some(ended) = clients.join_next().await {
                latencies_us.extend(ended??);
            }
            latencies_us.sort_unstable();
            Ok(Outcome { duration: started.elapsed(), latencies_us })
        })
    }
}

/// Sends on one connection until `until`; the latencies in microseconds.
async fn client(mut connection: Connection, load: Load, first: usize, until: Instant) -> Result<Vec<u64>> {
    let mut latencies_us = Vec::new();
    for request in load.requests.iter().cycle().skip(first) {
        let sent = Instant::now();
        if sent >= until {
            break;
        }
        connection.send(request).await?.expect(load.status)?;
        latencies_us.push(u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX));
    }
    Ok(latencies_us)
}
