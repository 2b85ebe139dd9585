//! What is measured and for how long: every setting of the benchmark, in one place.

use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;

/// Tells the native server its database, as its URL holds a password.
pub(crate) const NATIVE_DATABASE: &str = "MUTRAPRO_BENCH_DATABASE";
/// Tells it the server that it relays its outbox to, if it is to.
pub(crate) const NATIVE_NATS: &str = "MUTRAPRO_BENCH_NATS";
/// How long a server may take to be ready: the host's first start compiles its components.
pub(crate) const START_PATIENCE: Duration = Duration::from_secs(180);
/// How long events may take to be handled, and a relay to do what a round left.
pub(crate) const SETTLE_PATIENCE: Duration = Duration::from_secs(120);
/// Between two looks at what is waited for. A look costs the host one small query.
pub(crate) const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
/// Rows that reads choose from.
pub(crate) const ROWS: usize = 1_000;
/// Events before the first measured ones, so that instances, files and statements are there.
pub(crate) const WARM_UP_EVENTS: u32 = 1_000;
/// Single events whose latency is measured, and the time from one to the next: far below what the host can do.
pub(crate) const SINGLE_EVENTS: u16 = 200;
pub(crate) const BETWEEN_SINGLE_EVENTS: Duration = Duration::from_millis(50);
/// Calls into a plugin that are timed in a round, and those before the first round.
pub(crate) const PLUGIN_CALLS: u32 = 10_000;
pub(crate) const WARM_UP_PLUGIN_CALLS: u32 = 1_000;
/// The connections of the native server to PostgreSQL: what a host has at most to the database of one service, to write
/// and to read (`PostgresConfig`).
pub(crate) const POSTGRES_CONNECTIONS: u32 = 8 + 4;
/// Starts with compiled components.
pub(crate) const WARM_STARTS: usize = 5;
/// How long a host is idle before its memory is read: longer than it keeps idle instances.
pub(crate) const IDLE_TIME: Duration = Duration::from_secs(15);
/// How long the disk is probed.
pub(crate) const PROBE_TIME: Duration = Duration::from_secs(1);

/// Measures the host side by side with a native server that does the same.
#[derive(Debug, Parser)]
#[command(name = "mutrapro-bench", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Options {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) plan: Plan,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve as the native server; the benchmark starts itself in this way.
    Native {
        /// The database: a file of SQLite, made when it is missing, or the `postgres://` URL of an empty database.
        #[arg(long, env = NATIVE_DATABASE, hide_env_values = true)]
        database: String,
        /// The URL of the NATS server to which it relays its outbox; without one its events stay where they are.
        #[arg(long, env = NATIVE_NATS, hide_env_values = true)]
        nats: Option<String>,
    },
}

/// A part of the benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Part {
    /// Plain text, read and insert beside the native server.
    Throughput,
    /// Events a second, and the time of a single one.
    Events,
    /// Calls into a trivial plugin.
    Plugins,
    /// Start-up and idle memory with the real services.
    Startup,
}

/// What the host keeps data and events in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BackEnds {
    /// A file for each service and one for the bus, of one host.
    Sqlite,
    /// PostgreSQL and NATS JetStream, with one host and with two.
    Postgres,
    /// One after the other.
    All,
}

/// What to measure. Paths are relative to the working folder, which `make bench` makes the repository's.
#[derive(Debug, Clone, Args, Serialize)]
pub(crate) struct Plan {
    /// Measure this part alone; may be given several times.
    #[arg(long = "part", value_enum)]
    pub(crate) parts: Vec<Part>,
    /// Measure on these back ends. Plugins, start-up and memory are measured on SQLite alone.
    #[arg(long, value_enum, default_value_t = BackEnds::All)]
    pub(crate) back_ends: BackEnds,
    /// How often NATS syncs what it acknowledges, as its `sync_interval`; by default before it does so, as both databases do.
    #[arg(long, default_value = "always")]
    pub(crate) nats_sync_interval: String,
    /// Connections of the load generator, each with one request under way.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) connections: u16,
    /// Rounds per operation and server; figures are medians over them.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=99))]
    pub(crate) rounds: u16,
    /// Seconds per round.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=600))]
    pub(crate) seconds: u16,
    /// Seconds of load before each round that are not counted.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=600))]
    pub(crate) warm_up_seconds: u16,
    /// Events per round, emitted by one request.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) events: u32,
    /// The host's executable.
    #[arg(long, default_value = "target/release/mutrapro")]
    #[serde(skip)]
    pub(crate) host: PathBuf,
    /// The folder of the benchmark's applications.
    #[arg(long, default_value = "bench")]
    #[serde(skip)]
    pub(crate) applications: PathBuf,
    /// The application whose start and memory are measured.
    #[arg(long, default_value = "spin.toml")]
    #[serde(skip)]
    pub(crate) application: PathBuf,
    /// Where databases are made and removed again; it decides which disk is measured.
    #[arg(long, default_value = "target/bench")]
    #[serde(skip)]
    pub(crate) scratch: PathBuf,
    /// Where the figures are written as JSON.
    #[arg(long, default_value = "target/bench.json")]
    #[serde(skip)]
    pub(crate) output: PathBuf,
}

impl Plan {
    /// Whether `part` is to be measured on `back_ends`: every part is, unless some were named.
    pub(crate) fn includes(&self, part: Part, back_ends: BackEnds) -> bool {
        let wanted = self.back_ends == BackEnds::All || self.back_ends == back_ends;
        wanted && (self.parts.is_empty() || self.parts.contains(&part))
    }

    /// How long a round lasts.
    pub(crate) fn round(&self) -> Duration {
        Duration::from_secs(self.seconds.into())
    }

    /// How long the load before a round lasts.
    pub(crate) fn warm_up(&self) -> Duration {
        Duration::from_secs(self.warm_up_seconds.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Options::command().debug_assert();
    }

    #[test]
    fn every_part_is_measured_on_every_back_end_unless_some_are_named() {
        let plan = |arguments: &[&str]| Options::try_parse_from([&["bench"], arguments].concat()).unwrap().plan;
        assert!(plan(&[]).includes(Part::Events, BackEnds::Sqlite));
        assert!(plan(&[]).includes(Part::Events, BackEnds::Postgres));
        assert!(plan(&["--part", "events"]).includes(Part::Events, BackEnds::Sqlite));
        assert!(!plan(&["--part", "events"]).includes(Part::Startup, BackEnds::Sqlite));
        assert!(!plan(&["--back-ends", "postgres"]).includes(Part::Events, BackEnds::Sqlite));
        assert!(plan(&["--back-ends", "postgres"]).includes(Part::Events, BackEnds::Postgres));
    }
}
