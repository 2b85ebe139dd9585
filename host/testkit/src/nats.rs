//! A NATS server of a test's own, with JetStream.
//!
//! Promise: what was stored outlives `stop`. *Deliberately absent:* clusters; a replica count above one needs a real one.

use crate::process::{Process, installed, on_a_free_port, on_the_path};
use anyhow::{Context, Result, ensure};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;

const REQUIREMENTS: &str = include_str!("../../../tests/nats/requirements.txt");
/// How long a look may take whether it answers.
const LOOK_TIME: Duration = Duration::from_secs(1);

/// A server in a process of its own, ended when this value is dropped.
pub struct NatsServer {
    store: Store,
    address: SocketAddr,
    process: Option<Process>,
}

/// What a server is started with.
struct Store {
    program: PathBuf,
    folder: TempDir,
    name: String,
}

impl NatsServer {
    /// Starts a server with an empty store, at a free port of 127.0.0.1, that lets everybody in.
    ///
    /// # Errors
    /// When nats-server is not installed, with the command that installs it; when it does not answer, with what it logged.
    pub async fn start() -> Result<Self> {
        Self::configured("").await
    }

    /// As [`start`](Self::start), with further settings in the form of nats-server's configuration file: who may come in, how
    /// large a payload may be.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn configured(settings: &str) -> Result<Self> {
        Self::configured_in(&std::env::temp_dir(), settings).await
    }

    /// As [`configured`](Self::configured), with its store in a new folder in `parent`: on the disk that is to be measured.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub async fn configured_in(parent: &Path, settings: &str) -> Result<Self> {
        let program = installed("nats-venv", "nats-server", REQUIREMENTS)
            .or_else(|missing| on_the_path("nats-server").ok_or(missing))?;
        let folder = tempfile::Builder::new().prefix("nats-").tempdir_in(parent)?;
        std::fs::write(folder.path().join("nats.conf"), settings)?;
        let store = Store { program, folder, name: format!("{:032x}", rand::random::<u128>()) };
        let (address, process) = on_a_free_port(async |address| Ok((address, store.serve(address).await?))).await?;
        Ok(Self { store, address, process: Some(process) })
    }

    /// `nats://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// Where it listens, also while it is stopped.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends the server and closes every connection.
    ///
    /// # Errors
    /// When it does not end, or is stopped already.
    pub async fn stop(&mut self) -> Result<()> {
        let process = self.process.take().context("NATS is stopped already")?;
        process.end("INT").await.map(drop)
    }

    /// Starts the server again after [`stop`](Self::stop), with the same store and port.
    ///
    /// # Errors
    /// When it runs, or does not answer.
    pub async fn start_again(&mut self) -> Result<()> {
        ensure!(self.process.is_none(), "NATS runs already");
        self.process = Some(self.store.serve(self.address).await?);
        Ok(())
    }

    /// [`stop`](Self::stop) and [`start_again`](Self::start_again).
    ///
    /// # Errors
    /// As those.
    pub async fn restart(&mut self) -> Result<()> {
        self.stop().await?;
        self.start_again().await
    }
}

impl Store {
    /// Starts a server and waits until it takes connections, which is when its streams are there.
    async fn serve(&self, address: SocketAddr) -> Result<Process> {
        let mut command = Command::new(&self.program);
        command.args(["-a", &address.ip().to_string(), "-p", &address.port().to_string(), "-n", &self.name, "-js"]);
        command.arg("-sd").arg(self.folder.path().join("store"));
        command.arg("-c").arg(self.folder.path().join("nats.conf"));
        let mut process = Process::spawn(command, &self.folder.path().join("log"), "KILL")?;
        process.answers(async || Ok(greeting(address).await.is_some_and(|line| line.contains(&self.name)))).await?;
        Ok(process)
    }
}

/// What a server says first, `INFO {…}`, with its name, as another one may have been quicker at this port.
async fn greeting(address: SocketAddr) -> Option<String> {
    let read = async {
        let stream = TcpStream::connect(address).await.ok()?;
        BufReader::new(stream).lines().next_line().await.ok()?
    };
    tokio::time::timeout(LOOK_TIME, read).await.ok()?
}
