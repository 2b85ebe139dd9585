//! Three operations on both servers, in rounds that alternate: native, host, native, host, …

use crate::host::{self, HostFolders, Operations};
use crate::http::{Connection, Request};
use crate::load::{Load, Outcome};
use crate::options::{Plan, ROWS};
use crate::process::Server;
use crate::statistics::{median, percentile};
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::process::Command;

/// What a stored item looks like to a client, and what is sent to store one.
const NEW_ITEM: &str = r#"{"name":"Nocturne in E-flat major, Op. 9 No. 2","quantity":3}"#;

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
}

/// One operation on one server: medians over the rounds.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Side {
    pub(crate) per_second: f64,
    pub(crate) p50_us: f64,
    pub(crate) p95_us: f64,
    pub(crate) p99_us: f64,
    /// Processor time of the server for one request, in microseconds, on all cores together.
    pub(crate) cpu_us: f64,
    /// Requests a second of each round.
    pub(crate) rounds_per_second: Vec<f64>,
}

/// Measures every operation on both servers.
pub(crate) async fn measure(plan: &Plan, scratch: &Path) -> Result<Vec<Comparison>> {
    let mut native = Contender::seeded(start_native(scratch).await?).await.context("native server")?;
    let folders = HostFolders {
        executable: &plan.host,
        manifest: &plan.applications.join("spin.toml"),
        data: &scratch.join("throughput"),
        cache: &scratch.join("cache"),
    };
    let mut host = Contender::seeded(host::start(folders).await?).await.context("host")?;
    let mut operations = Operations::of(&host.server).await?;
    let mut comparisons = Vec::new();
    for operation in [Operation::Plain, Operation::Read, Operation::Insert] {
        for round in 1..=plan.rounds {
            eprintln!("throughput: {operation:?}, round {round} of {}", plan.rounds);
            native.round(operation, plan).await.context("native server")?;
            host.round(operation, plan).await.context("host")?;
            operations.relayed().await?;
        }
        let (native, host) = (native.take_side(), host.take_side());
        let ratio = host.per_second / native.per_second;
        comparisons.push(Comparison { operation, native, host, ratio });
    }
    host.server.stop().await?;
    native.server.stop().await?;
    Ok(comparisons)
}

/// Starts this executable again, as the native server.
async fn start_native(scratch: &Path) -> Result<Server> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("native").arg("--database").arg(scratch.join("native.sqlite"));
    Server::start(command).await
}

/// A server with rows to read, and its rounds of the operation at hand.
struct Contender {
    server: Server,
    reads: Arc<[Request]>,
    rounds: Vec<Round>,
}

struct Round {
    outcome: Outcome,
    cpu_time: Duration,
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
        Ok(Self { server, reads: reads.into(), rounds: Vec::new() })
    }

    async fn round(&mut self, operation: Operation, plan: &Plan) -> Result<()> {
        let (requests, status) = match operation {
            Operation::Plain => ([Request::get("/plain")].into(), 200),
            Operation::Read => (Arc::clone(&self.reads), 200),
            Operation::Insert => ([insert()].into(), 201),
        };
        let load = Load { address: self.server.addresses.api, requests, status, connections: plan.connections };
        load.run(plan.warm_up()).await?;
        let before = self.server.cpu_time()?;
        let outcome = load.run(plan.round()).await?;
        let cpu_time = self.server.cpu_time()?.saturating_sub(before);
        self.rounds.push(Round { outcome, cpu_time });
        Ok(())
    }

    fn take_side(&mut self) -> Side {
        side(&std::mem::take(&mut self.rounds))
    }
}

fn insert() -> Request {
    Request::post("/items", NEW_ITEM)
}

fn side(rounds: &[Round]) -> Side {
    #[expect(clippy::cast_precision_loss, reason = "microseconds of requests and counts of a few seconds")]
    let latency = |percent| median(rounds.iter().map(|round| percentile(&round.outcome.latencies_us, percent) as f64));
    #[expect(clippy::cast_precision_loss, reason = "far fewer requests than an f64 counts exactly")]
    let cpu_us = |round: &Round| round.cpu_time.as_secs_f64() * 1e6 / round.outcome.latencies_us.len().max(1) as f64;
    let rounds_per_second: Vec<f64> = rounds.iter().map(|round| round.outcome.per_second()).collect();
    Side {
        per_second: median(rounds_per_second.iter().copied()),
        p50_us: latency(50),
        p95_us: latency(95),
        p99_us: latency(99),
        cpu_us: median(rounds.iter().map(cpu_us)),
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
            cpu_time: Duration::from_millis(1),
        };
        let side = side(&[round(100), round(400), round(200)]);
        assert_eq!(side.rounds_per_second, [50.0, 200.0, 100.0]);
        assert_eq!((side.per_second, side.p50_us, side.p99_us, side.cpu_us), (100.0, 100.0, 198.0, 5.0));
    }
}
