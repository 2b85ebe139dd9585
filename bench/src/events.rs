//! Events from the commit that tells them to the handler: many at once, and one at a time.
//!
//! The handler is trivial, but not empty: it writes one row, so that the rows count what was handled, once each.

use crate::host::{self, Launch, Operations};
use crate::http::{Connection, Request};
use crate::options::{BETWEEN_LOOKS, BETWEEN_SINGLE_EVENTS, Plan, SETTLE_PATIENCE, SINGLE_EVENTS, WARM_UP_EVENTS};
use crate::process::Server;
use crate::servers::Servers;
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

/// How events travelled on servers that hosts share.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SharedEventFigures {
    pub(crate) one_host: EventFigures,
    /// Both emit, as each is asked for half of the events.
    pub(crate) two_hosts: EventFigures,
}

/// Measures events on a host of its own, with SQLite.
pub(crate) async fn measure(plan: &Plan, scratch: &Path) -> Result<EventFigures> {
    let hosts = [host::start(&launch(plan, scratch, "events")).await?];
    let figures = System::of(&hosts, 0).await?.measured(plan).await?;
    stop(hosts).await?;
    Ok(figures)
}

/// Measures events on hosts of their own, with PostgreSQL and NATS: on one, then with a second beside it.
pub(crate) async fn measure_on(servers: &Servers, plan: &Plan, scratch: &Path) -> Result<SharedEventFigures> {
    let launch = Launch { servers: Some(servers), ..launch(plan, scratch, "events-shared") };
    host::migrate(&launch).await?;
    let first = [host::start(&launch).await?];
    let mut system = System::of(&first, 0).await?;
    let one_host = system.measured(plan).await?;
    let [first] = first;
    let hosts = [first, host::start(&launch).await?];
    let two_hosts = System::of(&hosts, system.emitted).await?.measured(plan).await.context("two hosts")?;
    stop(hosts).await?;
    Ok(SharedEventFigures { one_host, two_hosts })
}

fn launch<'a>(plan: &'a Plan, scratch: &Path, data: &str) -> Launch<'a> {
    Launch {
        executable: &plan.host,
        manifest: plan.applications.join("events/spin.toml"),
        data: scratch.join(data),
        cache: scratch.join("cache"),
        servers: None,
    }
}

async fn stop(hosts: impl IntoIterator<Item = Server>) -> Result<()> {
    for host in hosts {
        host.stop().await?;
    }
    Ok(())
}

/// Hosts with producer and consumer, and how many events they were given.
struct System {
    /// One to each host; never empty.
    connections: Vec<Connection>,
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
    /// `hosts`, at least one, whose consumer has handled `emitted` events.
    async fn of(hosts: &[Server], emitted: u64) -> Result<Self> {
        let mut connections = Vec::with_capacity(hosts.len());
        for host in hosts {
            connections.push(Connection::open(host.addresses.api).await?);
        }
        Ok(Self { connections, operations: Operations::of(hosts).await?, emitted })
    }

    /// Many at once, in rounds, and then one at a time.
    async fn measured(&mut self, plan: &Plan) -> Result<EventFigures> {
        let hosts = self.connections.len();
        self.burst(WARM_UP_EVENTS).await?;
        let mut rounds_per_second = Vec::new();
        for round in 1..=plan.rounds {
            eprintln!("events: {hosts} host(s), round {round} of {}", plan.rounds);
            rounds_per_second.push(self.burst(plan.events).await?);
        }
        eprintln!("events: {hosts} host(s), {SINGLE_EVENTS} single ones");
        let latency = self.single_events().await?;
        Ok(EventFigures { per_second: median(rounds_per_second.iter().copied()), rounds_per_second, latency })
    }

    /// Emits `events` at once, an equal part of them on each host, and waits until every one is handled; how many that
    /// were a second.
    async fn burst(&mut self, events: u32) -> Result<f64> {
        self.operations.relayed().await?;
        let hosts = u32::try_from(self.connections.len())?;
        let each = events.div_ceil(hosts);
        let request = Request::post(&format!("/events/{each}"), "");
        let started = Instant::now();
        for connection in &mut self.connections {
            connection.ask(&request).await?;
        }
        for connection in &mut self.connections {
            connection.answer().await?.expect(204)?;
        }
        self.emitted += u64::from(each * hosts);
        self.handled().await?;
        Ok(f64::from(each * hosts) / started.elapsed().as_secs_f64())
    }

    /// Emits events one at a time, each with its item, on one host after the other, and asks the consumer how long they
    /// took.
    async fn single_events(&mut self) -> Result<EventLatency> {
        self.operations.relayed().await?;
        let before = self.operations.emitted_to_handled().await?;
        let mut pace = tokio::time::interval(BETWEEN_SINGLE_EVENTS);
        let request = Request::post("/items", r#"{"name":"single","quantity":1}"#);
        for number in 0..usize::from(SINGLE_EVENTS) {
            pace.tick().await;
            let host = number % self.connections.len();
            self.connections.get_mut(host).context("no host")?.send(&request).await?.expect(201)?;
            self.emitted += 1;
        }
        self.handled().await?;
        let request = Request::get(&format!("/handled/latencies/{SINGLE_EVENTS}"));
        let mut latencies: Latencies = self.first()?.send(&request).await?.expect(200)?.json()?;
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

    /// Whom the consumer's rows are asked for, which are the same on every host.
    fn first(&mut self) -> Result<&mut Connection> {
        self.connections.first_mut().context("no host")
    }

    /// Waits until the consumer has committed one row for each event that was emitted.
    async fn handled(&mut self) -> Result<()> {
        let deadline = Instant::now() + SETTLE_PATIENCE;
        loop {
            let answer = self.first()?.send(&Request::get("/handled/count")).await?.expect(200)?;
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
