//! `mutrapro migrate` on PostgreSQL: run, or printed for psql, it leaves the same; whom it keeps from what; and what a host says
//! that starts without it.

use anyhow::{Context, Result, ensure};
use mutrapro_sql::{RolePasswords, role_of};
use mutrapro_testkit::{Application, PostgresServer, host_executable};
use mutrapro_tests::repository_app;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions};
use std::path::Path;
use std::process::{Output, Stdio};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// Databases of the repository's services.
const DATABASES: usize = 12;

#[tokio::test]
async fn printed_sql_does_what_migrate_does() -> Result<()> {
    let (server, data) = (PostgresServer::start().await?, tempfile::tempdir()?);
    let script = succeeds(mutrapro(&server, data.path(), &["migrate", "--print-sql"]).await?)?;
    psql(&server, &script).await?;
    // A second time too, as it is for every further version.
    psql(&server, &script).await?;
    let said = succeeds(mutrapro(&server, data.path(), &["migrate"]).await?)?;
    ensure!(said == "0 migration(s) applied\n", "migrate found something left to do: {said}");
    Ok(())
}

#[tokio::test]
async fn migrate_says_what_it_did_and_does_it_once() -> Result<()> {
    let (server, data) = (PostgresServer::start().await?, tempfile::tempdir()?);
    let said = succeeds(mutrapro(&server, data.path(), &["migrate"]).await?)?;
    ensure!(said.ends_with(&format!("{} migration(s) applied\n", migrations()?)), "{said}");
    ensure!(said.contains("applied auth-service: 0001 create_sessions (its own tables)"), "{said}");
    let said = succeeds(mutrapro(&server, data.path(), &["migrate"]).await?)?;
    ensure!(said == "0 migration(s) applied\n", "{said}");
    Ok(())
}

#[tokio::test]
async fn account_that_may_create_roles_and_databases_is_enough() -> Result<()> {
    let (server, data) = (PostgresServer::start().await?, tempfile::tempdir()?);
    let administrator: PgConnectOptions = server.url().parse()?;
    let create = "CREATE ROLE owner LOGIN CREATEROLE CREATEDB PASSWORD 'a password for tests'";
    sqlx::query(create).execute(&mut administrator.connect().await?).await?;
    let url = format!("postgres://owner:a%20password%20for%20tests@{}/postgres", server.address());
    for (arguments, applied) in [(["migrate"], migrations()?), (["migrate"], 0)] {
        let output = command(data.path(), &arguments)?.env("MUTRAPRO_DATABASE_URL", &url).output().await?;
        // What is not this account's to close is named.
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(said.contains("every role may connect to postgres, template1"), "{said}");
        let done = succeeds(output)?;
        ensure!(done.ends_with(&format!("{applied} migration(s) applied\n")), "{done}");
    }
    Ok(())
}

#[tokio::test]
async fn hosts_that_migrate_at_once_apply_each_migration_once() -> Result<()> {
    let (server, data) = (PostgresServer::start().await?, tempfile::tempdir()?);
    let arguments = ["migrate"];
    let (one, other) =
        tokio::try_join!(mutrapro(&server, data.path(), &arguments), mutrapro(&server, data.path(), &arguments),)?;
    let applied = succeeds(one)? + &succeeds(other)?;
    let lines = applied.lines().filter(|line| line.starts_with("applied ")).count();
    ensure!(lines == migrations()?, "{lines} migrations were applied:\n{applied}");
    Ok(())
}

#[tokio::test]
async fn host_that_starts_without_it_says_what_to_run() -> Result<()> {
    let (server, data) = (PostgresServer::start().await?, tempfile::tempdir()?);
    let said = fails(mutrapro(&server, data.path(), &["up"]).await?)?;
    ensure!(said.contains("MUTRAPRO_DATABASE_KEY") || said.contains("jwt_key"), "{said}");
    // With the secrets that migrate makes, but on a server that has nothing.
    succeeds(mutrapro(&server, data.path(), &["migrate", "--print-sql"]).await?)?;
    let said = fails(mutrapro(&server, data.path(), &["up"]).await?)?;
    ensure!(said.contains("mutrapro migrate"), "{said}");
    Ok(())
}

#[tokio::test]
async fn shared_databases_need_shared_events_and_files() -> Result<()> {
    let (server, data) = (PostgresServer::start().await?, tempfile::tempdir()?);
    succeeds(mutrapro(&server, data.path(), &["migrate"]).await?)?;
    let said = fails(mutrapro(&server, data.path(), &["up"]).await?)?;
    ensure!(said.contains("--nats-url"), "{said}");
    Ok(())
}

