//! A running host.

use crate::application::{Application, target_folder};
use crate::client::Client;
use crate::wait::eventually;
use anyhow::{Context, Result, bail, ensure};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// How long a host may take to be ready: the first start compiles the components.
const START_PATIENCE: Duration = Duration::from_secs(180);

/// How a system is to be started.
pub struct SystemBuilder {
    application: Application,
    environment: Vec<(String, String)>,
    arguments: Vec<String>,
}

/// A host that runs an application in a process of its own, killed when this value is dropped.
pub struct System {
    builder: SystemBuilder,
    data: TempDir,
    process: Child,
    api: SocketAddr,
    operations: SocketAddr,
}

impl SystemBuilder {
    /// Sets an environment variable of the host.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds an argument to `mutrapro up`.
    #[must_use]
    pub fn arg(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Starts the system with an empty data folder and waits until it is ready.
    ///
    /// # Errors
    /// When it does not become ready, with what it logged.
    pub async fn start(self) -> Result<System> {
        let data = tempfile::tempdir()?;
        let (process, api, operations) = launch(&self, data.path()).await?;
        Ok(System { builder: self, data, process, api, operations })
    }
}

impl System {
    /// A system for `application`.
    pub fn of(application: Application) -> SystemBuilder {
        SystemBuilder { application, environment: Vec::new(), arguments: Vec::new() }
    }

    /// A client of the public listener.
    pub fn client(&self) -> Client {
        Client::new(self.api)
    }

    /// A client of the operations listener.
    pub fn operations(&self) -> Client {
        Client::new(self.operations)
    }

    /// The data folder.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// The process id of the host.
    pub fn process_id(&self) -> Option<u32> {
        self.process.id()
    }

    /// Ends the process at once, as a power failure would, and starts it again on the same data.
    ///
    /// # Errors
    /// When it does not become ready again.
    pub async fn kill_and_restart(&mut self) -> Result<()> {
        self.process.kill().await?;
        self.restart().await
    }

    /// Starts the host again on the same data after it ended.
    ///
    /// # Errors
    /// When it does not become ready.
    pub async fn restart(&mut self) -> Result<()> {
        (self.process, self.api, self.operations) = launch(&self.builder, self.data.path()).await?;
        Ok(())
    }

    /// Asks the process to end with SIGTERM, and waits until it has.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn terminate(&mut self) -> Result<ExitStatus> {
        let id = self.process.id().context("the host has ended already")?;
        let sent = Command::new("kill").args(["-TERM", &id.to_string()]).status().await?;
        ensure!(sent.success(), "cannot send SIGTERM to {id}");
        Ok(self.process.wait().await?)
    }

    /// The value of a metric: the sum over all series of `name` whose labels contain every one of `labels`
    /// (`service="user-service"`).
    ///
    /// # Errors
    /// When the metrics cannot be read.
    pub async fn metric(&self, name: &str, labels: &[&str]) -> Result<f64> {
        let text = self.operations().get("/metrics").await?.expect(200)?.text();
        Ok(sum_of_series(&text, name, labels))
    }

    /// Waits until every event that was emitted has been handled by every consumer.
    ///
    /// # Errors
    /// When that does not happen in time.
    pub async fn settled(&self) -> Result<()> {
        let mut published = None;
        eventually("every event was handled", async || {
            let text = self.operations().get("/metrics").await?.expect(200)?.text();
            let pending = sum_of_series(&text, "mutrapro_events_outbox_pending", &[])
                + sum_of_series(&text, "mutrapro_events_deliveries_pending", &[]);
            // Outboxes are counted after deliveries: what is published in between would be seen in neither.
            let before = published.replace(sum_of_series(&text, "mutrapro_events_published_total", &[]));
            Ok((pending == 0.0 && before == published).then_some(()))
        })
        .await
    }

    /// Runs `mutrapro` with these arguments on the same application and data, and gives its standard output.
    ///
    /// # Errors
    /// When it fails, with its standard error.
    pub async fn run(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(host_executable()?);
        command.args(arguments).arg("--from").arg(self.builder.application.manifest());
        command.arg("--data-dir").arg(self.data.path());
        let output = command.envs(self.builder.environment.iter().cloned()).output().await?;
        ensure!(output.status.success(), "{arguments:?} failed: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }
}

/// The executable under test.
///
/// # Errors
/// When it was not built.
pub(crate) fn host_executable() -> Result<PathBuf> {
    let path = target_folder().join("debug/mutrapro");
    ensure!(path.exists(), "{} is not there: run `make test`, or `cargo build -p mutrapro` first", path.display());
    Ok(path)
}

async fn launch(builder: &SystemBuilder, data: &Path) -> Result<(Child, SocketAddr, SocketAddr)> {
    let mut command = Command::new(host_executable()?);
    command.arg("up").arg("--from").arg(builder.application.manifest()).arg("--data-dir").arg(data);
    command.args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
    command.arg("--cache-dir").arg(target_folder().join("component-cache"));
    // Tests that fail show warnings and errors; MUTRAPRO_LOG asks for more.
    let log = std::env::var("MUTRAPRO_LOG").unwrap_or_else(|_| "warn".to_owned());
    command.args(["--log", &log]);
    command.args(&builder.arguments).envs(builder.environment.iter().cloned());
    let mut process = command.stdout(Stdio::piped()).stdin(Stdio::null()).kill_on_drop(true).spawn()?;
    let output = process.stdout.take().context("the host has no standard output")?;
    let ready = tokio::time::timeout(START_PATIENCE, BufReader::new(output).lines().next_line()).await;
    let Some(line) = ready.with_context(|| format!("not ready after {START_PATIENCE:?}"))?? else {
        bail!("the host ended before it was ready: {}", process.wait().await?);
    };
    let (api, operations) = addresses(&line).with_context(|| format!("unexpected first line {line:?}"))?;
    Ok((process, api, operations))
}

/// Reads `serving http://ADDRESS, operations on http://ADDRESS`.
fn addresses(line: &str) -> Option<(SocketAddr, SocketAddr)> {
    let (api, operations) = line.strip_prefix("serving http://")?.split_once(", operations on http://")?;
    Some((api.parse().ok()?, operations.parse().ok()?))
}

/// Adds up the series `name{labels} value` of the OpenMetrics text format.
fn sum_of_series(text: &str, name: &str, labels: &[&str]) -> f64 {
    let series = text.lines().filter_map(|line| {
        let (series, value) = line.rsplit_once(' ')?;
        let (found, own_labels) = series.split_once('{').unwrap_or((series, ""));
        (found == name && labels.iter().all(|label| own_labels.contains(label))).then(|| value.parse::<f64>().ok())?
    });
    series.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_are_added_up_by_name_and_labels() {
        let text = "# TYPE a counter\na_total{service=\"x\",status=\"200\"} 2\na_total{service=\"y\"} 3\nab_total 9\n";
        assert_eq!(sum_of_series(text, "a_total", &[]), 5.0);
        assert_eq!(sum_of_series(text, "a_total", &["service=\"x\""]), 2.0);
        assert_eq!(sum_of_series(text, "b", &[]), 0.0);
    }

    #[test]
    fn the_ready_line_gives_both_addresses() {
        let line = "serving http://127.0.0.1:3000, operations on http://127.0.0.1:3001";
        assert_eq!(addresses(line).unwrap().1.port(), 3001);
        assert!(addresses("serving").is_none());
    }
}
