//! What every back end promises, written against [`Database`] and [`Transaction`] alone.
//!
//! A further engine adds a fixture and nothing else: see `tests/contract.rs`.

pub(crate) mod limits;
pub(crate) mod migrations;
pub(crate) mod transactions;
pub(crate) mod values;

use mutrapro_manifest::{App, ComponentId, Database as Declared, Migration, Service};
use mutrapro_sql::{Database, Databases, Error, MigrateError, RowSet, SqlLimits, Value};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Opens the databases of an application on one engine.
pub(crate) trait Fixture {
    /// Opens them; a second call opens the same data again.
    async fn open(&self, app: &App, limits: SqlLimits) -> Arc<Databases>;
}

pub(crate) const SERVICE: &str = "shop-service";

pub(crate) const SCHEMA: &str = "
    CREATE TABLE authors (
        id BIGINT NOT NULL CONSTRAINT authors_pkey PRIMARY KEY,
        email TEXT NOT NULL CONSTRAINT authors_email_key UNIQUE,
        name TEXT
    );
    CREATE TABLE songs (
        id BIGINT NOT NULL PRIMARY KEY,
        author_id BIGINT CONSTRAINT songs_author_id_fkey REFERENCES authors (id),
        title TEXT NOT NULL,
        version BIGINT NOT NULL DEFAULT 1,
        minutes BIGINT CONSTRAINT songs_minutes_check CHECK (minutes > 0),
        is_public BOOLEAN NOT NULL DEFAULT FALSE,
        CONSTRAINT songs_title_version_key UNIQUE (title, version)
    );
    CREATE UNIQUE INDEX songs_one_public_per_author ON songs (author_id) WHERE is_public;
";

/// Limits that a test does not run into by being slow.
pub(crate) fn generous() -> SqlLimits {
    SqlLimits {
        statement_time: Duration::from_secs(60),
        transaction_time: Duration::from_secs(60),
        wait_time: Duration::from_secs(60),
        ..SqlLimits::default()
    }
}

/// An application of one service with these migrations, numbered from 1.
pub(crate) fn app(migrations: &[&str]) -> App {
    let id = ComponentId::new(SERVICE);
    let migrations = migrations.iter().zip(1..).map(|(sql, version)| Migration {
        version,
        name: format!("step_{version}"),
        sql: (*sql).to_owned(),
        path: PathBuf::from(format!("migrations/{SERVICE}/{version:04}_step_{version}.sql")),
    });
    let service = Service {
        database: Some(Declared {
            name: "shop_db".to_owned(),
            tables: ["authors", "songs"].map(str::to_owned).into(),
            migrations: migrations.collect(),
        }),
        ..Service::new(id.clone(), PathBuf::new())
    };
    App {
        name: "test".to_owned(),
        version: "0.1.0".to_owned(),
        services: BTreeMap::from([(id, Arc::new(service))]),
        ..App::default()
    }
}

pub(crate) async fn migrated(fixture: &impl Fixture, limits: SqlLimits) -> Arc<dyn Database> {
    let databases = fixture.open(&app(&[SCHEMA]), limits).await;
    databases.migrate().await.unwrap();
    database(&databases)
}

pub(crate) async fn migrate(fixture: &impl Fixture, migrations: &[&str]) -> Result<Vec<(u32, bool)>, MigrateError> {
    let databases = fixture.open(&app(migrations), generous()).await;
    let applied = databases.migrate().await;
    databases.close().await;
    Ok(applied?.into_iter().map(|step| (step.version, step.of_host)).collect())
}

pub(crate) fn database(databases: &Databases) -> Arc<dyn Database> {
    Arc::clone(databases.of(&ComponentId::new(SERVICE)).unwrap())
}

pub(crate) fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// Runs one change in a transaction of its own.
pub(crate) async fn change(
    database: &Arc<dyn Database>,
    statement: &str,
    parameters: Vec<Value>,
) -> Result<u64, Error> {
    let mut transaction = database.begin().await?;
    let changed = transaction.execute(statement, parameters).await?;
    transaction.commit().await?;
    Ok(changed)
}

pub(crate) async fn add_author(database: &Arc<dyn Database>, id: i64) -> Result<u64, Error> {
    let parameters = vec![Value::Integer(id), Value::Text(format!("{id}@example.org"))];
    change(database, "INSERT INTO authors (id, email) VALUES ($1, $2)", parameters).await
}

pub(crate) const INSERT_AUTHOR: &str = "INSERT INTO authors (id, email) VALUES ($1, CAST($1 AS TEXT))";

/// The ids of no author.
pub(crate) const NOBODY: [i64; 0] = [];

/// The ids of all authors, as a read outside of any transaction sees them.
pub(crate) async fn authors(database: &Arc<dyn Database>) -> Vec<i64> {
    integers(database.query("SELECT id FROM authors ORDER BY id", Vec::new()).await.unwrap())
}

pub(crate) fn integers(rows: RowSet) -> Vec<i64> {
    rows.rows
        .into_iter()
        .map(|row| match row.as_slice() {
            [Value::Integer(value)] => *value,
            other => panic!("not one integer: {other:?}"),
        })
        .collect()
}

/// A query that never ends by itself, and answers nothing until then.
pub(crate) const ENDLESS: &str =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n WHERE i < 0";
