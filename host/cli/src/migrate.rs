//! `mutrapro migrate`: brings every database up to date; on PostgreSQL it makes databases, roles and rights as well.

use crate::application;
use crate::back_ends::{BackEnds, DATABASE_KEY, server};
use crate::data_directory::DataDirectory;
use crate::options::{MigrateOptions, SharedOptions};
use anyhow::{Context, Result};
use mutrapro_manifest::{App, LoadOptions};
use mutrapro_sql::{AppliedMigration, Databases, Provisioner, RolePasswords, SqlLimits, SqlMetrics};
use prometheus_client::registry::Registry;
use std::path::Path;

/// Says what was done, or prints the SQL that would do it.
pub(crate) async fn run(options: &MigrateOptions) -> Result<()> {
    let back_ends = BackEnds::of(&options.store)?;
    let data_dir = &options.store.data_dir;
    let applied = match &back_ends {
        BackEnds::Embedded { data, .. } => {
            let app = application::load(&options.store.source, &data.secrets(), LoadOptions { require_wasm: false })?;
            let databases = back_ends.open_databases(&app, &mut Registry::default()).await?;
            let applied = databases.migrate().await?;
            databases.close().await;
            applied
        }
        BackEnds::Shared { options: shared, .. } => {
            // What hosts will need and nobody gives is made here, once, for all of them.
            let secrets = DataDirectory::open(data_dir)?.secrets();
            let app = application::load(&options.store.source, &secrets, LoadOptions { require_wasm: false })?;
            let passwords = passwords(shared, data_dir)?;
            let provisioner = Provisioner::new(&app, server(shared)?, &passwords);
            if options.print_sql {
                print!("{}", provisioner.script());
                return Ok(());
            }
            provision(&app, shared, &provisioner).await?
        }
    };
    for migration in &applied {
        println!("applied {migration}");
    }
    println!("{} migration(s) applied", applied.len());
    Ok(())
}

async fn provision(app: &App, shared: &SharedOptions, provisioner: &Provisioner<'_>) -> Result<Vec<AppliedMigration>> {
    provisioner.create().await?;
    let metrics = SqlMetrics::register(&mut Registry::default());
    let databases = Databases::connect_as_owner(app, &server(shared)?, SqlLimits::default(), metrics).await?;
    let applied = databases.migrate().await?;
    databases.close().await;
    provisioner.grant().await?;
    Ok(applied)
}

/// From the key that is given, or kept in the data folder, or generated there.
fn passwords(shared: &SharedOptions, data_dir: &Path) -> Result<RolePasswords> {
    if let Some(key) = &shared.database_key {
        return Ok(RolePasswords::from_key(key.as_bytes())?);
    }
    let secrets = DataDirectory::open(data_dir)?.secrets();
    let key = secrets.get(DATABASE_KEY)?.context("no key for the databases' roles")?;
    eprintln!(
        "every host needs the secrets in {}: copy the folder, or give them in the environment",
        secrets.folder().display()
    );
    Ok(RolePasswords::from_key(key.as_bytes())?)
}
