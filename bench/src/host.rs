//! The host under measurement: how it is started, and what its operations listener tells.

use crate::http::{Connection, Request};
use crate::options::{BETWEEN_LOOKS, SETTLE_PATIENCE};
use crate::process::Server;
use anyhow::{Context, Result, bail, ensure};
use std::path::Path;
use std::time::Instant;
use tokio::process::Command;

/// The gauge of events that are committed and not yet relayed, per service.
const PENDING: &str = "mutrapro_events_outbox_pending";
/// The histogram of the time from an event's emission to the commit of its effect, in seconds.
const EMITTED_TO_HANDLED: &str = "mutrapro_events_emitted_to_handled_seconds_bucket";

/// What a host is to run, and where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HostFolders<'a> {
    pub(crate) executable: &'a Path,
    pub(crate) manifest: &'a Path,
    pub(crate) data: &'a Path,
    pub(crate) cache: &'a Path,
}

/// Starts the host with its default settings, among them synchronous FULL, on free ports.
pub(crate) async fn start(folders: HostFolders<'_>) -> Result<Server> {
    let HostFolders { executable, manifest, data, cache } = folders;
    ensure!(
        executable.exists(),
        "{} is not there: run `make bench`, or `cargo build --release -p mutrapro` first",
        executable.display()
    );
    let mut command = Command::new(executable);
    command.args(["--log", "warn", "up", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--from"]).arg(manifest);
    command.arg("--data-dir").arg(data).arg("--cache-dir").arg(cache);
    Server::start(command).await.with_context(|| format!("the host did not start with {}", manifest.display()))
}

/// The operations listener of a host.
pub(crate) struct Operations(Connection);

impl Operations {
    /// Connects to the operations listener of `host`.
    pub(crate) async fn of(host: &Server) -> Result<Self> {
        let address = host.addresses.operations.context("the host did not say where its operations listener is")?;
        Ok(Self(Connection::open(address).await?))
    }

    /// Waits until the host has relayed every event that it committed, so that it does not work on in the background
    /// while something else is measured.
    pub(crate) async fn relayed(&mut self) -> Result<()> {
        let deadline = Instant::now() + SETTLE_PATIENCE;
        while sum(&self.metrics().await?, PENDING)? > 0.0 {
            ensure!(Instant::now() < deadline, "the host still has events to relay after {SETTLE_PATIENCE:?}");
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
        Ok(())
    }

    /// The histogram of all events that were handled so far.
    pub(crate) async fn emitted_to_handled(&mut self) -> Result<Histogram> {
        Histogram::parse(&self.metrics().await?, EMITTED_TO_HANDLED)
    }

    async fn metrics(&mut self) -> Result<String> {
        let answer = self.0.send(&Request::get("/metrics")).await?.expect(200)?;
        Ok(std::str::from_utf8(answer.body)?.to_owned())
    }
}

/// How many values were at most each bound, as the OpenMetrics text format gives a histogram; all services together.
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
