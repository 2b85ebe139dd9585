//! The shared back end: one PostgreSQL database per service, for any number of hosts.
//!
//! Promise: what the [embedded back end](crate::sqlite) promises, but for one writer at a time; and a service's statements run
//! as a role that reaches nothing but that service's tables, so that the server refuses what the guard should have.

mod connection;
mod database;
mod errors;
mod hints;
mod numeric;
mod parameters;
mod passwords;
mod pool;
mod provision;
mod savepoints;
mod sessions;
mod transaction;
mod types;
mod values;

pub use passwords::{HOST_ROLE, KeyError, RolePasswords, role_of};
pub use provision::{ProvisionError, Provisioner};

use crate::database::{Database, is_database_name};
use crate::error::OpenError;
use crate::limits::{NAME_BYTES_MAX, OWNER_READERS, SqlLimits};
use crate::metrics::ServiceMetrics;
use database::PostgresDatabase;
use hints::KnownHints;
use mutrapro_manifest::ComponentId;
use pool::Pool;
use sessions::Session;
use sqlx::postgres::{PgConnectOptions, PgDatabaseError};
use std::fmt;
use std::sync::Arc;
use tokio::runtime::Handle;

/// The tables that the host keeps in every database.
pub(crate) const HOST_MIGRATIONS: &[(u32, &str, &str)] = &[(
    1,
    "create_outbox_and_consumed",
    include_str!("../../../../migrations/host/postgres/0001_create_outbox_and_consumed.sql"),
)];

/// How a host uses the server that keeps the databases: PostgreSQL 15 or newer, reached without a pooler in between, which
/// would lose what sessions are set to.
///
/// Its `max_connections` has to suffice for all hosts together: for each, up to the sum of the three numbers here for every
/// service that has a database. Connections open when they are needed and close after a minute without use.
#[derive(Clone)]
pub struct PostgresConfig {
    /// Where the server is and how it is reached. User, password and database in it are not used.
    pub server: PgConnectOptions,
    /// The passwords of the roles that the host signs in as.
    pub passwords: RolePasswords,
    /// How many transactions of a service may run at once; at least 1. Connections open when needed.
    pub writers: u32,
    /// How many reads outside of transactions may run at once per service; at least 1.
    pub readers: u32,
    /// How many statements of the host's own may run at once per service; at least 1.
    pub host_connections: u32,
    /// What statements and transactions may take.
    pub limits: SqlLimits,
}

impl PostgresConfig {
    /// Eight transactions, four reads and two statements of the host at once per service, and the default limits.
    pub fn new(server: PgConnectOptions, passwords: RolePasswords) -> Self {
        let limits = SqlLimits::default();
        Self { server, passwords, writers: 8, readers: 4, host_connections: 2, limits }
    }
}

impl fmt::Debug for PostgresConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The server's options may hold a password.
        f.debug_struct("PostgresConfig")
            .field("host", &self.server.get_host())
            .field("port", &self.server.get_port())
            .field("writers", &self.writers)
            .field("readers", &self.readers)
            .field("host_connections", &self.host_connections)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// A service's database, and who it belongs to.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) service: &'a ComponentId,
    pub(crate) database: &'a str,
}

/// A database as the service's role sees it, and as the host's role does.
pub(crate) type TwoSides = (Arc<dyn Database>, Arc<dyn Database>);

/// Connects to the database of one service as its role and as the host's, each once to see that it can be done.
pub(crate) async fn connect(
    place: Place<'_>,
    config: &PostgresConfig,
    metrics: Arc<ServiceMetrics>,
) -> Result<TwoSides, OpenError> {
    let (role, hints) = (role_of(place.service), Arc::new(KnownHints::default()));
    check_names(place, &role)?;
    let limits = Arc::new(config.limits.clone());
    let pool = |role: &str, session: Session, count: u32| {
        let server = config.server.clone().username(role).password(&config.passwords.of(role));
        let options = session.options(server, place, &limits);
        Arc::new(Pool::new(options, count, Arc::clone(&hints), limits.wait_time))
    };
    let of_service = (pool(&role, Session::Writing, config.writers), pool(&role, Session::Reading, config.readers));
    let of_host = pool(HOST_ROLE, Session::Host, config.host_connections);
    for (role, pool) in [(role.as_str(), &of_service.1), (HOST_ROLE, &of_host)] {
        pool.prove().await.map_err(|source| refused(place, role, source))?;
    }
    let database = |(writers, readers): (Arc<Pool>, Arc<Pool>)| -> Arc<dyn Database> {
        Arc::new(PostgresDatabase {
            service: place.service.clone(),
            writers,
            readers,
            limits: Arc::clone(&limits),
            metrics: Arc::clone(&metrics),
            runtime: Handle::current(),
        })
    };
    // The host is trusted to read where it says so, and counts its connections together.
    Ok((database(of_service), database((Arc::clone(&of_host), of_host))))
}

/// Connects to the database of one service as who owns it.
pub(crate) async fn connect_as_owner(
    place: Place<'_>,
    server: &PgConnectOptions,
    limits: &SqlLimits,
    metrics: Arc<ServiceMetrics>,
) -> Result<Arc<dyn Database>, OpenError> {
    check_names(place, server.get_username())?;
    let (limits, hints) = (Arc::new(limits.clone()), Arc::new(KnownHints::default()));
    let pool = |session: Session, count: u32| {
        let options = session.options(server.clone(), place, &limits);
        Arc::new(Pool::new(options, count, Arc::clone(&hints), limits.wait_time))
    };
    let (writers, readers) = (pool(Session::Writing, 1), pool(Session::Reading, OWNER_READERS));
    writers.prove().await.map_err(|source| refused(place, server.get_username(), source))?;
    let (service, runtime) = (place.service.clone(), Handle::current());
    Ok(Arc::new(PostgresDatabase { service, writers, readers, limits, metrics, runtime }))
}

fn check_names(place: Place<'_>, role: &str) -> Result<(), OpenError> {
    let service = || place.service.clone();
    if !is_database_name(place.database) {
        return Err(OpenError::Name { service: service(), name: place.database.to_owned() });
    }
    if role.len() > NAME_BYTES_MAX || role == HOST_ROLE {
        return Err(OpenError::Role { service: service(), role: role.to_owned() });
    }
    Ok(())
}

fn refused(place: Place<'_>, role: &str, source: sqlx::Error) -> OpenError {
    let (service, database) = (place.service.clone(), place.database.to_owned());
    let code = source.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
    match code.map(|error| error.code().to_owned()).as_deref() {
        // A wrong password or none, no such role, no such database, or no right to connect to it.
        Some("28P01" | "28000" | "3D000" | "42501") => {
            OpenError::SignIn { service, database, role: role.to_owned(), source }
        }
        _ => OpenError::Server { service, database, source },
    }
}
