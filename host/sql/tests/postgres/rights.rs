//! Who signs in, and who may do what.

use crate::fixture::{Fixture, OTHER, SERVICE, add, database, integers, items, metrics, text};
use mutrapro_manifest::ComponentId;
use mutrapro_sql::{Databases, Error, HOST_ROLE, OpenError, PostgresConfig, RolePasswords, Value, role_of};
use sqlx::Connection;
use std::sync::Arc;

fn is_forbidden<T>(outcome: &Result<T, Error>) -> bool {
    matches!(outcome, Err(Error::Forbidden(_)))
}

#[test]
fn service_signs_in_under_its_own_name() {
    assert_eq!(role_of(&ComponentId::new("auth-service")), "auth_service");
    assert_eq!(HOST_ROLE, "mutrapro_host");
}

#[tokio::test]
async fn service_reaches_rows_of_its_own_tables_and_nothing_else() {
    let fixture = Fixture::start().await;
    let host = fixture.host().await;
    let database = database(&host);
    add(&database, 1).await.unwrap();
    assert_eq!(items(&database).await.unwrap(), integers(&[1]));
    let mut transaction = database.begin().await.unwrap();
    for statement in [
        "SELECT event_id FROM outbox_events",
        "DELETE FROM outbox_events",
        "INSERT INTO host_migrations (version, name, checksum, applied_at) VALUES (7, 'a', 'b', 'c')",
        "DROP TABLE items",
        "TRUNCATE items",
        "CREATE TABLE mine (id BIGINT)",
        "CREATE TEMPORARY TABLE mine (id BIGINT)",
        "SELECT pg_read_file('/etc/passwd')",
        "COPY items TO PROGRAM 'true'",
    ] {
        let refused = transaction.execute(statement, Vec::new()).await;
        assert!(is_forbidden(&refused), "{statement}: {refused:?}");
    }
    // The transaction goes on.
    assert_eq!(transaction.execute("DELETE FROM items", Vec::new()).await, Ok(1));
    let mark = "INSERT INTO consumed_events (event_id, consumer_name, processed_at) VALUES ($1, $2, $3)
                ON CONFLICT (event_id, consumer_name) DO NOTHING RETURNING event_id";
    assert_eq!(transaction.execute(mark, vec![text("a"), text("b"), text("c")]).await, Ok(1));
    assert_eq!(transaction.execute(EMIT, vec![text("a")]).await, Ok(1));
    transaction.commit().await.unwrap();
}

const EMIT: &str =
    "INSERT INTO outbox_events (event_id, aggregate_id, aggregate_type, event_type, event_payload, occurred_at)
    VALUES ($1, '', '', '', '', '')";

#[tokio::test]
async fn host_side_reaches_the_hosts_tables_and_no_other() {
    let fixture = Fixture::start().await;
    let host = fixture.host().await;
    let side = Arc::clone(host.host_side(&ComponentId::new(SERVICE)).unwrap());
    let count = side.query("SELECT count(*) FROM outbox_events", Vec::new()).await.unwrap();
    assert_eq!(count.rows, [[Value::Integer(0)]]);
    let mut transaction = side.begin().await.unwrap();
    let mark = "INSERT INTO consumed_events (event_id, consumer_name, processed_at) VALUES ($1, $2, $3)";
    transaction.execute(mark, vec![text("a"), text("b"), text("c")]).await.unwrap();
    for statement in ["SELECT id FROM items", "DELETE FROM items", "DROP TABLE outbox_events", EMIT] {
        let parameters = if statement == EMIT { vec![text("a")] } else { Vec::new() };
        let refused = transaction.execute(statement, parameters).await;
        assert!(is_forbidden(&refused), "{statement}: {refused:?}");
    }
    transaction.commit().await.unwrap();
    assert!(host.host_side(&ComponentId::new("gateway")).is_none());
    host.close().await;
    assert!(matches!(side.ping().await, Err(Error::Unavailable(_))));
}

#[tokio::test]
async fn role_signs_in_to_its_own_database_alone() {
    let fixture = Fixture::start().await;
    let role = role_of(&ComponentId::new(OTHER));
    let options = fixture.options().username(&role).password(&fixture.passwords.of(&role));
    sqlx::PgConnection::connect_with(&options.clone().database("depot_db")).await.unwrap();
    for database in ["shop_db", "postgres", "template1"] {
        let refused = sqlx::PgConnection::connect_with(&options.clone().database(database)).await;
        assert!(refused.unwrap_err().to_string().contains("permission denied"), "{database}");
    }
}