#[tokio::test]
async fn no_role_reaches_what_is_not_its_own() -> Result<()> {
    let (server, data) = (PostgresServer::start().await?, tempfile::tempdir()?);
    succeeds(mutrapro(&server, data.path(), &["migrate"]).await?)?;
    let key = std::fs::read(data.path().join("secrets/database_key"))?;
    let passwords = RolePasswords::from_key(&key)?;
    let app = repository_app()?;
    let owned: Vec<_> =
        app.services.values().filter_map(|service| Some((service, service.database.as_ref()?))).collect();
    ensure!(owned.len() == DATABASES, "{} databases", owned.len());
    for (service, own) in &owned {
        let role = role_of(&service.id);
        let sign_in = PgConnectOptions::new().host("127.0.0.1").port(server.address().port());
        let sign_in = sign_in.username(&role).password(&passwords.of(&role));
        let others = owned.iter().map(|(_, database)| database.name.as_str()).filter(|name| *name != own.name);
        for other in others.chain(["postgres", "template1"]) {
            let refused = sign_in.clone().database(other).connect().await.err();
            ensure!(is_denied(refused.as_ref()), "{role} on {other}: {refused:?}");
        }
        let mut connection = sign_in.database(&own.name).connect().await?;
        for table in &own.tables {
            sqlx::query(AssertSqlSafe(format!("SELECT count(*) FROM {table}"))).execute(&mut connection).await?;
        }
        for statement in [
            "SELECT event_id FROM outbox_events",
            "UPDATE outbox_events SET published_at = NULL",
            "UPDATE consumed_events SET processed_at = ''",
            "DELETE FROM schema_migrations",
            "CREATE TABLE mine (id BIGINT)",
        ] {
            let refused = sqlx::query(statement).execute(&mut connection).await.err();
            ensure!(is_denied(refused.as_ref()), "{role}: {statement}: {refused:?}");
        }
    }
    Ok(())
}

fn is_denied(error: Option<&sqlx::Error>) -> bool {
    const INSUFFICIENT_PRIVILEGE: &str = "42501";
    let code = error.and_then(sqlx::Error::as_database_error).and_then(|error| error.code());
    code.as_deref() == Some(INSUFFICIENT_PRIVILEGE)
}

/// Runs `mutrapro` with an account that owns the server.
async fn mutrapro(server: &PostgresServer, data: &Path, arguments: &[&str]) -> Result<Output> {
    Ok(command(data, arguments)?.env("MUTRAPRO_DATABASE_URL", server.url()).output().await?)
}

fn command(data: &Path, arguments: &[&str]) -> Result<Command> {
    let mut command = Command::new(host_executable()?);
    command.args(arguments).arg("--from").arg(Application::repository().manifest()).arg("--data-dir").arg(data);
    command.args(["--log", "warn"]);
    if arguments == ["up"] {
        command.args(["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"]);
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    Ok(command)
}

async fn psql(server: &PostgresServer, script: &str) -> Result<()> {
    let mut command = Command::new("psql");
    command.args(["--quiet", "--no-psqlrc", "--dbname", &server.url()]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // `\connect` keeps the account, and takes the password from here.
    let password = server.url().split(['@', ':']).nth(2).context("a URL has a password")?.to_owned();
    let mut process = command.env("PGPASSWORD", password).spawn().context("psql comes with PostgreSQL: `make test`")?;
    let mut input = process.stdin.take().context("psql reads")?;
    let script = script.to_owned();
    let writing = tokio::spawn(async move { input.write_all(script.as_bytes()).await });
    let output = process.wait_with_output().await?;
    writing.await??;
    succeeds(output).map(drop)
}

/// How many migrations a new server needs: the host's in each database, and the services' own.
fn migrations() -> Result<usize> {
    let mut own = 0;
    for folder in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations"))? {
        let folder = folder?;
        own += if folder.file_name() == "host" { 0 } else { std::fs::read_dir(folder.path())?.count() };
    }
    Ok(DATABASES + own)
}

fn succeeds(output: Output) -> Result<String> {
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

fn fails(output: Output) -> Result<String> {
    ensure!(!output.status.success(), "it ended well: {}", String::from_utf8_lossy(&output.stdout));
    Ok(String::from_utf8(output.stderr)?)
}
