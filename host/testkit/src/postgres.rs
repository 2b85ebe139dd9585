//! A PostgreSQL server of a test's own.
//!
//! Promise: what was committed outlives `stop`, as on a real server; what a failing machine would lose is not tested, so nothing
//! is synced to disk, but by a server that is measured ([`PostgresServer::durable`]). Text sorts as in English unless a database
//! or a column says otherwise, as on most servers: who counts on the order of bytes is found out here. *Deliberately absent:*
//! Unix sockets, and accounts that need no password.

use crate::process::{Process, on_a_free_port, on_the_path};
use anyhow::{Context, Result, ensure};
use std::fs::Metadata;
use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Where Debian puts what is not on the PATH: a folder for each version.
const DEBIAN: &str = "/usr/lib/postgresql";
/// Accounts that exist for such a purpose, best first: PostgreSQL refuses to run as root.
const ACCOUNTS: [&str; 2] = ["postgres", "nobody"];
const SUPERUSER: &str = "admin";
/// What a server that keeps nothing for good can do without.
const VOLATILE: [&str; 3] = ["fsync=off", "full_page_writes=off", "shared_buffers=32MB"];

/// A server in a process of its own, ended when this value is dropped.
pub struct PostgresServer {
    cluster: Cluster,
    address: SocketAddr,
    process: Option<Process>,
}

/// The data, and who may read it.
struct Cluster {
    programs: PathBuf,
    folder: TempDir,
    durable: bool,
    account: Option<Account>,
    password: String,
}

/// An account of the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Account {
    user: u32,
    group: u32,
}

impl PostgresServer {
    /// Makes an empty cluster and starts a server on it, at a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When PostgreSQL is not installed, with the command that installs it; when the server does not answer, with what it logged.
    pub async fn start() -> Result<Self> {
        Self::on(Cluster::create(&std::env::temp_dir(), false).await?).await
    }

    /// As [`start`](Self::start), with PostgreSQL's own settings of durability and memory, and its data in a new folder in
    /// `parent`: on the disk that is to be measured.
    ///
    /// # Errors
    /// As [`start`](Self::start); also when this process is root and the account that the server runs as cannot reach `parent`.
    pub async fn durable(parent: &Path) -> Result<Self> {
        // Programs of the cluster are started in its folder.
        let parent = parent.canonicalize().with_context(|| format!("there is no folder {}", parent.display()))?;
        Self::on(Cluster::create(&parent, true).await?).await
    }

    async fn on(cluster: Cluster) -> Result<Self> {
        let (address, process) = on_a_free_port(async |address| Ok((address, cluster.serve(address).await?))).await?;
        Ok(Self { cluster, address, process: Some(process) })
    }

    /// The database `postgres` as the superuser `admin`: `postgres://admin:<password>@127.0.0.1:<port>/postgres`.
    pub fn url(&self) -> String {
        format!("postgres://{SUPERUSER}:{}@{}/postgres", self.cluster.password, self.address)
    }

    /// A client program that comes with PostgreSQL, such as `pgbench`, set up to sign in as the superuser; `None` when it is not
    /// installed.
    pub fn client(&self, program: &str) -> Option<Command> {
        let path = self.cluster.programs.join(program);
        let mut command = path.is_file().then(|| Command::new(path))?;
        command.env("PGHOST", self.address.ip().to_string()).env("PGPORT", self.address.port().to_string());
        command.env("PGUSER", SUPERUSER).env("PGPASSWORD", &self.cluster.password);
        Some(command)
    }

    /// Where it listens, also while it is stopped.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends the server: what runs is rolled back, and every connection is closed.
    ///
    /// # Errors
    /// When it does not end, or has ended by itself.
    pub async fn stop(&mut self) -> Result<()> {
        let process = self.process.take().context("PostgreSQL is stopped already")?;
        let status = process.end("INT").await?;
        ensure!(status.success(), "PostgreSQL ended with {status}");
        Ok(())
    }

