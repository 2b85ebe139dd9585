//! A steady load against the bystander, so that a disturbance has somebody to notice it.

use anyhow::{Context, Result, bail, ensure};
use futures::future::try_join_all;
use mutrapro_testkit::{Client, answer};
use reqwest::Method;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

/// How many clients read, each one request after the other.
const READERS: usize = 3;
/// How many write a row and emit an event with it.
const WRITERS: usize = 1;
/// Below the limits after which a misdeed is stopped, so that a request which waits for one to end is noticed.
const PATIENCE: Duration = Duration::from_secs(4);

/// Clients of the bystander, at work until they are stopped or one of their requests fails.
pub struct Load {
    stop: Arc<AtomicBool>,
    clients: Vec<JoinHandle<Result<LoadReport>>>,
}

/// What the clients saw: every one of their requests succeeded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LoadReport {
    /// How many requests there were.
    pub requests: u64,
    /// How many of them wrote a row.
    pub writes: u64,
    /// How long the slowest took.
    pub slowest: Duration,
}

impl Load {
    /// Starts the clients.
    pub fn start(client: &Client) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let ids = Arc::new(AtomicU64::new(0));
        let clients = (0..READERS + WRITERS).map(|number| {
            let (client, stop, ids) = (client.clone(), Arc::clone(&stop), Arc::clone(&ids));
            tokio::spawn(async move {
                let mut report = LoadReport::default();
                while !stop.load(Ordering::Relaxed) {
                    let started = Instant::now();
                    let writes = number < WRITERS;
                    let id = writes.then(|| ids.fetch_add(1, Ordering::Relaxed));
                    send(&client, id)
                        .await
                        .with_context(|| format!("request {} of client {number}", report.requests))?;
                    report.add(started.elapsed(), writes);
                }
                Ok(report)
            })
        });
        Self { clients: clients.collect(), stop }
    }

    /// Stops the clients and says what they saw.
    ///
    /// # Errors
    /// The first request that failed or took too long.
    pub async fn stop(self) -> Result<LoadReport> {
        self.stop.store(true, Ordering::Relaxed);
        let reports = try_join_all(self.clients).await?;
        reports.into_iter().try_fold(LoadReport::default(), |sum, report| Ok(sum.and(report?)))
    }
}

impl LoadReport {
    fn add(&mut self, took: Duration, writes: bool) {
        *self = self.and(Self { requests: 1, writes: u64::from(writes), slowest: took });
    }

    fn and(self, other: Self) -> Self {
        Self {
            requests: self.requests + other.requests,
            writes: self.writes + other.writes,
            slowest: self.slowest.max(other.slowest),
        }
    }
}

/// One request: a write of `id`, or a read.
async fn send(client: &Client, id: Option<u64>) -> Result<()> {
    let request = match id {
        Some(id) => client.request(Method::POST, "/bystander").body(format!("load-{id}")),
        None => client.request(Method::GET, "/bystander"),
    };
    let Ok(outcome) = tokio::time::timeout(PATIENCE, answer(request)).await else {
        bail!("no answer from the bystander in {PATIENCE:?}");
    };
    let text = outcome?.expect(200)?.text();
    match id {
        Some(id) => ensure!(text == format!("load-{id}"), "the bystander answered {text:?}"),
        None => ensure!(text.parse::<u64>().is_ok(), "the bystander answered {text:?}"),
    }
    Ok(())
}
