//! Hosts under measurement: how they are started, and what their operations listeners tell.

use crate::http::{Connection, Request};
use crate::options::{BETWEEN_LOOKS, SETTLE_PATIENCE};
use crate::process::Server;
use crate::servers::Servers;
use anyhow::{Context, Result, bail, ensure};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;
use tokio::process::Command;

/// The gauge of events that are committed and not yet relayed, per service.
const PENDING: &str = "mutrapro_events_outbox_pending";
/// The histogram of the time from an event's emission to the commit of its effect, in seconds.
const EMITTED_TO_HANDLED: &str = "mutrapro_events_emitted_to_handled_seconds_bucket";
/// What the names of environment variables begin with that choose a host's back ends.
const BACK_END_VARIABLES: [&str; 4] = ["MUTRAPRO_DATABASE_", "MUTRAPRO_NATS_", "MUTRAPRO_BLOBS_", "MUTRAPRO_SQLITE_"];

/// What a host is to run, where, and with which back ends.
pub(crate) struct Launch<'a> {
    pub(crate) executable: &'a Path,
    pub(crate) manifest: PathBuf,
    pub(crate) data: PathBuf,
    pub(crate) cache: PathBuf,
    /// The servers that it shares with others, if it does not keep everything in `data`.
    pub(crate) servers: Option<&'a Servers>,
}

/// Starts the host with its default settings, among them synchronous FULL, on free ports.
pub(crate) async fn start(launch: &Launch<'_>) -> Result<Server> {
    let mut command = command(launch, "up")?;
    command.args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]).arg("--cache-dir").arg(&launch.cache);
    command.envs(launch.servers.map(Servers::for_hosts).unwrap_or_default());
    let started = Server::start(command).await;
    started.with_context(|| format!("the host did not start with {}", launch.manifest.display()))
}

/// Makes databases, roles and tables on the servers, which is not a host's to do.
pub(crate) async fn migrate(launch: &Launch<'_>) -> Result<()> {
    let mut command = command(launch, "migrate")?;
    command.envs(launch.servers.map(Servers::for_the_owner).unwrap_or_default());
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await?;
    let told = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "`mutrapro migrate` ended with {}: {told}", output.status);
    Ok(())
}

fn command(launch: &Launch<'_>, verb: &str) -> Result<Command> {
    let Launch { executable, manifest, data, .. } = launch;
    ensure!(
        executable.exists(),
        "{} is not there: run `make bench`, or `cargo build --release -p mutrapro` first",
        executable.display()
    );
    let mut command = Command::new(executable);
    // Else whoever measures would decide with their own environment which back ends these are.
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(chooses_back_ends)) {
        command.env_remove(name);
    }
    command.args(["--log", "warn", verb, "--from"]).arg(manifest).arg("--data-dir").arg(data);
    Ok(command)
}

fn chooses_back_ends(variable: &str) -> bool {
    BACK_END_VARIABLES.iter().any(|prefix| variable.starts_with(prefix))
}

/// The operations listeners of hosts that run one application.
pub(crate) struct Operations(Vec<Connection>);

impl Operations {
    /// Connects to the operations listener of each of `hosts`.
    pub(crate) async fn of(hosts: &[Server]) -> Result<Self> {
        let mut connections = Vec::with_capacity(hosts.len());
        for host in hosts {
            let address = host.addresses.operations.context("a host did not say where its operations listener is")?;
            connections.push(Connection::open(address).await?);
        }
        Ok(Self(connections))
    }

