//! A running system: one host with a data folder, or several on servers that they share.

use crate::application::Application;
use crate::client::Client;
use crate::host::{Host, Launch, executable, sum_of_series};
use crate::proxy::TcpProxy;
use crate::servers::{Servers, way_to_nats};
use crate::wait::{eventually, eventually_within};
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::Command;

/// How long everything that was emitted may take to be handled, where servers or hosts were away meanwhile.
const SETTLE_PATIENCE: Duration = Duration::from_secs(60);

/// The file in the data folder that keeps what hosts log.
const LOG: &str = "log";

/// How a system is to be started.
pub struct SystemBuilder {
    application: Application,
    environment: Vec<(String, String)>,
    arguments: Vec<String>,
    shared: bool,
    keeps_log: bool,
}

/// A system whose processes are killed when this value is dropped.
pub struct System {
    builder: SystemBuilder,
    data: TempDir,
    // Before the servers, so that hosts end before what they work on.
    host: Host,
    others: Vec<Host>,
    servers: Option<Servers>,
}

impl SystemBuilder {
    /// Sets an environment variable of the hosts.
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

    /// Keeps its data on servers of its own, PostgreSQL and NATS, so that further hosts can join.
    #[must_use]
    pub fn shared(mut self) -> Self {
        self.shared = true;
        self
    }

    /// Keeps its data in its data folder, whatever the environment asks for: for what only that has.
    #[must_use]
    pub fn embedded(mut self) -> Self {
        self.shared = false;
        self
    }

    /// Keeps what hosts log for [`System::log`], instead of showing it.
    #[must_use]
    pub fn with_log(mut self) -> Self {
        self.keeps_log = true;
        self
    }

    /// Starts the system with nothing in it and waits until it is ready.
    ///
    /// # Errors
    /// When it does not become ready, with what it logged.
    pub async fn start(mut self) -> Result<System> {
        let data = tempfile::tempdir()?;
        let mut servers = None;
        if self.shared {
            let started = Servers::start().await?;
            self.environment.push(("MUTRAPRO_BLOBS_URL".to_owned(), format!("file://{}/blobs", data.path().display())));
            self.run(data.path(), &["migrate"], started.for_the_owner()).await?;
            self.environment.extend(started.for_hosts());
            servers = Some(started);
        }
        let host = Host::start(&self.launch(data.path())).await?;
        Ok(System { builder: self, data, host, others: Vec::new(), servers })
    }

    fn launch<'a>(&'a self, data: &'a Path) -> Launch<'a> {
        Launch {
            application: &self.application,
            data,
            arguments: &self.arguments,
            environment: &self.environment,
            log: self.keeps_log.then(|| data.join(LOG)),
        }
    }

    async fn run(&self, data: &Path, arguments: &[&str], environment: Vec<(String, String)>) -> Result<String> {
        let mut command = Command::new(executable()?);
        command.args(arguments).arg("--from").arg(self.application.manifest());
        command.arg("--data-dir").arg(data);
        let output = command.envs(self.environment.iter().cloned()).envs(environment).output().await?;
        ensure!(output.status.success(), "{arguments:?} failed: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }
}

impl System {
    /// A system for `application`, on the back ends that the environment asks for.
    pub fn of(application: Application) -> SystemBuilder {
        let shared = Servers::are_asked_for();
        SystemBuilder { application, environment: Vec::new(), arguments: Vec::new(), shared, keeps_log: false }
    }

    /// A client of the public listener.
    pub fn client(&self) -> Client {
        self.host.client()
    }

    /// A client of the operations listener.
    pub fn operations(&self) -> Client {
        self.host.operations()
    }

    /// The data folder.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// What hosts have logged so far, if the system was started [`with_log`](SystemBuilder::with_log).
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn log(&self) -> Result<String> {
        Ok(std::fs::read_to_string(self.data().join(LOG))?)
    }

    /// The process id of the first host.
    pub fn process_id(&self) -> Option<u32> {
        self.host.process_id()
    }

    /// The servers that its hosts share, if they do.
    pub fn servers(&self) -> Option<&Servers> {
        self.servers.as_ref()
    }

    /// The same, to stop and start them.
    pub fn servers_mut(&mut self) -> Option<&mut Servers> {
        self.servers.as_mut()
    }

    /// The further hosts, in the order in which they came.
    pub fn others_mut(&mut self) -> &mut Vec<Host> {
        &mut self.others
    }

    /// Starts a further host on the same servers and gives its place among the others.
    ///
    /// # Errors
    /// When there are no servers, or it does not become ready.
    pub async fn add_host(&mut self) -> Result<usize> {
        ensure!(self.servers.is_some(), "a second host needs servers that both share");
        self.others.push(Host::start(&self.builder.launch(self.data.path())).await?);
        Ok(self.others.len() - 1)
    }

    /// As [`add_host`](Self::add_host), with a network of its own to the broker.
    ///
    /// # Errors
    /// As [`add_host`](Self::add_host).
    pub async fn add_host_behind(&mut self, to_nats: &TcpProxy) -> Result<usize> {
        ensure!(self.servers.is_some(), "a second host needs servers that both share");
        let environment = [self.builder.environment.as_slice(), &[way_to_nats(to_nats.address())]].concat();
        let launch = Launch { environment: &environment, ..self.builder.launch(self.data.path()) };
        self.others.push(Host::start(&launch).await?);
        Ok(self.others.len() - 1)
    }

    /// Ends the first host at once, as a power failure would.
    ///
    /// # Errors
    /// When it has ended already.
    pub async fn kill(&mut self) -> Result<()> {
        self.host.kill().await
    }

    /// Ends the first host at once, as a power failure would, and starts it again on the same data.
    ///
    /// # Errors
    /// When it does not become ready again.
    pub async fn kill_and_restart(&mut self) -> Result<()> {
        self.host.kill().await?;
        self.restart().await
    }

    /// Starts the first host again on the same data after it ended.
    ///
    /// # Errors
    /// When it does not become ready.
    pub async fn restart(&mut self) -> Result<()> {
        self.host = Host::start(&self.builder.launch(self.data.path())).await?;
        Ok(())
    }

    /// Asks the first host to end with SIGTERM, and waits until it has.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn terminate(&mut self) -> Result<ExitStatus> {
        self.host.terminate().await
    }

    /// As [`terminate`](Self::terminate), with SIGINT, as Ctrl-C sends it.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn interrupt(&mut self) -> Result<ExitStatus> {
        self.host.interrupt().await
    }

