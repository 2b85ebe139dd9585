//! What only the embedded back end promises: where its files are and how they are kept.

use mutrapro_manifest::{App, ComponentId, Database as Declared, Service};
use mutrapro_sql::{Databases, Error, OpenError, SqlMetrics, SqliteConfig, Synchronous, Value};
use prometheus_client::registry::Registry;
use std::path::PathBuf;
use std::sync::Arc;

fn service(id: &str, database: Option<&str>) -> (ComponentId, Arc<Service>) {
    let id = ComponentId::new(id);
    let service = Service {
        database: database.map(|name| Declared {
            name: name.to_owned(),
            tables: ["notes".to_owned()].into(),
            migrations: Vec::new(),
        }),
        ..Service::new(id.clone(), PathBuf::new())
    };
    (id, Arc::new(service))
}

fn app(services: impl IntoIterator<Item = (ComponentId, Arc<Service>)>) -> App {
    App {
        name: "test".to_owned(),
        version: "0.1.0".to_owned(),
        services: services.into_iter().collect(),
        ..App::default()
    }
}

fn metrics() -> SqlMetrics {
    SqlMetrics::register(&mut Registry::default())
}

#[tokio::test]
async fn each_service_has_its_own_file_and_a_gateway_has_none() {
    let directory = tempfile::tempdir().unwrap();
    let nested = directory.path().join("not/there/yet");
    let app = app([service("note-service", Some("note_db")), service("gateway", None)]);
    let databases = Databases::open(&app, &SqliteConfig::new(nested.clone()), metrics()).await.unwrap();
    assert!(nested.join("note_db.sqlite").is_file());
    assert!(databases.of(&ComponentId::new("gateway")).is_none());
    let names: Vec<&str> = databases.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(names, ["note-service"]);
}

#[tokio::test]
async fn connections_keep_the_settings_that_durability_and_isolation_rest_on() {
    for (synchronous, number) in [(Synchronous::Full, 2), (Synchronous::Normal, 1)] {
        let directory = tempfile::tempdir().unwrap();
        let config = SqliteConfig { synchronous, ..SqliteConfig::new(directory.path().to_owned()) };
        let databases = Databases::open(&app([service("a", Some("a_db"))]), &config, metrics()).await.unwrap();
        let database = databases.of(&ComponentId::new("a")).unwrap();
        let mut transaction = database.begin().await.unwrap();
        for (pragma, expected) in [
            ("PRAGMA synchronous", Value::Integer(number)),
            ("PRAGMA foreign_keys", Value::Integer(1)),
            ("PRAGMA journal_mode", Value::Text("wal".to_owned())),
            ("PRAGMA busy_timeout", Value::Integer(5_000)),
        ] {
            assert_eq!(transaction.query(pragma, Vec::new()).await.unwrap().rows, [[expected]], "{pragma}");
        }
    }
}

#[tokio::test]
async fn database_name_cannot_leave_the_folder_or_be_cut_by_another_engine() {
    let directory = tempfile::tempdir().unwrap();
    let config = SqliteConfig::new(directory.path().to_owned());
    for name in ["../a", "a/b", "", "a.b", "ä", &"a".repeat(64)] {
        let opened = Databases::open(&app([service("a", Some(name))]), &config, metrics()).await;
        assert!(matches!(opened, Err(OpenError::Name { .. })), "{name}");
    }
}

#[tokio::test]
async fn file_that_is_no_database_is_named() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("a_db.sqlite"), "this is no database, but long enough to look at".repeat(100))
        .unwrap();
    let config = SqliteConfig::new(directory.path().to_owned());
    let opened = Databases::open(&app([service("a", Some("a_db"))]), &config, metrics()).await;
    assert!(opened.unwrap_err().to_string().contains("a_db.sqlite"));
}

#[tokio::test]
async fn write_lock_of_another_program_is_a_conflict_or_a_wait_and_never_a_hang() {
    let directory = tempfile::tempdir().unwrap();
    let config = SqliteConfig::new(directory.path().to_owned());
    let app = app([service("a", Some("a_db"))]);
    let ours = Databases::open(&app, &config, metrics()).await.unwrap();
    let other = Databases::open(&app, &config, metrics()).await.unwrap();
    let id = ComponentId::new("a");
    let held = other.of(&id).unwrap().begin_unlimited().await.unwrap();
    let refused = ours.of(&id).unwrap().begin().await;
    assert!(matches!(refused, Err(Error::Conflict | Error::Unavailable(_))), "{refused:?}");
    held.rollback().await;
    ours.of(&id).unwrap().begin().await.unwrap().commit().await.unwrap();
}

#[tokio::test]
async fn every_operation_is_measured_under_its_service() {
    let directory = tempfile::tempdir().unwrap();
    let mut registry = Registry::with_prefix("mutrapro");
    let metrics = SqlMetrics::register(&mut registry);
    let config = SqliteConfig::new(directory.path().to_owned());
    let databases = Databases::open(&app([service("a", Some("a_db"))]), &config, metrics).await.unwrap();
    let database = databases.of(&ComponentId::new("a")).unwrap();
    let mut transaction = database.begin().await.unwrap();
    transaction.query("SELECT 1", Vec::new()).await.unwrap();
    transaction.execute("CREATE TABLE notes (id BIGINT)", Vec::new()).await.unwrap();
    transaction.commit().await.unwrap();
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    for operation in ["query", "execute", "commit", "begin_wait"] {
        let line = format!("mutrapro_sql_duration_seconds_count{{service=\"a\",operation=\"{operation}\"}} 1");
        assert!(text.contains(&line), "{line} is not in {text}");
    }
}
