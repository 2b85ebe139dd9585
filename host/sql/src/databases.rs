//! All services' databases.

use crate::database::Database;
use crate::error::{MigrateError, OpenError};
use crate::metrics::{ServiceMetrics, SqlMetrics};
use crate::migrations::{self, AppliedMigration};
use crate::sqlite::{self, SqliteConfig};
use mutrapro_manifest::{App, ComponentId, Service};
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
                by_service.insert(id.clone(), Entry { service: Arc::clone(service), database, metrics });
            }
        }
        Ok(Arc::new(Self { by_service }))
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

    /// The database of `service`, if it has one.
    pub fn of(&self, service: &ComponentId) -> Option<&Arc<dyn Database>> {
        self.by_service.get(service).map(|entry| &entry.database)
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
        futures::future::join_all(self.by_service.values().map(|entry| entry.database.close())).await;
    }
}

impl fmt::Debug for Databases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.by_service.keys()).finish()
    }
}
