//! pgbench with the statements of both servers: what the database gives when nobody stands before it.

use crate::load::Outcome;
use crate::native::create_tables;
use crate::options::{Plan, ROWS};
use crate::servers::Servers;
use crate::throughput::{ITEM_NAME, Operation, Round};
use anyhow::{Context, Result, ensure};
use sqlx::PgPool;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The line of its report with the transactions a second.
const PER_SECOND: &str = "tps = ";
/// Keys of one run: more than it makes transactions.
const KEYS_PER_RUN: u64 = 100_000_000;
/// The keys that rows have at first.
const SEED: &str = "INSERT INTO items (id, name, quantity, created_at)
    SELECT CAST(lpad(CAST(id AS TEXT), 32, '0') AS UUID), $2, 3, now() FROM generate_series(1, $1) AS seeded (id)";

/// pgbench on a database of its own with the same tables and as many rows.
pub(crate) struct Pgbench<'a> {
    servers: &'a Servers,
    scripts: PathBuf,
    scratch: &'a Path,
    database: String,
    runs: u64,
}

impl<'a> Pgbench<'a> {
    /// Makes its tables and rows; `None` when it is not installed.
    pub(crate) async fn seeded(servers: &'a Servers, plan: &Plan, scratch: &'a Path) -> Result<Option<Self>> {
        if servers.client("pgbench").is_none() {
            return Ok(None);
        }
        let database = "pgbench";
        let pool = PgPool::connect(&servers.database(database).await?).await?;
        create_tables(&pool).await?;
        sqlx::query(SEED).bind(i64::try_from(ROWS)?).bind(ITEM_NAME).execute(&pool).await?;
        pool.close().await;
        let scripts = plan.applications.join("pgbench");
        Ok(Some(Self { servers, scripts, scratch, database: database.to_owned(), runs: 0 }))
    }

    /// Runs `operation` as the load generator does, warm-up first.
    pub(crate) async fn round(&mut self, operation: Operation, plan: &Plan) -> Result<Round> {
        self.run(operation, plan.connections, plan.warm_up_seconds).await?;
        let outcome = self.run(operation, plan.connections, plan.seconds).await?;
        Ok(Round { outcome, cpu_time: None })
    }

    async fn run(&mut self, operation: Operation, clients: u16, seconds: u16) -> Result<Outcome> {
        let script = match operation {
            Operation::Read => "read.sql",
            Operation::Insert => "insert.sql",
            Operation::Plain => anyhow::bail!("pgbench serves no text"),
        };
        self.runs += 1;
        let log = tempfile::Builder::new().prefix("pgbench-").tempdir_in(self.scratch)?;
        let mut command = self.servers.client("pgbench").context("pgbench was there before")?;
        command.args(["--no-vacuum", "--protocol=prepared", "--jobs=1", "--log"]);
        command.arg(format!("--client={clients}")).arg(format!("--time={seconds}"));
        command.arg("--file").arg(self.scripts.join(script));
        command.arg(concatenated("--log-prefix=", &log.path().join("log")));
        command.args(self.variables().map(|(name, value)| format!("--define={name}={value}")));
        let output = command.arg(&self.database).kill_on_drop(true).output().await?;
        let told = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "pgbench ended with {}: {told}", output.status);
        outcome(&String::from_utf8_lossy(&output.stdout), &read_all(log.path())?)
    }

    /// What the scripts put into their statements.
    fn variables(&self) -> [(&'static str, String); 6] {
        let now = "2026-01-01T00:00:00.000000Z";
        let id = "00000000-0000-7000-8000-000000000000";
        let payload = format!(r#"{{"id":"{id}","name":"{ITEM_NAME}","quantity":3,"created_at":"{now}"}}"#);
        [
            ("rows", ROWS.to_string()),
            ("n", (self.runs * KEYS_PER_RUN).to_string()),
            ("name", ITEM_NAME.to_owned()),
            ("quantity", 3.to_string()),
            ("now", now.to_owned()),
            ("payload", payload),
        ]
    }
}

/// Its report gives the rate, its log the time of each transaction in microseconds, in the third column.
fn outcome(report: &str, log: &str) -> Result<Outcome> {
    let line = report.lines().find_map(|line| line.strip_prefix(PER_SECOND));
    let rate =
        line.and_then(|line| line.split(' ').next()).with_context(|| format!("pgbench told no rate: {report}"))?;
    let per_second: f64 = rate.parse()?;
    let mut latencies_us = log
        .lines()
        .map(|line| line.split(' ').nth(2).context("an unexpected line in pgbench's log")?.parse().map_err(Into::into))
        .collect::<Result<Vec<u64>>>()?;
    latencies_us.sort_unstable();
    ensure!(per_second > 0.0 && !latencies_us.is_empty(), "pgbench came to no end of a transaction: {report}");
    #[expect(clippy::cast_precision_loss, reason = "far fewer transactions than an f64 counts exactly")]
    let duration = Duration::from_secs_f64(latencies_us.len() as f64 / per_second);
    Ok(Outcome { duration, latencies_us })
}

/// The logs of its threads.
fn read_all(folder: &Path) -> Result<String> {
    let mut text = String::new();
    for file in fs::read_dir(folder)? {
        text.push_str(&fs::read_to_string(file?.path())?);
    }
    Ok(text)
}

fn concatenated(option: &str, value: &Path) -> OsString {
    let mut text = OsString::from(option);
    text.push(value);
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;
    use clap::Parser;

    #[tokio::test]
    async fn scripts_run_on_the_native_servers_tables_of_a_durable_server() {
        let (folder, shared) = (tempfile::tempdir().unwrap(), std::env::temp_dir());
        let arguments = ["--seconds=1", "--connections=3", "--applications", env!("CARGO_MANIFEST_DIR"), "--scratch"];
        let plan = Options::try_parse_from([&["bench"], &arguments[..], &[shared.to_str().unwrap()]].concat());
        let plan = plan.unwrap().plan;
        let servers = Servers::start(&plan, folder.path()).await.unwrap();
        let settings = servers.settings(&plan).await.unwrap().postgres;
        assert!(settings.contains(&("fsync".to_owned(), "on".to_owned())), "{settings:?}");
        let mut pgbench = Pgbench::seeded(&servers, &plan, folder.path()).await.unwrap().unwrap();
        for operation in [Operation::Read, Operation::Insert] {
            let outcome = pgbench.round(operation, &plan).await.unwrap().outcome;
            assert!(outcome.per_second() > 1.0 && outcome.latencies_us.len() > 1, "{operation:?}");
        }
    }

    #[test]
    fn rate_and_latencies_are_read_as_pgbench_tells_them() {
        let report = "number of failed transactions: 0 (0.000%)\nlatency average = 1.5 ms\n\
                      initial connection time = 30.1 ms\ntps = 2.000000 (without initial connection time)\n";
        let outcome = outcome(report, "0 1 900 0 1700000000 100\n1 1 300 0 1700000000 200\n").unwrap();
        assert_eq!(outcome, Outcome { duration: Duration::from_secs(1), latencies_us: vec![300, 900] });
        assert!(super::outcome(report, "").is_err());
        assert!(super::outcome("", "0 1 900 0 1700000000 100\n").is_err());
    }
}
