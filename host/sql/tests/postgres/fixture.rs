//! A server of the test's own, with a service's database on it.

use mutrapro_manifest::{App, ComponentId, Database as Declared, Migration, Service};
use mutrapro_sql::{
    Database, Databases, Error, PostgresConfig, Provisioner, RolePasswords, SqlLimits, SqlMetrics, Transaction, Value,
};
use mutrapro_testkit::PostgresServer;
use prometheus_client::registry::Registry;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection, Row};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

pub(crate) const SERVICE: &str = "shop-service";
pub(crate) const OTHER: &str = "depot-service";

const SCHEMA: &str = "
    CREATE TABLE items (
        id BIGINT NOT NULL CONSTRAINT items_id_key PRIMARY KEY,
        small SMALLINT,
        number INTEGER,
        flag BOOLEAN,
        name TEXT,
        key UUID,
        at TIMESTAMPTZ,
        day DATE,
        data JSONB,
        content BYTEA
    );
";

/// A provisioned and migrated server, and what hosts on it know.
pub(crate) struct Fixture {
    pub(crate) server: PostgresServer,
    pub(crate) app: App,
    pub(crate) passwords: RolePasswords,
}

impl Fixture {
    pub(crate) async fn start() -> Self {
        let fixture = Self::start_empty().await;
        fixture.provision().await;
        fixture
    }

    /// Nothing is on the server yet.
    pub(crate) async fn start_empty() -> Self {
        let server = PostgresServer::start().await.unwrap();
        let services = [service(SERVICE, "shop_db", "items", SCHEMA), service(OTHER, "depot_db", "shelves", SHELVES)];
        let app =
            App { name: "test".to_owned(), version: "0.1.0".to_owned(), services: services.into(), ..App::default() };
        Self { server, app, passwords: RolePasswords::from_key(&[7; 32]).unwrap() }
    }

    /// What `mutrapro migrate` does.
    pub(crate) async fn provision(&self) {
        let provisioner = Provisioner::new(&self.app, self.options(), &self.passwords);
        provisioner.create().await.unwrap();
        let owner = self.owner().await;
        owner.migrate().await.unwrap();
        owner.close().await;
        provisioner.grant().await.unwrap();
    }

    pub(crate) async fn owner(&self) -> Arc<Databases> {
        let limits = SqlLimits::default();
        Databases::connect_as_owner(&self.app, &self.options(), limits, metrics()).await.unwrap()
    }

    pub(crate) fn options(&self) -> PgConnectOptions {
        self.server.url().parse().unwrap()
    }

    pub(crate) fn config(&self) -> PostgresConfig {
        PostgresConfig::new(self.options(), self.passwords.clone())
    }

    /// A host on the server.
    pub(crate) async fn host(&self) -> Arc<Databases> {
        Databases::connect(&self.app, &self.config(), metrics()).await.unwrap()
    }

    /// The service's database on a host.
    pub(crate) async fn database(&self) -> Arc<dyn Database> {
        let host = self.host().await;
        database(&host)
    }

    /// A host that writes over one connection to each database for the service, and over one for itself.
    pub(crate) async fn host_over_one_connection(&self) -> Arc<Databases> {
        let config = PostgresConfig { writers: 1, host_connections: 1, ..self.config() };
        Databases::connect(&self.app, &config, metrics()).await.unwrap()
    }

    /// The service's database on such a host.
    pub(crate) async fn database_over_one_connection(&self) -> Arc<dyn Database> {
        let host = self.host_over_one_connection().await;
        database(&host)
    }

    /// The service's database on a host that reaches the server at `address`, reads over one connection and has limits of
    /// its own.
    pub(crate) async fn database_at(&self, address: SocketAddr, limits: SqlLimits) -> Arc<dyn Database> {
        let server = self.options().host(&address.ip().to_string()).port(address.port());
        let config = PostgresConfig { server, limits, readers: 1, ..self.config() };
        let host = Databases::connect(&self.app, &config, metrics()).await.unwrap();
        database(&host)
    }

    /// As the superuser, in the service's database; answers one number.
    pub(crate) async fn ask(&self, statement: &str) -> i64 {
        let mut connection = PgConnection::connect_with(&self.options().database("shop_db")).await.unwrap();
        let row = sqlx::query(AssertSqlSafe(statement)).fetch_one(&mut connection).await.unwrap();
        row.get(0)
    }

    /// As the superuser, in the service's database.
    pub(crate) async fn run(&self, statements: &str) {
        let mut connection = PgConnection::connect_with(&self.options().database("shop_db")).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut connection).await.unwrap();
    }
}

const SHELVES: &str = "CREATE TABLE shelves (id BIGINT NOT NULL CONSTRAINT shelves_id_key PRIMARY KEY)";

fn service(id: &str, database: &str, table: &str, sql: &str) -> (ComponentId, Arc<Service>) {
    let id = ComponentId::new(id);
    let migration = Migration {
        version: 1,
        name: "create".to_owned(),
        sql: sql.to_owned(),
        path: PathBuf::from("0001_create.sql"),
    };
    let database =
        Declared { name: database.to_owned(), tables: [table.to_owned()].into(), migrations: vec![migration] };
    let service = Service { database: Some(database), ..Service::new(id.clone(), PathBuf::new()) };
    (id, Arc::new(service))
}

pub(crate) fn metrics() -> SqlMetrics {
    SqlMetrics::register(&mut Registry::default())
}

pub(crate) fn database(databases: &Databases) -> Arc<dyn Database> {
    Arc::clone(databases.of(&ComponentId::new(SERVICE)).unwrap())
}

pub(crate) fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// Adds an item in a transaction of its own.
pub(crate) async fn add(database: &Arc<dyn Database>, id: i64) -> Result<(), Error> {
    let mut transaction = database.begin().await?;
    add_in(&mut transaction, id).await?;
    transaction.commit().await
}

pub(crate) async fn add_in(transaction: &mut Transaction, id: i64) -> Result<(), Error> {
    transaction.execute("INSERT INTO items (id) VALUES ($1)", vec![Value::Integer(id)]).await.map(drop)
}

/// The ids of all items, as a read outside of any transaction sees them.
pub(crate) async fn items(database: &Arc<dyn Database>) -> Result<Vec<Value>, Error> {
    let rows = database.query("SELECT id FROM items ORDER BY id", Vec::new()).await?;
    Ok(rows.rows.into_iter().flatten().collect())
}

/// Numbers as values.
pub(crate) fn integers(numbers: &[i64]) -> Vec<Value> {
    numbers.iter().copied().map(Value::Integer).collect()
}
