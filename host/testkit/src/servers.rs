//! The servers that several hosts share: a database and a broker, each behind a network that can be made to fail.

use crate::nats::NatsServer;
use crate::postgres::PostgresServer;
use crate::proxy::TcpProxy;
use anyhow::Result;
use std::net::SocketAddr;

/// Decides, when set, that systems keep their data on servers of their own instead of in their data folder: `shared`.
const BACK_ENDS: &str = "MUTRAPRO_TEST_BACK_ENDS";

/// PostgreSQL and NATS of one system, ended with it.
pub struct Servers {
    /// The database server.
    pub postgres: PostgresServer,
    /// The broker.
    pub nats: NatsServer,
    /// What stands between hosts and the database server.
    pub to_postgres: TcpProxy,
    /// What stands between hosts and the broker, but those that were given another way.
    pub to_nats: TcpProxy,
}

impl Servers {
    /// Starts both, empty.
    ///
    /// # Errors
    /// When one does not start.
    pub async fn start() -> Result<Self> {
        let (postgres, nats) = tokio::try_join!(PostgresServer::start(), NatsServer::start())?;
        let to_postgres = TcpProxy::start(postgres.address()).await?;
        let to_nats = TcpProxy::start(nats.address()).await?;
        Ok(Self { postgres, nats, to_postgres, to_nats })
    }

    /// Whether the environment asks for them.
    pub(crate) fn are_asked_for() -> bool {
        std::env::var(BACK_ENDS).is_ok_and(|value| value == "shared")
    }

    /// The environment of whoever may make databases: `mutrapro migrate`.
    pub(crate) fn for_the_owner(&self) -> Vec<(String, String)> {
        vec![("MUTRAPRO_DATABASE_URL".to_owned(), self.postgres.url())]
    }

    /// The environment of a host.
    pub(crate) fn for_hosts(&self) -> Vec<(String, String)> {
        let database = format!("postgres://{}/", self.to_postgres.address());
        vec![("MUTRAPRO_DATABASE_URL".to_owned(), database), way_to_nats(self.to_nats.address())]
    }
}

/// What gives a host another way to the broker.
pub(crate) fn way_to_nats(address: SocketAddr) -> (String, String) {
    ("MUTRAPRO_NATS_URL".to_owned(), format!("nats://{address}"))
}
