//! `mutrapro migrate`: brings every database up to date; on PostgreSQL it makes databases, roles and rights as well.

use crate::application;
use crate::back_ends::{BackEnds, passwords, server};
use crate::data_directory::DataDirectory;
use crate::options::{MigrateOptions, SharedOptions};
use anyhow::Result;
use mutrapro_manifest::{App, LoadOptions};
use mutrapro_sql::{AppliedMigration, Databases, Provisioner, SqlLimits, SqlMetrics};
use prometheus_client::registry::Registry;

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
            let passwords = passwords(shared, &secrets)?;
            if secrets.folder().is_dir() {
                let folder = secrets.folder().display();
                eprintln!("every host needs the secrets in {folder}: copy the folder, or give them in the environment");
            }
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
