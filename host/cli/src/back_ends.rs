//! Which back ends a command works on: the embedded ones in the data folder, or those that several hosts share.

use crate::data_directory::{DataDirectory, Secrets};
use crate::options::{NatsStorageOption, SharedOptions, StoreOptions, SynchronousOption};
use anyhow::{Context, Result, anyhow, bail};
use mutrapro_blobs::{BlobLimits, BlobMetrics, Blobs};
use mutrapro_events::{
    Bus, EmbeddedBus, EmbeddedBusOptions, NatsBus, NatsConfig, NatsCredentials, NatsLimits, NatsStorage, NatsTls,
    SystemClock,
};
use mutrapro_manifest::App;
use mutrapro_sql::{Databases, PostgresConfig, RolePasswords, SqlLimits, SqlMetrics, SqliteConfig};
use prometheus_client::registry::Registry;
use sqlx::postgres::PgConnectOptions;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

/// Read connections of each SQLite database where the system does not say how many cores it has.
const READERS: u32 = 2;
/// The name under which `migrate` keeps the key that roles' passwords are derived from.
const DATABASE_KEY: &str = "database_key";

/// The back ends that the options ask for. Nothing is opened yet.
pub(crate) enum BackEnds {
    /// Everything in the data folder of one host.
    Embedded { data: DataDirectory, synchronous: SynchronousOption },
    /// Servers that several hosts share.
    Shared { options: Box<SharedOptions>, data_dir: PathBuf },
}

impl BackEnds {
    /// What `store` asks for.
    pub(crate) fn of(store: &StoreOptions) -> Result<Self> {
        let SharedOptions { database_url, nats_url, blobs_url, .. } = &store.shared;
        if database_url.is_some() {
            let (options, data_dir) = (Box::new(store.shared.clone()), store.data_dir.clone());
            return Ok(Self::Shared { options, data_dir });
        }
        if nats_url.is_some() || blobs_url.is_some() {
            bail!(
                "--nats-url and --blobs-url are for hosts that share their databases too: give --database-url with them, or none"
            );
        }
        Ok(Self::Embedded { data: DataDirectory::open(&store.data_dir)?, synchronous: store.sqlite_synchronous })
    }

    /// Where secrets are that nobody gives: hosts with back ends of their own make them.
    pub(crate) fn secrets(&self) -> Secrets {
        match self {
            Self::Embedded { data, .. } => data.secrets(),
            Self::Shared { data_dir, .. } => Secrets::kept_in(data_dir),
        }
    }

    /// Makes sure that no other host works on the same data folder, for as long as the returned file lives.
    pub(crate) fn lock(&self) -> Result<Option<File>> {
        match self {
            Self::Embedded { data, .. } => data.lock().map(Some),
            Self::Shared { .. } => Ok(None),
        }
    }

    /// Opens the databases of `app` and makes sure that they are up to date: those in the data folder are brought there.
    pub(crate) async fn open_migrated(&self, app: &App, registry: &mut Registry) -> Result<Arc<Databases>> {
        let databases = self.open_databases(app, registry).await?;
        if let Self::Embedded { .. } = self {
            for migration in databases.migrate().await? {
                tracing::info!("applied {migration}");
            }
        } else if let Some(pending) = databases.pending().await?.first() {
            bail!("{pending} is not applied yet: run `mutrapro migrate` with an account that owns the databases");
        }
        Ok(databases)
    }

    /// Opens the databases of `app` as they are.
    pub(crate) async fn open_databases(&self, app: &App, registry: &mut Registry) -> Result<Arc<Databases>> {
        let metrics = SqlMetrics::register(registry);
        let opened = match self {
            Self::Embedded { data, synchronous } => {
                let config = SqliteConfig {
                    directory: data.path().to_path_buf(),
                    synchronous: (*synchronous).into(),
                    // Each has a thread of its own: more than cores would only wait for each other.
                    readers: std::thread::available_parallelism()
                        .map_or(READERS, |cores| u32::try_from(cores.get()).unwrap_or(READERS)),
                    limits: SqlLimits::default(),
                };
                Databases::open(app, &config, metrics).await?
            }
            Self::Shared { options, .. } => {
                let config = PostgresConfig::new(server(options)?, passwords(options, &self.secrets())?);
                Databases::connect(app, &config, metrics).await?
            }
        };
        Ok(opened)
    }

