//! All services' databases.

use crate::database::Database;
use crate::error::{MigrateError, OpenError};
use crate::limits::SqlLimits;
use crate::metrics::{ServiceMetrics, SqlMetrics};
use crate::migrations::{self, AppliedMigration, PendingMigration};
use crate::postgres::{self, Place, PostgresConfig};
use crate::sqlite::{self, SqliteConfig};
use futures::future::try_join_all;
use mutrapro_manifest::{App, ComponentId, Service};
use sqlx::postgres::PgConnectOptions;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// The databases of every service that has one.
pub struct Databases {
    by_service: BTreeMap<ComponentId, Entry>,
}

struct Entry {
    service: Arc<Service>,
    database: Arc<dyn Database>,
    /// The same database for the host's own statements, which need other rights.
    host_side: Arc<dyn Database>,
    metrics: Arc<ServiceMetrics>,
}

impl Databases {
    /// Opens, and creates where there is none, an SQLite file for each service's database.
    ///
    /// # Errors
    /// The first file that cannot be opened.
    pub async fn open(app: &App, config: &SqliteConfig, metrics: SqlMetrics) -> Result<Arc<Self>, OpenError> {
        let mut by_service = BTreeMap::new();
        for (id, service) in &app.services {
            if let Some(declared) = &service.database {
                let metrics = Arc::new(metrics.of(id));
                let database = sqlite::open(id, &declared.name, config, Arc::clone(&metrics)).await?;
                let (service, host_side) = (Arc::clone(service), Arc::clone(&database));
                by_service.insert(id.clone(), Entry { service, database, host_side, metrics });
            }
        }
        Ok(Arc::new(Self { by_service }))
    }

    /// Connects to the database of each service on a PostgreSQL server, as the role of that service and as the host's.
    /// What `mutrapro migrate` makes has to be there.
    ///
    /// # Errors
    /// The first database that does not answer or does not let its role in.
    pub async fn connect(app: &App, config: &PostgresConfig, metrics: SqlMetrics) -> Result<Arc<Self>, OpenError> {
        let connected = declared(app).map(async |(service, place)| {
            let metrics = Arc::new(metrics.of(place.service));
            let (database, host_side) = postgres::connect(place, config, Arc::clone(&metrics)).await?;
            let service = Arc::clone(service);
            Ok((place.service.clone(), Entry { service, database, host_side, metrics }))
        });
        Ok(Arc::new(Self { by_service: try_join_all(connected).await?.into_iter().collect() }))
    }

    /// Connects to the database of each service as the account in `server`, which owns them: for migrations. The databases
    /// have to be there.
    ///
    /// # Errors
    /// The first database that does not answer or does not let the account in.
    pub async fn connect_as_owner(
        app: &App,
        server: &PgConnectOptions,
        limits: SqlLimits,
        metrics: SqlMetrics,
    ) -> Result<Arc<Self>, OpenError> {
        let connected = declared(app).map(async |(service, place)| {
            let metrics = Arc::new(metrics.of(place.service));
            let database = postgres::connect_as_owner(place, server, &limits, Arc::clone(&metrics)).await?;
            let (service, host_side) = (Arc::clone(service), Arc::clone(&database));
            Ok((place.service.clone(), Entry { service, database, host_side, metrics }))
        });
        Ok(Arc::new(Self { by_service: try_join_all(connected).await?.into_iter().collect() }))
    }

    /// Applies every pending migration, in each database the host's own first; answers what was applied.
    ///
    /// # Errors
    /// The first migration that failed, was changed or is missing. What was applied before it stays.
    pub async fn migrate(&self) -> Result<Vec<AppliedMigration>, MigrateError> {
        let mut applied = Vec::new();
        for (id, Entry { service, database, .. }) in &self.by_service {
            let declared = service.database.as_ref().map_or(&[][..], |database| &database.migrations);
            applied.extend(migrations::migrate(database.as_ref(), id, declared).await?);
        }
        Ok(applied)
    }

    /// What [`migrate`](Self::migrate) would apply, in the same order. Changes nothing.
    ///
    /// # Errors
    /// A migration that was changed or is missing, or a database that does not tell.
    pub async fn pending(&self) -> Result<Vec<PendingMigration>, MigrateError> {
        let mut pending = Vec::new();
        for (id, Entry { service, database, .. }) in &self.by_service {
            let declared = service.database.as_ref().map_or(&[][..], |database| &database.migrations);
            pending.extend(migrations::pending(database.as_ref(), id, declared).await?);
        }
        Ok(pending)
    }

    /// The database of `service`, if it has one.
    pub fn of(&self, service: &ComponentId) -> Option<&Arc<dyn Database>> {
        self.by_service.get(service).map(|entry| &entry.database)
    }

    /// The database of `service` for what the host itself does there with the host's tables: publishing, purging, counting.
    pub fn host_side(&self, service: &ComponentId) -> Option<&Arc<dyn Database>> {
        self.by_service.get(service).map(|entry| &entry.host_side)
    }

    /// Every service that has a database, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&ComponentId, &Arc<dyn Database>)> {
        self.by_service.iter().map(|(id, entry)| (id, &entry.database))
    }

    pub(crate) fn metrics_of(&self, service: &ComponentId) -> Option<Arc<ServiceMetrics>> {
        self.by_service.get(service).map(|entry| Arc::clone(&entry.metrics))
    }

    /// Waits for what is running, within the limits, and closes them all.
    pub async fn close(&self) {
        let sides = self.by_service.values().flat_map(|entry| [&entry.database, &entry.host_side]);
        futures::future::join_all(sides.map(|side| side.close())).await;
    }
}

impl fmt::Debug for Databases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.by_service.keys()).finish()
    }
}

/// Every service that has a database, and where that is.
fn declared(app: &App) -> impl Iterator<Item = (&Arc<Service>, Place<'_>)> {
    app.services.iter().filter_map(|(id, service)| {
        let database = service.database.as_ref()?;
        Some((service, Place { service: id, database: &database.name }))
    })
}
