//! PostgreSQL and NATS for one part of the benchmark: empty, durable, on the disk that is measured.

use crate::options::Plan;
use anyhow::{Context, Result};
use mutrapro_testkit::{NatsServer, PostgresServer};
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};
use std::path::{Path, PathBuf};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::Command;
use uuid::Uuid;

/// The settings of PostgreSQL that figures depend on.
const SETTINGS: [&str; 5] = ["fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "max_connections"];

/// Servers that hosts share, ended when this value is dropped.
pub(crate) struct Servers {
    postgres: PostgresServer,
    nats: NatsServer,
    /// What the passwords of the services' roles are derived from.
    key: String,
    blobs: PathBuf,
}

/// What the servers are, and how they are set.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ServerSettings {
    pub(crate) postgres_version: String,
    /// Names and values.
    pub(crate) postgres: Vec<(String, String)>,
    pub(crate) nats_version: String,
    /// How often it syncs what it acknowledges.
    pub(crate) nats_sync_interval: String,
}

/// What a NATS server says of itself at first.
#[derive(Deserialize)]
struct Greeting {
    version: String,
}

impl Servers {
    /// Starts both. The data of PostgreSQL lies in the plan's own folder, as its server may run as another account, to which
    /// `scratch` is closed.
    pub(crate) async fn start(plan: &Plan, scratch: &Path) -> Result<Self> {
        let durability = format!("jetstream {{ sync_interval: {} }}", plan.nats_sync_interval);
        let blobs = scratch.join("blobs");
        std::fs::create_dir_all(&blobs)?;
        let postgres = PostgresServer::durable(&plan.scratch).await.context(
            "PostgreSQL does not start; as root it runs as another account, which has to reach the folder of --scratch",
        )?;
        Ok(Self {
            postgres,
            nats: NatsServer::configured_in(scratch, &durability).await?,
            key: [Uuid::now_v7(), Uuid::now_v7()].map(|half| half.simple().to_string()).concat(),
            blobs: blobs.canonicalize()?,
        })
    }

    /// The environment of whoever makes databases and roles.
    pub(crate) fn for_the_owner(&self) -> Vec<(&'static str, String)> {
        vec![("MUTRAPRO_DATABASE_URL", self.postgres.url()), ("MUTRAPRO_DATABASE_KEY", self.key.clone())]
    }

    /// The environment of a host.
    pub(crate) fn for_hosts(&self) -> Vec<(&'static str, String)> {
        vec![
            ("MUTRAPRO_DATABASE_URL", format!("postgres://{}/", self.postgres.address())),
            ("MUTRAPRO_DATABASE_KEY", self.key.clone()),
            ("MUTRAPRO_NATS_URL", self.nats.url()),
            ("MUTRAPRO_BLOBS_URL", format!("file://{}", self.blobs.display())),
        ]
    }

    /// Where NATS is.
    pub(crate) fn nats_url(&self) -> String {
        self.nats.url()
    }

    /// Makes an empty database for whoever is measured beside the host; its URL.
    pub(crate) async fn database(&self, name: &'static str) -> Result<String> {
        let mut connection = self.connect().await?;
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut connection).await?;
        let url = self.postgres.url();
        let (server, _) = url.rsplit_once('/').context("an unexpected form of URL")?;
        Ok(format!("{server}/{name}"))
    }

    /// The command for a client program of PostgreSQL, unless it is not installed.
    pub(crate) fn client(&self, program: &str) -> Option<Command> {
        self.postgres.client(program).map(Command::from)
    }

    /// Asks both servers what they are.
    pub(crate) async fn settings(&self, plan: &Plan) -> Result<ServerSettings> {
        let mut connection = self.connect().await?;
        let ask =
            "SELECT name, current_setting(name) FROM unnest($1) WITH ORDINALITY AS asked (name, place) ORDER BY place";
        let postgres = sqlx::query_as(ask).bind(SETTINGS).fetch_all(&mut connection).await?;
        let version: String = sqlx::query_scalar("SHOW server_version").fetch_one(&mut connection).await?;
        let stream = TcpStream::connect(self.nats.address()).await?;
        let line = BufReader::new(stream).lines().next_line().await?.unwrap_or_default();
        let greeting = line.strip_prefix("INFO ").with_context(|| format!("NATS says {line:?}"))?;
        Ok(ServerSettings {
            postgres_version: version.split(' ').next().unwrap_or_default().to_owned(),
            postgres,
            nats_version: serde_json::from_str::<Greeting>(greeting)?.version,
            nats_sync_interval: plan.nats_sync_interval.clone(),
        })
    }

    async fn connect(&self) -> Result<PgConnection> {
        PgConnection::connect(&self.postgres.url()).await.context("cannot connect to PostgreSQL")
    }
}
