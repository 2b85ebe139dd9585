//! Roles, databases and rights: what stands between the services on the server itself.
//!
//! Promise: a service's role reaches its own database alone, and in it reads and writes rows of its own tables; of the
//! host's tables it gets what emitting and marking need. Nobody but the owner changes a table. No password is sent or
//! printed, only what the server needs to check one (SCRAM-SHA-256, RFC 5803).
//!
//! Everything here may be run again: it brings the server to what the manifest says.

use super::HOST_MIGRATIONS;
use super::passwords::{HOST_ROLE, RolePasswords, role_of};
use crate::limits::TEMPORARY_FILES_MAX;
use crate::migrations::{HOST_RECORD, SERVICE_RECORD, script};
use mutrapro_manifest::{App, ComponentId, Database, Service};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row};
use std::fmt::Write;

/// Two hosts that provision one server take turns by this lock, which is one in each database.
const TURN: i64 = 0x6d75_7472_6170_726f;
/// The databases that PostgreSQL comes with, which anybody may connect to unless told otherwise.
const COMMON_DATABASES: [&str; 2] = ["postgres", "template1"];

/// Why the server was not brought to what the manifest says. It can be run again.
#[derive(Debug, thiserror::Error)]
#[error("cannot {what} with the account in --database-url, which has to be one that may create roles and databases")]
pub struct ProvisionError {
    what: String,
    source: sqlx::Error,
}

/// Brings roles, databases and rights of one server to what an application needs.
pub struct Provisioner<'a> {
    app: &'a App,
    owner: PgConnectOptions,
    passwords: &'a RolePasswords,
}

impl<'a> Provisioner<'a> {
    /// For `app` on the server of `owner`, an account that may create roles and databases.
    pub fn new(app: &'a App, owner: PgConnectOptions, passwords: &'a RolePasswords) -> Self {
        Self { app, owner: owner.disable_statement_logging(), passwords }
    }

    /// Creates what is missing of roles and databases, and closes them to everybody else: comes before migrations.
    ///
    /// # Errors
    /// [`ProvisionError`].
    pub async fn create(&self) -> Result<(), ProvisionError> {
        let mut connection = connect(&self.owner).await?;
        run(&mut connection, "wait for another host", &format!("SELECT pg_advisory_lock({TURN})")).await?;
        for (role, statements) in self.roles() {
            run(&mut connection, &format!("make the role {role}"), &statements).await?;
        }
        for (service, database) in self.databases() {
            if !exists(&mut connection, &database.name).await? {
                let create = creation(&database.name);
                run(&mut connection, &format!("create the database {}", database.name), &create).await?;
            }
            let closing = closing(&service.id, database);
            run(&mut connection, &format!("close the database {}", database.name), &closing).await?;
        }
        for common in COMMON_DATABASES {
            if exists(&mut connection, common).await? {
                run(&mut connection, &format!("close the database {common}"), &closed_to_public(common)).await?;
            }
        }
        self.warn_of_open_databases(&mut connection).await?;
        connection.close().await.map_err(failed("end the connection"))
    }

    /// Says which databases every role may connect to, also those that are not this account's to close: the server only
    /// remarks on that.
    async fn warn_of_open_databases(&self, connection: &mut PgConnection) -> Result<(), ProvisionError> {
        let question = "SELECT datname FROM pg_database WHERE datallowconn AND has_database_privilege($1, oid, 'CONNECT') ORDER BY 1";
        let answer = sqlx::query_scalar(question).bind(HOST_ROLE).fetch_all(connection).await;
        let open: Vec<String> = answer.map_err(failed("look for open databases"))?;
        let is_ours = |name: &String| self.databases().any(|(_, database)| database.name == *name);
        let others: Vec<String> = open.into_iter().filter(|name| !is_ours(name)).collect();
        if !others.is_empty() {
            let names = others.join(", ");
            tracing::warn!(
                "every role may connect to {names}: REVOKE CONNECT ON DATABASE … FROM PUBLIC, as their owner"
            );
        }
        Ok(())
    }

    /// Gives each role its rights on the tables that there are: comes after migrations.
    ///
    /// # Errors
    /// [`ProvisionError`].
    pub async fn grant(&self) -> Result<(), ProvisionError> {
        for (service, database) in self.databases() {
            let mut connection = connect(&self.owner.clone().database(&database.name)).await?;
            // As one, so that a running host never finds a right missing; and one after the other.
            let grants =
                format!("BEGIN;\nSELECT pg_advisory_xact_lock({TURN});\n{}COMMIT;", grants(&service.id, database));
            run(&mut connection, &format!("grant rights in {}", database.name), &grants).await?;
            connection.close().await.map_err(failed("end the connection"))?;
        }
        Ok(())
    }

