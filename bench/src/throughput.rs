//! The same operations on both servers, in rounds that alternate: native, host, native, host, …; on PostgreSQL with a native
//! server that relays its outbox and pgbench besides, and afterwards on two hosts.

use crate::host::{self, Launch, Operations};
use crate::http::{Connection, Request};
use crate::load::{Load, Outcome};
use crate::options::{BETWEEN_LOOKS, NATIVE_DATABASE, NATIVE_NATS, Plan, ROWS, SETTLE_PATIENCE};
use crate::pgbench::Pgbench;
use crate::process::Server;
use crate::servers::Servers;
use crate::statistics::{median, percentile};
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::process::Command;

/// The name of every item.
pub(crate) const ITEM_NAME: &str = "Nocturne in E-flat major, Op. 9 No. 2";

/// What is asked of both servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Operation {
    /// `GET /plain`: a word of text.
    Plain,
    /// `GET /items/{id}`: one row by key, as JSON.
    Read,
    /// `POST /items`: a row and its event in one transaction, JSON in and out.
    Insert,
}

/// One operation on both servers.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Comparison {
    pub(crate) operation: Operation,
    pub(crate) native: Side,
    pub(crate) host: Side,
    /// The host's requests a second over the native server's.
    pub(crate) ratio: f64,
    /// A native server that relays its outbox as the host does, where there is something to relay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) relaying_native: Option<Side>,
    /// Two hosts on the same servers, the load divided between them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) two_hosts: Option<Side>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pgbench: Option<Side>,
}

/// One operation on one server: medians over the rounds.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Side {
    pub(crate) per_second: f64,
    pub(crate) p50_us: f64,
    pub(crate) p95_us: f64,
    pub(crate) p99_us: f64,
    /// Processor time of the server, or of both hosts, for one request, in microseconds, on all cores together.
    pub(crate) cpu_us: Option<f64>,
    /// Requests a second of each round.
    pub(crate) rounds_per_second: Vec<f64>,
}

/// Measures every operation on both servers, with SQLite.
pub(crate) async fn measure(plan: &Plan, scratch: &Path) -> Result<Vec<Comparison>> {
    let native = start_native(scratch.join("native.sqlite").as_os_str(), None).await?;
    let host = host::start(&launch(plan, scratch, "throughput")).await?;
    let mut rivals = Rivals {
        native: Contender::seeded(native).await.context("native server")?,
        relaying: None,
        host: Contender::seeded(host).await.context("host")?,
        pgbench: None,
    };
    let comparisons = rivals.compare(&[Operation::Plain, Operation::Read, Operation::Insert], plan).await?;
    rivals.stop().await?;
    Ok(comparisons)
}

/// Measures what reaches the database on both servers, with PostgreSQL and NATS; then with a second host beside the first.
pub(crate) async fn measure_on(servers: &Servers, plan: &Plan, scratch: &Path) -> Result<Vec<Comparison>> {
    let launch = Launch { servers: Some(servers), ..launch(plan, scratch, "throughput-shared") };
    host::migrate(&launch).await?;
    let native = start_native(OsStr::new(&servers.database("native").await?), None).await?;
    let outbox = servers.database("relaying").await?;
    let relaying = start_native(OsStr::new(&outbox), Some(&servers.nats_url())).await?;
    let mut rivals = Rivals {
        native: Contender::seeded(native).await.context("native server")?,
        relaying: Some(Relaying {
            contender: Contender::seeded(relaying).await.context("relaying native server")?,
            outbox: PgConnection::connect(&outbox).await?,
        }),
        host: Contender::seeded(host::start(&launch).await?).await.context("host")?,
        pgbench: Pgbench::seeded(servers, plan, scratch).await.context("pgbench")?,
    };
    let mut comparisons = rivals.compare(&[Operation::Read, Operation::Insert], plan).await?;
    rivals.host.servers.push(host::start(&launch).await?);
    for comparison in &mut comparisons {
        comparison.two_hosts = Some(rivals.two_hosts(comparison.operation, plan).await.context("two hosts")?);
    }
    rivals.stop().await?;
    Ok(comparisons)
}

fn launch<'a>(plan: &'a Plan, scratch: &Path, data: &str) -> Launch<'a> {
    Launch {
        executable: &plan.host,
        manifest: plan.applications.join("spin.toml"),
        data: scratch.join(data),
        cache: scratch.join("cache"),
        servers: None,
    }
}

/// Starts this executable again, as the native server; with `nats` it relays its outbox.
async fn start_native(database: &OsStr, nats: Option<&str>) -> Result<Server> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("native").env(NATIVE_DATABASE, database);
    if let Some(nats) = nats {
        command.env(NATIVE_NATS, nats);
    }
    Server::start(command).await.context("the native server did not start")
}

/// Who is compared.
struct Rivals<'a> {
    native: Contender,
    relaying: Option<Relaying>,
    host: Contender,
    pgbench: Option<Pgbench<'a>>,
}

/// A native server that relays its outbox, and a connection to where that is.
struct Relaying {
    contender: Contender,
    outbox: PgConnection,
}