    /// Waits until every event that was committed is relayed, so that no host works on in the background while something
    /// else is measured.
    pub(crate) async fn relayed(&mut self) -> Result<()> {
        let deadline = Instant::now() + SETTLE_PATIENCE;
        while sum(&self.metrics().await?, PENDING)? > 0.0 {
            ensure!(Instant::now() < deadline, "there still are events to relay after {SETTLE_PATIENCE:?}");
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
        Ok(())
    }

    /// The histogram of all events that were handled so far.
    pub(crate) async fn emitted_to_handled(&mut self) -> Result<Histogram> {
        Histogram::parse(&self.metrics().await?, EMITTED_TO_HANDLED)
    }

    /// The metrics of every host, one after the other.
    async fn metrics(&mut self) -> Result<String> {
        let mut text = String::new();
        for host in &mut self.0 {
            let answer = host.send(&Request::get("/metrics")).await?.expect(200)?;
            text.push_str(std::str::from_utf8(answer.body)?);
        }
        Ok(text)
    }
}

/// How many values were at most each bound, as the OpenMetrics text format gives a histogram; all services and hosts together.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Histogram(Vec<(f64, u64)>);

impl Histogram {
    fn parse(text: &str, name: &str) -> Result<Self> {
        let mut buckets: Vec<(f64, u64)> = Vec::new();
        for (labels, value) in series(text, name) {
            let bound = labels.split("le=\"").nth(1).and_then(|rest| rest.split('"').next());
            let bound: f64 = bound.with_context(|| format!("{name} without a bound"))?.parse()?;
            let count: u64 = value.parse()?;
            match buckets.iter_mut().find(|bucket| bucket.0 == bound) {
                Some(bucket) => bucket.1 += count,
                None => buckets.push((bound, count)),
            }
        }
        ensure!(!buckets.is_empty(), "the host has no metric {name}");
        buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
        Ok(Self(buckets))
    }

    /// The upper bound, in seconds, of the bucket with the median of what was counted since `earlier`.
    pub(crate) fn median_bound_since(&self, earlier: &Self) -> Result<f64> {
        let since = |bucket: &(f64, u64)| {
            let before = earlier.0.iter().find(|other| other.0 == bucket.0).map_or(0, |other| other.1);
            bucket.1.saturating_sub(before)
        };
        let total = self.0.last().map_or(0, since);
        if total == 0 {
            bail!("the host counted no handled event");
        }
        let median = self.0.iter().find(|bucket| since(bucket) * 2 >= total);
        median.map(|bucket| bucket.0).context("a histogram that never reaches its total")
    }
}

/// The sum of every series of `name`; an error when there is none, so that a renamed metric is noticed.
fn sum(text: &str, name: &str) -> Result<f64> {
    let mut values = series(text, name).map(|(_, value)| value.parse::<f64>()).peekable();
    ensure!(values.peek().is_some(), "the host has no metric {name}");
    Ok(values.sum::<Result<f64, _>>()?)
}

/// Labels and value of every series of `name` in the OpenMetrics text format.
fn series<'t>(text: &'t str, name: &'t str) -> impl Iterator<Item = (&'t str, &'t str)> {
    text.lines().filter_map(move |line| {
        let (series, value) = line.rsplit_once(' ')?;
        let (found, labels) = series.split_once('{').unwrap_or((series, ""));
        (found == name).then_some((labels, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# TYPE a gauge\na{service=\"x\"} 2\na{service=\"y\"} 3\n\
        h_bucket{le=\"0.004\",service=\"x\"} 1\nh_bucket{le=\"0.008\",service=\"x\"} 9\n\
        h_bucket{le=\"+Inf\",service=\"x\"} 10\n";

    #[test]
    fn gauge_is_summed_over_services_and_missed_when_absent() {
        assert_eq!(sum(TEXT, "a").unwrap(), 5.0);
        assert!(sum(TEXT, "b").is_err());
    }

    #[test]
    fn only_variables_that_choose_back_ends_are_kept_from_a_host() {
        assert!(chooses_back_ends("MUTRAPRO_DATABASE_URL") && chooses_back_ends("MUTRAPRO_NATS_PREFIX"));
        assert!(!chooses_back_ends("MUTRAPRO_ADMIN_EMAIL") && !chooses_back_ends("PATH"));
    }

    #[test]
    fn median_counts_only_what_came_later() {
        let empty = Histogram(vec![(0.004, 0), (0.008, 0), (f64::INFINITY, 0)]);
        let early = Histogram(vec![(0.004, 1), (0.008, 8), (f64::INFINITY, 8)]);
        let now = Histogram::parse(TEXT, "h_bucket").unwrap();
        assert_eq!(now.median_bound_since(&empty).unwrap(), 0.008);
        assert_eq!(now.median_bound_since(&early).unwrap(), 0.008);
        assert!(now.median_bound_since(&now).is_err());
        assert_eq!(Histogram(vec![(0.004, 6), (f64::INFINITY, 10)]).median_bound_since(&empty).unwrap(), 0.004);
    }
}