    /// All of it, migrations included, as a script for psql: for whom an account that may do this is not given out.
    pub fn script(&self) -> String {
        let mut text = String::from("\\set ON_ERROR_STOP on\n");
        for (_, statements) in self.roles() {
            text += &statements;
        }
        for common in COMMON_DATABASES {
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "SELECT {} WHERE EXISTS (SELECT FROM pg_database WHERE datname = {}) \\gexec",
                literal(closed_to_public(common).trim_end_matches([';', '\n'])),
                literal(common),
            );
        }
        for (service, database) in self.databases() {
            let name = &database.name;
            let (literal, identifier) = (literal(name), quoted(name));
            // Writing to a string cannot fail.
            let _ = writeln!(
                text,
                "\n-- {}\nSELECT {} WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = {literal}) \\gexec",
                service.id,
                self::literal(&creation(name)),
            );
            text += &closing(&service.id, database);
            let _ = writeln!(text, "\\connect {identifier}");
            text += &script(HOST_MIGRATIONS, &database.migrations);
            text += &format!("BEGIN;\n{}COMMIT;\n", grants(&service.id, database));
        }
        text
    }

    fn databases(&self) -> impl Iterator<Item = (&Service, &Database)> {
        self.app.services.values().filter_map(|service| Some((service.as_ref(), service.database.as_ref()?)))
    }

    /// Each role with the statements that make it what it has to be. Further attributes are not named: a role has none unless
    /// somebody gives it some, and only a superuser may name them, were it to take them away.
    fn roles(&self) -> impl Iterator<Item = (String, String)> {
        let own = self.databases().map(|(service, _)| role_of(&service.id));
        own.chain([HOST_ROLE.to_owned()]).map(|role| {
            let (name, verifier) = (quoted(&role), literal(&self.passwords.verifier(&role)));
            let statements = format!(
                "DO $$ BEGIN\n    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {}) THEN CREATE ROLE {name}; END IF;\n\
                 END $$;\n\
                 ALTER ROLE {name} LOGIN PASSWORD {verifier};\n\
                 DO $$ BEGIN\n    ALTER ROLE {name} SET temp_file_limit = '{TEMPORARY_FILES_MAX}';\n\
                 EXCEPTION WHEN insufficient_privilege THEN\n    \
                 RAISE NOTICE 'only a superuser limits the temporary files of a role: set temp_file_limit on the server';\n\
                 END $$;\n",
                literal(&role),
            );
            (role, statements)
        })
    }
}

/// Text is compared and folded byte by byte, as SQLite does it.
fn creation(database: &str) -> String {
    let name = quoted(database);
    format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER libc LOCALE 'C'")
}

/// Only the service and the host connect, and nobody makes anything there, not even for a while.
fn closing(service: &ComponentId, database: &Database) -> String {
    let (name, role, host) = (quoted(&database.name), quoted(&role_of(service)), quoted(HOST_ROLE));
    format!("REVOKE ALL ON DATABASE {name} FROM PUBLIC;\nGRANT CONNECT ON DATABASE {name} TO {role}, {host};\n")
}

fn closed_to_public(database: &str) -> String {
    format!("REVOKE ALL ON DATABASE {} FROM PUBLIC;\n", quoted(database))
}

/// What a service and the host may do in the database of that service.
fn grants(service: &ComponentId, database: &Database) -> String {
    let (role, host) = (quoted(&role_of(service)), quoted(HOST_ROLE));
    let tables: Vec<String> = database.tables.iter().map(|table| quoted(table)).collect();
    let mut text = format!(
        "REVOKE ALL ON SCHEMA public FROM PUBLIC;\n\
         REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}, {host};\n\
         GRANT USAGE ON SCHEMA public TO {role}, {host};\n\
         GRANT SELECT ON {HOST_RECORD}, {SERVICE_RECORD} TO {role}, {host};\n\
         GRANT INSERT ON outbox_events TO {role};\n\
         GRANT SELECT, UPDATE, DELETE ON outbox_events TO {host};\n\
         GRANT SELECT, INSERT, DELETE ON consumed_events TO {role}, {host};\n"
    );
    if !tables.is_empty() {
        let _ = writeln!(text, "GRANT SELECT, INSERT, UPDATE, DELETE ON {} TO {role};", tables.join(", "));
    }
    text
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, ProvisionError> {
    options.connect().await.map_err(failed("connect to the server"))
}

async fn run(connection: &mut PgConnection, what: &str, statements: &str) -> Result<(), ProvisionError> {
    let outcome = sqlx::raw_sql(AssertSqlSafe(statements)).execute(connection).await;
    outcome.map(drop).map_err(failed(what))
}

async fn exists(connection: &mut PgConnection, database: &str) -> Result<bool, ProvisionError> {
    let question = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)";
    let answer = sqlx::query(question).bind(database).fetch_one(connection).await;
    answer.and_then(|row| row.try_get(0)).map_err(failed("look for a database"))
}

fn failed(what: &str) -> impl FnOnce(sqlx::Error) -> ProvisionError + use<> {
    let what = what.to_owned();
    move |source| ProvisionError { what, source }
}

fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