    /// Starts the server again after [`stop`](Self::stop), with the same data and port.
    ///
    /// # Errors
    /// When it runs, or does not answer.
    pub async fn start_again(&mut self) -> Result<()> {
        ensure!(self.process.is_none(), "PostgreSQL runs already");
        self.process = Some(self.cluster.serve(self.address).await?);
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

impl Cluster {
    async fn create(parent: &Path, durable: bool) -> Result<Self> {
        let programs =
            programs().context("PostgreSQL is not installed: run `make test`, or install it (15 or newer)")?;
        let folder = tempfile::Builder::new().prefix("postgres-").tempdir_in(parent)?;
        let account = account_for(&folder.path().metadata()?)?;
        let cluster = Self { programs, folder, durable, account, password: format!("{:032x}", rand::random::<u128>()) };
        let password = cluster.path("password");
        std::fs::write(&password, &cluster.password)?;
        for path in [cluster.folder.path(), &password] {
            cluster.hand_over(path)?;
        }
        let mut command = cluster.command("initdb");
        command.args(["--username", SUPERUSER, "--auth", "scram-sha-256", "--encoding", "UTF8", "--no-sync"]);
        command.args(["--locale", "C.UTF-8", "--locale-provider", "icu", "--icu-locale", "en-US"]);
        command.arg("--pgdata").arg(cluster.path("data")).arg("--pwfile").arg(&password);
        let output = tokio::process::Command::from(command).output().await.context("cannot start initdb")?;
        ensure!(output.status.success(), "initdb failed: {}", String::from_utf8_lossy(&output.stderr));
        Ok(cluster)
    }

    /// Starts a server and waits until it takes connections.
    async fn serve(&self, address: SocketAddr) -> Result<Process> {
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.path("data"));
        let (host, port) = (format!("listen_addresses={}", address.ip()), format!("port={}", address.port()));
        let settings = [&host, &port, "unix_socket_directories=", "max_connections=300", "synchronous_commit=on"];
        let volatile = VOLATILE.iter().copied().filter(|_| !self.durable);
        command.args(settings.into_iter().chain(volatile).flat_map(|setting| ["-c", setting]));
        // An immediate shutdown: killed, it would leave its shared memory behind.
        let mut process = Process::spawn(command, &self.path("log"), "QUIT")?;
        let status = self.path("data/postmaster.pid");
        process.answers(async || Ok(std::fs::read_to_string(&status).is_ok_and(|text| is_ready(&text)))).await?;
        Ok(process)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn hand_over(&self, path: &Path) -> Result<()> {
        let Some(Account { user, group }) = self.account else { return Ok(()) };
        chown(path, Some(user), Some(group)).with_context(|| format!("cannot hand {} over", path.display()))
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        // Where the test runs may be closed to the account.
        command.current_dir(self.folder.path()).env("LC_ALL", "C.UTF-8");
        if let Some(Account { user, group }) = self.account {
            command.uid(user).gid(group);
        }
        command
    }
}

/// Reads `postmaster.pid`, whose last line tells the state of the server.
fn is_ready(status: &str) -> bool {
    status.lines().last().is_some_and(|line| line.trim() == "ready")
}

/// The folder with `initdb` and `postgres`.
fn programs() -> Option<PathBuf> {
    let on_path =
        on_the_path("initdb").and_then(|program| program.canonicalize().ok()?.parent().map(Path::to_path_buf));
    on_path.filter(|folder| folder.join("postgres").is_file()).or_else(newest_of_debian)
}

fn newest_of_debian() -> Option<PathBuf> {
    let versions = std::fs::read_dir(DEBIAN).ok()?.filter_map(|entry| {
        let entry = entry.ok()?;
        let version: u32 = entry.file_name().to_str()?.parse().ok()?;
        Some((version, entry.path().join("bin")))
    });
    versions.filter(|(_, folder)| folder.join("initdb").is_file()).max().map(|(_, folder)| folder)
}

/// As whom the server runs: as the test itself, unless that is root.
fn account_for(own_folder: &Metadata) -> Result<Option<Account>> {
    if own_folder.uid() != 0 {
        return Ok(None);
    }
    let accounts = std::fs::read_to_string("/etc/passwd").context("cannot read the accounts of this system")?;
    let found = ACCOUNTS.iter().find_map(|name| account(&accounts, name));
    found.map(Some).with_context(|| format!("PostgreSQL does not run as root, and there is none of {ACCOUNTS:?}"))
}

/// Finds `name:password:user:group:…`.
fn account(accounts: &str, name: &str) -> Option<Account> {
    let line = accounts.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    let mut ids = line.split(':').skip(1).map_while(|id| id.parse().ok());
    Some(Account { user: ids.next()?, group: ids.next()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_found_by_their_whole_name() {
        let accounts =
            "root:x:0:0:root:/root:/bin/bash\nnobody2:x:1:1::/:/bin/sh\nnobody:x:65534:65533:nobody:/:/bin/sh\n";
        assert_eq!(account(accounts, "nobody"), Some(Account { user: 65_534, group: 65_533 }));
        assert_eq!(account(accounts, "postgres"), None);
    }

    #[test]
    fn a_server_is_ready_when_its_status_says_so() {
        assert!(is_ready("71\n/data\n1\n5432\n\n127.0.0.1\n  1 2\nready   \n"));
        assert!(!is_ready("71\n/data\n1\n5432\n\n127.0.0.1\n  1 2\nstarting\n"));
        assert!(!is_ready(""));
    }
}