#[tokio::test]
async fn server_that_was_not_prepared_is_told_with_the_remedy() {
    let fixture = Fixture::start_empty().await;
    let connect = async |passwords: RolePasswords| {
        let config = PostgresConfig { passwords, ..fixture.config() };
        Databases::connect(&fixture.app, &config, metrics()).await
    };
    let remedy = |outcome: Result<Arc<Databases>, OpenError>| {
        let error = outcome.unwrap_err();
        assert!(matches!(error, OpenError::SignIn { .. }), "{error:?}");
        assert!(error.to_string().contains("run `mutrapro migrate`"), "{error}");
        assert!(!error.to_string().contains(&fixture.passwords.of("shop_service")), "{error}");
    };
    remedy(connect(fixture.passwords.clone()).await);
    fixture.provision().await;
    remedy(connect(RolePasswords::from_key(&[8; 32]).unwrap()).await);
    connect(fixture.passwords.clone()).await.unwrap();
    fixture.run("ALTER DATABASE depot_db RENAME TO other_db").await;
    remedy(connect(fixture.passwords.clone()).await);
}

#[tokio::test]
async fn server_that_does_not_answer_is_told_with_its_database() {
    let mut fixture = Fixture::start().await;
    fixture.server.stop().await.unwrap();
    let error = Databases::connect(&fixture.app, &fixture.config(), metrics()).await.unwrap_err();
    assert!(matches!(error, OpenError::Server { .. }), "{error:?}");
    assert!(error.to_string().contains("_db, the database of"), "{error}");
}

#[tokio::test]
async fn pending_migrations_are_told_and_not_applied() {
    let fixture = Fixture::start_empty().await;
    let provisioner = mutrapro_sql::Provisioner::new(&fixture.app, fixture.options(), &fixture.passwords);
    provisioner.create().await.unwrap();
    let pending = async || {
        let pending = fixture.host().await.pending().await.unwrap();
        pending.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let both = |service: &str| {
        ["the host's own create_outbox_and_consumed", "0001_create.sql"].map(|step| format!("{service}: {step}"))
    };
    assert_eq!(pending().await, [both(OTHER), both(SERVICE)].concat());
    fixture.provision().await;
    assert_eq!(pending().await, Vec::<String>::new());
}

#[tokio::test]
async fn script_does_what_migrating_does_and_may_run_again() {
    let fixture = Fixture::start_empty().await;
    let script = mutrapro_sql::Provisioner::new(&fixture.app, fixture.options(), &fixture.passwords).script();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("provision.sql");
    std::fs::write(&file, script).unwrap();
    for _ in 0..2 {
        let psql = tokio::process::Command::new("psql").arg(fixture.server.url()).arg("-qf").arg(&file).output();
        let output = psql.await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let host = fixture.host().await;
    assert_eq!(host.pending().await.unwrap(), []);
    add(&database(&host), 1).await.unwrap();
}

#[tokio::test]
async fn configuration_shows_no_secret() {
    let fixture = Fixture::start_empty().await;
    let shown = format!("{:?}", fixture.config());
    let url = fixture.server.url();
    let password = url.split([':', '@']).nth(2).unwrap();
    assert!(!shown.contains(password) && shown.contains("127.0.0.1"), "{shown}");
}

#[tokio::test]
async fn sessions_are_set_to_what_limits_and_isolation_rest_on() {
    let fixture = Fixture::start().await;
    let database = fixture.database().await;
    let setting = "SELECT setting FROM pg_settings WHERE name = $1";
    let mut transaction = database.begin().await.unwrap();
    for (name, writing, reading) in [
        ("statement_timeout", "5000", "5000"),
        ("lock_timeout", "4000", "4000"),
        ("idle_in_transaction_session_timeout", "7000", "7000"),
        ("client_connection_check_interval", "1000", "1000"),
        ("transaction_isolation", "read committed", "read committed"),
        ("transaction_read_only", "off", "on"),
        ("search_path", "public", "public"),
        ("standard_conforming_strings", "on", "on"),
        ("TimeZone", "UTC", "UTC"),
        ("application_name", "mutrapro/shop-service", "mutrapro/shop-service"),
    ] {
        let inside = transaction.query(setting, vec![text(name)]).await.unwrap();
        assert_eq!(inside.rows, [[text(writing)]], "{name}");
        let outside = database.query(setting, vec![text(name)]).await.unwrap();
        assert_eq!(outside.rows, [[text(reading)]], "{name}");
    }
}

/// Plans are kept: one that was made while the table was empty is still there when it is not.
#[tokio::test]
async fn statements_of_the_host_walk_along_an_index_even_while_their_table_is_empty() {
    let fixture = Fixture::start().await;
    let host = fixture.host().await;
    let database = host.host_side(&ComponentId::new(SERVICE)).unwrap();
    let positions: Vec<String> = (1..=250).map(|position| position.to_string()).collect();
    let marks =
        format!("EXPLAIN UPDATE outbox_events SET published_at = 'now' WHERE position IN ({})", positions.join(", "));
    let plan = format!("{:?}", database.query(&marks, Vec::new()).await.unwrap().rows);
    assert!(plan.contains("outbox_events_pkey") && !plan.contains("Seq Scan"), "{plan}");
}
