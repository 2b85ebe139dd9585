//! One host in a process of its own.

use crate::application::{Application, target_folder};
use crate::client::Client;
use crate::spin_lock;
use anyhow::{Context, Result, bail, ensure};
use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// How long a host may take to be ready: the first start compiles the components.
const START_PATIENCE: Duration = Duration::from_secs(180);

/// Decides, when set to `spin`, that hosts are started as Spin starts its triggers instead of as `mutrapro up`.
const ENTRY: &str = "MUTRAPRO_TEST_ENTRY";
/// What Spin calls, and its lock file.
const TRIGGER: &str = "trigger-mutrapro";
const LOCK: &str = "spin.lock";

/// How a host is started.
#[derive(Clone)]
pub(crate) struct Launch<'a> {
    pub(crate) application: &'a Application,
    pub(crate) data: &'a Path,
    pub(crate) arguments: &'a [String],
    pub(crate) environment: &'a [(String, String)],
    /// Where its standard error goes; to the test's own if nowhere.
    pub(crate) log: Option<PathBuf>,
}

/// A running host, killed when this value is dropped.
pub struct Host {
    process: Child,
    api: SocketAddr,
    operations: SocketAddr,
    /// What it was started from, as long as it may look.
    _entry: Entry,
}

/// As what a host is started.
enum Entry {
    /// `mutrapro up`.
    Up,
    /// Spin's trigger, in a folder with what Spin gives it.
    Trigger(TempDir),
}

impl Entry {
    fn asked_for(launch: &Launch<'_>) -> Result<Self> {
        if std::env::var(ENTRY).is_ok_and(|value| value == "spin") {
            let folder = tempfile::tempdir()?;
            let lock = spin_lock::lock(launch.application.manifest())?;
            std::fs::write(folder.path().join(LOCK), serde_json::to_vec_pretty(&lock)?)?;
            std::os::unix::fs::symlink(executable()?, folder.path().join(TRIGGER))?;
            return Ok(Self::Trigger(folder));
        }
        Ok(Self::Up)
    }

    fn command(&self, launch: &Launch<'_>) -> Result<Command> {
        let manifest = launch.application.manifest();
        match self {
            Self::Up => {
                let mut command = Command::new(executable()?);
                command.arg("up").arg("--from").arg(manifest);
                Ok(command)
            }
            Self::Trigger(folder) => {
                let mut command = Command::new(folder.path().join(TRIGGER));
                command.env("SPIN_LOCKED_URL", spin_lock::file_url(&folder.path().join(LOCK)));
                command.env("SPIN_LOCAL_APP_DIR", manifest.parent().context("a file is in a folder")?);
                Ok(command)
            }
        }
    }
}

impl Host {
    /// Starts a host and waits until it is ready.
    pub(crate) async fn start(launch: &Launch<'_>) -> Result<Self> {
        let entry = Entry::asked_for(launch)?;
        let mut command = entry.command(launch)?;
        command.arg("--data-dir").arg(launch.data);
        command.args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
        command.env("MUTRAPRO_CACHE_DIR", target_folder().join("component-cache"));
        // Tests that fail show warnings and errors; MUTRAPRO_LOG asks for more.
        let log = std::env::var("MUTRAPRO_LOG").unwrap_or_else(|_| "warn".to_owned());
        command.args(["--log", &log]);
        command.args(launch.arguments).envs(launch.environment.iter().cloned());
        if let Some(log) = &launch.log {
            command.stderr(File::options().create(true).append(true).open(log)?);
        }
        let mut process = command.stdout(Stdio::piped()).stdin(Stdio::null()).kill_on_drop(true).spawn()?;
        let output = process.stdout.take().context("the host has no standard output")?;
        let ready = tokio::time::timeout(START_PATIENCE, BufReader::new(output).lines().next_line()).await;
        let Some(line) = ready.with_context(|| format!("not ready after {START_PATIENCE:?}"))?? else {
            bail!("the host ended before it was ready: {}", process.wait().await?);
        };
        let (api, operations) = addresses(&line).with_context(|| format!("unexpected first line {line:?}"))?;
        Ok(Self { process, api, operations, _entry: entry })
    }

    /// A client of the public listener.
    pub fn client(&self) -> Client {
        Client::new(self.api)
    }

    /// A client of the operations listener.
    pub fn operations(&self) -> Client {
        Client::new(self.operations)
    }

    /// The process id.
    pub fn process_id(&self) -> Option<u32> {
        self.process.id()
    }

    /// Ends the process at once, as a power failure would.
    ///
    /// # Errors
    /// When it has ended already.
    pub async fn kill(&mut self) -> Result<()> {
        Ok(self.process.kill().await?)
    }

    /// Asks the process to end with SIGTERM, and waits until it has.
    ///
    /// # Errors
    /// When it has ended already.
    pub async fn terminate(&mut self) -> Result<ExitStatus> {
        self.signal("TERM").await?;
        Ok(self.process.wait().await?)
    }

    /// As [`terminate`](Self::terminate), with SIGINT, as Ctrl-C sends it.
    ///
    /// # Errors
    /// When it has ended already.
    pub async fn interrupt(&mut self) -> Result<ExitStatus> {
        self.signal("INT").await?;
        Ok(self.process.wait().await?)
    }

    /// Sends the signal of this name, for example `STOP`.
    ///
    /// # Errors
    /// When the process has ended already.
    pub async fn signal(&self, name: &str) -> Result<()> {
        let id = self.process.id().context("the host has ended already")?;
        let sent = Command::new("kill").args(["-s", name, &id.to_string()]).status().await?;
        ensure!(sent.success(), "cannot send SIG{name} to {id}");
        Ok(())
    }

    /// What `/metrics` says.
    ///
    /// # Errors
    /// When there is no answer.
    pub(crate) async fn metrics(&self) -> Result<String> {
        Ok(self.operations().get("/metrics").await?.expect(200)?.text())
    }
}

/// The executable under test.
///
/// # Errors
/// When it was not built.
pub fn executable() -> Result<PathBuf> {
    let path = target_folder().join("debug/mutrapro");
    ensure!(path.exists(), "{} is not there: run `make test`, or `cargo build -p mutrapro` first", path.display());
    Ok(path)
}

/// Reads `serving http://ADDRESS, operations on http://ADDRESS`.
fn addresses(line: &str) -> Option<(SocketAddr, SocketAddr)> {
    let (api, operations) = line.strip_prefix("serving http://")?.split_once(", operations on http://")?;
    Some((api.parse().ok()?, operations.parse().ok()?))
}

/// Adds up the series `name{labels} value` of the OpenMetrics text format.
pub(crate) fn sum_of_series(text: &str, name: &str, labels: &[&str]) -> f64 {
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
