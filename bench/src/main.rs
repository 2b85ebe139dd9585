//! Measures the host side by side with a native server that does the same, in one run on one machine.
//!
//! Promise: both sides answer the same requests from the same schema with the same settings of SQLite or on the same
//! PostgreSQL, each in a process of its own; rounds alternate, so that drift of the machine hits both; an answer that is not the expected one
//! ends the run. Deliberately absent: pass or fail. The report says what was measured and which target it meets.

mod events;
mod host;
mod http;
mod load;
mod machine;
mod native;
mod options;
mod pgbench;
mod plugins;
mod process;
mod report;
mod servers;
mod startup;
mod statistics;
mod tables;
mod throughput;

use anyhow::{Context, Result};
use clap::Parser;
use options::{BackEnds, Command, Options, Part, Plan};
use report::Report;
use servers::Servers;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

fn main() -> Result<()> {
    let options = Options::parse();
    match options.command {
        Some(Command::Native { database, nats }) => {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(native::run(&database, nats.as_deref()))
        }
        None => {
            // Everything here waits: for servers to start and for load to end. The load has a thread of its own.
            tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run(&options.plan))
        }
    }
}

async fn run(plan: &Plan) -> Result<()> {
    let folder = scratch(plan)?;
    let mut report = Report::new(plan, machine::describe(folder.path())?);
    let measured = measure(plan, folder.path(), &mut report).await;
    // A part that failed does not cost the figures of those before it; the error still decides the exit status.
    println!("{}", report.markdown());
    report.write(&plan.output)?;
    measured
}

async fn measure(plan: &Plan, scratch: &Path, report: &mut Report) -> Result<()> {
    if plan.includes(Part::Throughput, BackEnds::Sqlite) {
        report.throughput = Some(throughput::measure(plan, scratch).await.context("throughput")?);
    }
    if plan.includes(Part::Events, BackEnds::Sqlite) {
        report.events = Some(events::measure(plan, scratch).await.context("events")?);
    }
    if plan.includes(Part::Plugins, BackEnds::Sqlite) {
        report.plugins = Some(plugins::measure(plan, scratch).await.context("plugins")?);
    }
    if plan.includes(Part::Startup, BackEnds::Sqlite) {
        report.startup = Some(startup::measure(plan, scratch).await.context("start-up")?);
    }
    // Each part has servers of its own, so that neither reads what the other left.
    let shared = &mut report.postgres;
    if plan.includes(Part::Throughput, BackEnds::Postgres) {
        let servers = Servers::start(plan, scratch).await?;
        shared.settings = Some(servers.settings(plan).await?);
        let throughput = Box::pin(throughput::measure_on(&servers, plan, scratch)).await;
        shared.throughput = Some(throughput.context("throughput on PostgreSQL")?);
    }
    if plan.includes(Part::Events, BackEnds::Postgres) {
        let servers = Servers::start(plan, scratch).await?;
        shared.settings = Some(servers.settings(plan).await?);
        shared.events =
            Some(events::measure_on(&servers, plan, scratch).await.context("events on PostgreSQL and NATS")?);
    }
    Ok(())
}

/// A folder for all data of the run, on the disk of the target folder: `/tmp` may be memory, which has no `fsync`.
fn scratch(plan: &Plan) -> Result<TempDir> {
    let made = fs::create_dir_all(&plan.scratch)
        .and_then(|()| tempfile::Builder::new().prefix("bench-").tempdir_in(&plan.scratch));
    made.with_context(|| format!("cannot make a folder in {}; choose another with --scratch", plan.scratch.display()))
}