impl Rivals<'_> {
    async fn compare(&mut self, operations: &[Operation], plan: &Plan) -> Result<Vec<Comparison>> {
        let mut relays = Operations::of(&self.host.servers).await?;
        let mut comparisons = Vec::new();
        for operation in operations.iter().copied() {
            let (mut native, mut relaying) = (Vec::new(), Vec::new());
            let (mut host, mut pgbench) = (Vec::new(), Vec::new());
            for round in 1..=plan.rounds {
                eprintln!("throughput: {operation:?}, round {round} of {}", plan.rounds);
                native.push(self.native.round(operation, plan).await.context("native server")?);
                if let Some(rival) = self.relaying.as_mut().filter(|_| operation == Operation::Insert) {
                    relaying.push(rival.round(operation, plan).await.context("relaying native server")?);
                }
                host.push(self.host.round(operation, plan).await.context("host")?);
                relays.relayed().await?;
                if let Some(rival) = &mut self.pgbench {
                    pgbench.push(rival.round(operation, plan).await.context("pgbench")?);
                }
            }
            let (native, host) = (side(&native), side(&host));
            let ratio = host.per_second / native.per_second;
            let [relaying_native, pgbench] =
                [relaying, pgbench].map(|rounds| (!rounds.is_empty()).then(|| side(&rounds)));
            comparisons.push(Comparison { operation, native, host, ratio, relaying_native, two_hosts: None, pgbench });
        }
        Ok(comparisons)
    }

    async fn two_hosts(&mut self, operation: Operation, plan: &Plan) -> Result<Side> {
        let mut relays = Operations::of(&self.host.servers).await?;
        let mut rounds = Vec::new();
        for round in 1..=plan.rounds {
            eprintln!("throughput: {operation:?} on two hosts, round {round} of {}", plan.rounds);
            rounds.push(self.host.round(operation, plan).await?);
            relays.relayed().await?;
        }
        Ok(side(&rounds))
    }

    async fn stop(self) -> Result<()> {
        let relaying = self.relaying.into_iter().flat_map(|rival| rival.contender.servers);
        for server in self.host.servers.into_iter().chain(self.native.servers).chain(relaying) {
            server.stop().await?;
        }
        Ok(())
    }
}

impl Relaying {
    /// A round, and then the time that it takes to relay what is left of it.
    async fn round(&mut self, operation: Operation, plan: &Plan) -> Result<Round> {
        let round = self.contender.round(operation, plan).await?;
        let deadline = Instant::now() + SETTLE_PATIENCE;
        let pending = "SELECT count(*) FROM outbox_events WHERE published_at IS NULL AND dead_at IS NULL";
        while sqlx::query_scalar::<_, i64>(pending).fetch_one(&mut self.outbox).await? > 0 {
            ensure!(Instant::now() < deadline, "there still are events to relay after {SETTLE_PATIENCE:?}");
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
        Ok(round)
    }
}

/// Who serves, on one or more servers, and the requests for rows that were there at first.
struct Contender {
    servers: Vec<Server>,
    reads: Arc<[Request]>,
}

/// One operation, for as long as the plan says.
pub(crate) struct Round {
    pub(crate) outcome: Outcome,
    /// What the servers used meanwhile, where it was looked at.
    pub(crate) cpu_time: Option<Duration>,
}

#[derive(Deserialize)]
struct Created {
    id: String,
}

impl Contender {
    async fn seeded(server: Server) -> Result<Self> {
        let mut connection = Connection::open(server.addresses.api).await?;
        let mut reads = Vec::with_capacity(ROWS);
        for _ in 0..ROWS {
            let created: Created = connection.send(&insert()).await?.expect(201)?.json()?;
            reads.push(Request::get(&format!("/items/{}", created.id)));
        }
        Ok(Self { servers: vec![server], reads: reads.into() })
    }

    async fn round(&self, operation: Operation, plan: &Plan) -> Result<Round> {
        let (requests, status) = match operation {
            Operation::Plain => ([Request::get("/plain")].into(), 200),
            Operation::Read => (Arc::clone(&self.reads), 200),
            Operation::Insert => ([insert()].into(), 201),
        };
        let addresses = self.servers.iter().map(|server| server.addresses.api).collect();
        let load = Load { addresses, requests, status, connections: plan.connections };
        load.run(plan.warm_up()).await?;
        let before = self.cpu_time()?;
        let outcome = load.run(plan.round()).await?;
        let cpu_time = self.cpu_time()?.saturating_sub(before);
        Ok(Round { outcome, cpu_time: Some(cpu_time) })
    }

    fn cpu_time(&self) -> Result<Duration> {
        self.servers.iter().map(Server::cpu_time).sum()
    }
}

fn insert() -> Request {
    Request::post("/items", &format!(r#"{{"name":"{ITEM_NAME}","quantity":3}}"#))
}

fn side(rounds: &[Round]) -> Side {
    #[expect(clippy::cast_precision_loss, reason = "microseconds of requests and counts of a few seconds")]
    let latency = |percent| median(rounds.iter().map(|round| percentile(&round.outcome.latencies_us, percent) as f64));
    #[expect(clippy::cast_precision_loss, reason = "far fewer requests than an f64 counts exactly")]
    let cpu_us = |round: &Round| {
        round.cpu_time.map(|time| time.as_secs_f64() * 1e6 / round.outcome.latencies_us.len().max(1) as f64)
    };
    let cpu_us: Option<Vec<f64>> = rounds.iter().map(cpu_us).collect();
    let rounds_per_second: Vec<f64> = rounds.iter().map(|round| round.outcome.per_second()).collect();
    Side {
        per_second: median(rounds_per_second.iter().copied()),
        p50_us: latency(50),
        p95_us: latency(95),
        p99_us: latency(99),
        cpu_us: cpu_us.map(median),
        rounds_per_second,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn side_is_the_median_of_its_rounds() {
        let round = |requests: u64| Round {
            outcome: Outcome { duration: Duration::from_secs(2), latencies_us: (1..=requests).collect() },
            cpu_time: Some(Duration::from_millis(1)),
        };
        let side = side(&[round(100), round(400), round(200)]);
        assert_eq!(side.rounds_per_second, [50.0, 200.0, 100.0]);
        assert_eq!((side.per_second, side.p50_us, side.p99_us, side.cpu_us), (100.0, 100.0, 198.0, Some(5.0)));
    }
}
