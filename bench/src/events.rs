//! Events from the commit that tells them to the handler: many at once, and one at a time.
//!
//! The handler is trivial, but not empty: it writes one row, so that the rows count what was handled, once each.

use crate::host::{self, HostFolders, Operations};
use crate::http::{Connection, Request};
use crate::options::{BETWEEN_LOOKS, BETWEEN_SINGLE_EVENTS, Plan, SETTLE_PATIENCE, SINGLE_EVENTS, WARM_UP_EVENTS};
use crate::process::Server;
use crate::statistics::{median, percentile};
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::Instant;

/// How events travelled.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct EventFigures {
    /// Events a second from the start of the first transaction to the commit of the last effect: the rounds' median.
    pub(crate) per_second: f64,
    pub(crate) rounds_per_second: Vec<f64>,
    /// Of one event at a time, from its emission, just before the commit, to its handler.
    pub(crate) latency: EventLatency,
}

/// Latencies of single events.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct EventLatency {
    pub(crate) p50_us: u64,
    pub(crate) p95_us: u64,
    pub(crate) p99_us: u64,
    /// What the host's own histogram says of the same events up to the commit of their effect, in microseconds: the
    /// median is at most this.
    pub(crate) host_median_bound_us: f64,
}

/// Measures events on a host of its own.
pub(crate) async fn measure(plan: &Plan, scratch: &Path) -> Result<EventFigures> {
    let folders = HostFolders {
        executable: &plan.host,
        manifest: &plan.applications.join("events/spin.toml"),
        data: &scratch.join("events"),
        cache: &scratch.join("cache"),
    };
    let host = host::start(folders).await?;
    let mut system = System::of(&host).await?;
    system.burst(WARM_UP_EVENTS).await?;
    let mut rounds_per_second = Vec::new();
    for round in 1..=plan.rounds {
        eprintln!("events: round {round} of {}", plan.rounds);
        rounds_per_second.push(system.burst(plan.events).await?);
    }
    eprintln!("events: {SINGLE_EVENTS} single ones");
    let latency = system.single_events().await?;
    host.stop().await?;
    Ok(EventFigures { per_second: median(rounds_per_second.iter().copied()), rounds_per_second, latency })
}

/// A host with producer and consumer, and how many events it was given.
struct System {
    connection: Connection,
    operations: Operations,
    emitted: u64,
}

#[derive(Deserialize)]
struct Count {
    handled: u64,
}

#[derive(Deserialize)]
struct Latencies {
    latencies_us: Vec<u64>,
}

impl System {
    async fn of(host: &Server) -> Result<Self> {
        let connection = Connection::open(host.addresses.api).await?;
        Ok(Self { connection, operations: Operations::of(host).await?, emitted: 0 })
    }

    /// Emits `events` at once and waits until every one is handled; how many that were a second.
    async fn burst(&mut self, events: u32) -> Result<f64> {
        self.operations.relayed().await?;
        let started = Instant::now();
        self.connection.send(&Request::post(&format!("/events/{events}"), "")).await?.expect(204)?;
        self.emitted += u64::from(events);
        self.handled().await?;
        Ok(f64::from(events) / started.elapsed().as_secs_f64())
    }

    /// Emits events one at a time, each with its item, and asks the consumer how long they took.
    async fn single_events(&mut self) -> Result<EventLatency> {
        self.operations.relayed().await?;
        let before = self.operations.emitted_to_handled().await?;
        let mut pace = tokio::time::interval(BETWEEN_SINGLE_EVENTS);
        for _ in 0..SINGLE_EVENTS {
            pace.tick().await;
            let request = Request::post("/items", r#"{"name":"single","quantity":1}"#);
            self.connection.send(&request).await?.expect(201)?;
            self.emitted += 1;
        }
        self.handled().await?;
        let request = Request::get(&format!("/handled/latencies/{SINGLE_EVENTS}"));
        let mut latencies: Latencies = self.connection.send(&request).await?.expect(200)?.json()?;
        latencies.latencies_us.sort_unstable();
        ensure!(latencies.latencies_us.len() == usize::from(SINGLE_EVENTS), "the consumer has not every latency");
        let bound = self.operations.emitted_to_handled().await?.median_bound_since(&before)?;
        let percentile = |percent| percentile(&latencies.latencies_us, percent);
        Ok(EventLatency {
            p50_us: percentile(50),
            p95_us: percentile(95),
            p99_us: percentile(99),
            host_median_bound_us: bound * 1e6,
        })
    }

    /// Waits until the consumer has committed one row for each event that was emitted.
    async fn handled(&mut self) -> Result<()> {
        let deadline = Instant::now() + SETTLE_PATIENCE;
        loop {
            let answer = self.connection.send(&Request::get("/handled/count")).await?.expect(200)?;
            let handled = answer.json::<Count>().context("count of handled events")?.handled;
            if handled == self.emitted {
                return Ok(());
            }
            ensure!(handled < self.emitted, "{handled} events were handled, but only {} emitted", self.emitted);
            let late = || format!("{handled} of {} events handled after {SETTLE_PATIENCE:?}", self.emitted);
            ensure!(Instant::now() < deadline, late());
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    }
}