    /// The value of a metric on the first host: the sum over all series of `name` whose labels contain every one of
    /// `labels` (`service="user-service"`).
    ///
    /// # Errors
    /// When the metrics cannot be read.
    pub async fn metric(&self, name: &str, labels: &[&str]) -> Result<f64> {
        Ok(sum_of_series(&self.host.metrics().await?, name, labels))
    }

    /// As [`metric`](Self::metric), summed over every host.
    ///
    /// # Errors
    /// When the metrics of one cannot be read.
    pub async fn metric_of_all(&self, name: &str, labels: &[&str]) -> Result<f64> {
        let mut sum = self.metric(name, labels).await?;
        for host in &self.others {
            sum += sum_of_series(&host.metrics().await?, name, labels);
        }
        Ok(sum)
    }

    /// Waits until every event that was emitted has been handled by every consumer.
    ///
    /// # Errors
    /// When that does not happen in time.
    pub async fn settled(&self) -> Result<()> {
        let patience = if self.servers.is_some() { SETTLE_PATIENCE } else { Duration::from_secs(20) };
        let mut before = None;
        eventually_within(patience, "every event was handled", async || {
            let (mut pending, mut published) = (0.0, 0.0);
            for host in [&self.host].into_iter().chain(&self.others) {
                let text = host.metrics().await?;
                pending += sum_of_series(&text, "mutrapro_events_outbox_pending", &[])
                    + sum_of_series(&text, "mutrapro_events_deliveries_pending", &[]);
                published += sum_of_series(&text, "mutrapro_events_published_total", &[]);
            }
            // Outboxes are counted after deliveries: what is published in between would be seen in neither.
            let unchanged = before.replace(published) == Some(published);
            Ok((pending == 0.0 && unchanged).then_some(()))
        })
        .await
    }

    /// Runs `mutrapro` with these arguments on the same application and data, and gives its standard output.
    ///
    /// # Errors
    /// When it fails, with its standard error.
    pub async fn run(&self, arguments: &[&str]) -> Result<String> {
        self.builder.run(self.data.path(), arguments, Vec::new()).await
    }

    /// Makes sure that no event was given up.
    ///
    /// # Errors
    /// When one was, with the list.
    pub async fn no_dead_letters(&self) -> Result<()> {
        let list = self.run(&["dead-letters", "list"]).await?;
        ensure!(list == "0 dead letter(s)\n", "events were given up:\n{list}");
        Ok(())
    }

    /// Waits until the first host says that it is ready and nothing is missing.
    ///
    /// # Errors
    /// When it does not in time.
    pub async fn whole(&self) -> Result<()> {
        eventually("the host is ready and not degraded", async || {
            let Ok(answer) = self.operations().get("/readyz").await else { return Ok(None) };
            let degraded = answer.json()?.get("degraded").and_then(serde_json::Value::as_bool);
            Ok((answer.status == 200 && degraded == Some(false)).then_some(()))
        })
        .await
        .context("/readyz")
    }
}
