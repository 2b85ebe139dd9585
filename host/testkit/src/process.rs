//! A server of somebody else's making, as a process of the test: its port, its log, its end.

use crate::application::repository_root;
use crate::wait::eventually_within;
use anyhow::{Context, Result, bail, ensure};
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// How long a server may take to answer, and to end when it is asked to.
const PATIENCE: Duration = Duration::from_secs(60);
/// Below those that the system gives to whoever asks for any port, as a server that is started again wants its own back.
const PORTS: Range<u16> = 10_000..32_768;
/// How often another port is tried, when somebody takes one between looking and starting.
const STARTS_MAX: u32 = 5;
const LOG_BYTES_SHOWN_MAX: usize = 4_000;

/// A signal, by the name that `kill` knows.
pub(crate) type Signal = &'static str;

/// A running server. It is sent its last signal when this value is dropped, and waited for.
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
    last: Signal,
}

impl Process {
    /// Starts `command`, whose output goes to the end of the file `log`. `last` is the signal that ends it soon, whatever it
    /// does, and lets it clean up what its end would not.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn spawn(mut command: Command, log: &Path, last: Signal) -> Result<Self> {
        let output = File::options().create(true).append(true).open(log)?;
        command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let child = command.spawn().with_context(|| format!("cannot start {}", command.get_program().display()))?;
        Ok(Self { child, log: log.to_owned(), last })
    }

    /// Waits until `look` says that the server answers.
    ///
    /// # Errors
    /// When it ends instead, or does not answer in time, with what it logged; or the first error of `look`.
    pub(crate) async fn answers(&mut self, mut look: impl AsyncFnMut() -> Result<bool>) -> Result<()> {
        let log = self.log.clone();
        let answered = eventually_within(PATIENCE, "the server answers", async || {
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended with {status}");
            }
            Ok(look().await?.then_some(()))
        });
        answered.await.with_context(|| format!("the server logged:\n{}", end_of(&log)))
    }

    /// Sends `signal` and waits until the process has ended.
    ///
    /// # Errors
    /// When it does not end in time.
    pub(crate) async fn end(mut self, signal: Signal) -> Result<ExitStatus> {
        self.send(signal)?;
        eventually_within(PATIENCE, "the server ended", async || Ok(self.child.try_wait()?)).await
    }

    fn send(&self, signal: Signal) -> Result<()> {
        let id = self.child.id();
        let sent = Command::new("kill").args(["-s", signal, &id.to_string()]).status()?;
        ensure!(sent.success(), "cannot send SIG{signal} to {id}");
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // An error here means that it has ended, and whose id it has now is not known.
        if let Ok(None) = self.child.try_wait() {
            if self.send(self.last).is_err() {
                let _ended_already = self.child.kill();
            }
            let _reaped_already = self.child.wait();
        }
    }
}

/// Calls `start` with a free port of 127.0.0.1, and again with others as long as it fails.
///
/// # Errors
/// The last error of `start`.
pub(crate) async fn on_a_free_port<T>(mut start: impl AsyncFnMut(SocketAddr) -> Result<T>) -> Result<T> {
    let mut starts = 1;
    loop {
        match start(free_address()?).await {
            Err(_) if starts < STARTS_MAX => starts += 1,
            result => return result,
        }
    }
}

/// An address of 127.0.0.1 at which nobody listens.
///
/// # Errors
/// When none is found.
pub(crate) fn free_address() -> Result<SocketAddr> {
    let mut addresses = (0..PORTS.len()).map(|_| SocketAddr::from((Ipv4Addr::LOCALHOST, rand::random_range(PORTS))));
    let free = addresses.find(|address| TcpListener::bind(address).is_ok());
    free.context("every port that was tried is in use")
}

/// The program `name` of the environment that `make <venv>` installs.
///
/// # Errors
/// When it is not there, or not as `requirements` have it, with the command that installs it.
pub(crate) fn installed(venv: &str, name: &str, requirements: &str) -> Result<PathBuf> {
    let folder = repository_root().join("target").join(venv);
    let kept = std::fs::read_to_string(folder.join("requirements.txt")).unwrap_or_default();
    let program = folder.join("bin").join(name);
    ensure!(kept == requirements && program.exists(), "there is no {name} of the wanted version: run `make {venv}`");
    Ok(program)
}

/// Looks for an executable as a shell does.
pub(crate) fn on_the_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.is_file())
}

fn end_of(log: &Path) -> String {
    let text = std::fs::read(log).unwrap_or_default();
    let from = text.len().saturating_sub(LOG_BYTES_SHOWN_MAX);
    String::from_utf8_lossy(text.get(from..).unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_process_ends_when_it_is_dropped() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let mut command = Command::new("sleep");
        command.arg("600");
        let process = Process::spawn(command, &folder.path().join("log"), "TERM")?;
        let proof = PathBuf::from(format!("/proc/{}", process.child.id()));
        assert!(proof.exists() || !Path::new("/proc/self").exists());
        drop(process);
        assert!(!proof.exists());
        Ok(())
    }

    #[tokio::test]
    async fn a_server_that_ends_at_once_is_told_with_its_log() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let mut command = Command::new("sh");
        command.args(["-c", "echo the port is taken; exit 3"]);
        let mut process = Process::spawn(command, &folder.path().join("log"), "KILL")?;
        let error = format!("{:#}", process.answers(async || Ok(false)).await.unwrap_err());
        assert!(error.contains("the port is taken") && error.contains("exit status: 3"), "{error}");
        Ok(())
    }

    #[tokio::test]
    async fn other_ports_are_tried_until_the_last_error() -> Result<()> {
        let mut tried = Vec::new();
        let result = on_a_free_port(async |address: SocketAddr| -> Result<()> {
            tried.push(address.port());
            bail!("no {}", tried.len())
        });
        assert_eq!(result.await.unwrap_err().to_string(), "no 5");
        assert!(tried.iter().all(|port| PORTS.contains(port)));
        Ok(())
    }

    #[test]
    fn what_is_not_installed_is_told_with_the_command() {
        let error = installed("no-venv", "no-such-program", "x==1").unwrap_err().to_string();
        assert_eq!(error, "there is no no-such-program of the wanted version: run `make no-venv`");
    }
}