    /// Opens the event bus.
    pub(crate) async fn open_bus(&self) -> Result<Arc<dyn Bus>> {
        match self {
            Self::Embedded { data, synchronous } => {
                let synchronous_full = matches!(synchronous, SynchronousOption::Full);
                let options = EmbeddedBusOptions { synchronous_full, ..EmbeddedBusOptions::default() };
                let bus = EmbeddedBus::open(&data.bus(), options).await.context("cannot open the event bus")?;
                Ok(Arc::new(bus))
            }
            Self::Shared { options, .. } => {
                let bus = NatsBus::connect(&nats(options)?, NatsLimits::default(), Arc::new(SystemClock)).await;
                let bus = bus.context("cannot open the event bus")?;
                Ok(bus)
            }
        }
    }

    /// Opens the storage of blobs, on a thread that may block, for it may look through a folder; one that hosts share is tried
    /// out.
    pub(crate) async fn open_blobs(&self, metrics: BlobMetrics) -> Result<Blobs> {
        let limits = BlobLimits::default();
        let open: Box<dyn FnOnce() -> Result<Blobs> + Send> = match self {
            Self::Embedded { data, .. } => {
                let folder = data.blobs();
                Box::new(move || Ok(Blobs::in_directory(&folder, limits, metrics)?))
            }
            Self::Shared { options, .. } => {
                let url = options.blobs_url.clone().context(
                    "hosts that share their databases share their files too: give --blobs-url, s3://BUCKET/PREFIX or file:///FOLDER",
                )?;
                Box::new(move || Ok(Blobs::at(&url, limits, metrics)?))
            }
        };
        let blobs = tokio::task::spawn_blocking(open).await.context("opening the storage of blobs broke off")??;
        if let Self::Shared { .. } = self {
            blobs.verify().await.context("--blobs-url")?;
        }
        Ok(blobs)
    }
}

/// The PostgreSQL server of `--database-url`.
pub(crate) fn server(options: &SharedOptions) -> Result<PgConnectOptions> {
    let url = options.database_url.as_deref().context("give --database-url")?;
    // The value may hold a password: what is wrong with it is said without it.
    url.parse().map_err(|_| {
        anyhow!("--database-url is no URL of the form postgres://USER:PASSWORD@HOST:PORT/?sslmode=verify-full")
    })
}

/// The passwords of the databases' roles, from the key that is given, or kept among `secrets`.
pub(crate) fn passwords(shared: &SharedOptions, secrets: &Secrets) -> Result<RolePasswords> {
    let key = shared.database_key.clone().map_or_else(|| secrets.get(DATABASE_KEY), |key| Ok(Some(key)))?;
    let key = key.context(
        "no key for the databases' roles: set MUTRAPRO_DATABASE_KEY to what `mutrapro migrate` used or generated",
    )?;
    Ok(RolePasswords::from_key(key.as_bytes())?)
}

/// The NATS servers of `--nats-url`.
fn nats(options: &SharedOptions) -> Result<NatsConfig> {
    let urls = options.nats_url.as_deref().context(
        "hosts that share their databases share their events too: give --nats-url, nats://HOST:PORT of servers with JetStream",
    )?;
    let config = NatsConfig::new(urls);
    let credentials = options.nats_credentials.clone().map_or(NatsCredentials::None, NatsCredentials::File);
    let tls = NatsTls {
        required: config.urls.iter().any(|url| url.starts_with("tls://")),
        root_certificates: options.nats_root_ca.clone(),
        client_certificate: options.nats_client_cert.clone().zip(options.nats_client_key.clone()),
    };
    Ok(NatsConfig {
        credentials,
        tls,
        prefix: options.nats_prefix.clone(),
        replicas: options.nats_replicas,
        storage: match options.nats_storage {
            NatsStorageOption::File => NatsStorage::File,
            NatsStorageOption::Memory => NatsStorage::Memory,
        },
        max_bytes: options.nats_max_bytes,
        ..config
    })
}
