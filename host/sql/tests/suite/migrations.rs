//! Migrations: once each, in order, and never changed afterwards.

use super::*;

const SECOND: &str = "ALTER TABLE authors ADD COLUMN age BIGINT";

pub(crate) async fn migrations_apply_once_and_the_hosts_own_come_first(fixture: &impl Fixture) {
    assert_eq!(migrate(fixture, &[SCHEMA]).await.unwrap(), [(1, true), (1, false)]);
    assert_eq!(migrate(fixture, &[SCHEMA]).await.unwrap(), []);
    assert_eq!(migrate(fixture, &[SCHEMA, SECOND]).await.unwrap(), [(2, false)]);
}

pub(crate) async fn changed_migration_is_an_error_that_names_its_file(fixture: &impl Fixture) {
    migrate(fixture, &[SCHEMA]).await.unwrap();
    let error = migrate(fixture, &["CREATE TABLE other (id BIGINT)"]).await.unwrap_err();
    assert!(matches!(&error, MigrateError::Changed { migration, .. } if migration.ends_with("0001_step_1.sql")));
}

pub(crate) async fn missing_migration_is_an_error(fixture: &impl Fixture) {
    migrate(fixture, &[SCHEMA, SECOND]).await.unwrap();
    let error = migrate(fixture, &[SCHEMA]).await.unwrap_err();
    assert!(matches!(error, MigrateError::Missing { version: 2, .. }), "{error}");
}

pub(crate) async fn migration_before_an_applied_one_is_an_error(fixture: &impl Fixture) {
    let mut app = app(&[SCHEMA, SECOND]);
    let id = ComponentId::new(SERVICE);
    let service = Arc::make_mut(app.services.get_mut(&id).unwrap());
    let late = service.database.as_mut().unwrap().migrations.pop().unwrap();
    service.database.as_mut().unwrap().migrations[0].version = 5;
    fixture.open(&app, generous()).await.migrate().await.unwrap();
    Arc::make_mut(app.services.get_mut(&id).unwrap()).database.as_mut().unwrap().migrations.insert(0, late);
    let error = fixture.open(&app, generous()).await.migrate().await.unwrap_err();
    assert!(matches!(error, MigrateError::OutOfOrder { applied: 5, .. }), "{error}");
}

pub(crate) async fn failed_migration_leaves_nothing_and_can_be_corrected(fixture: &impl Fixture) {
    let broken = format!("{SCHEMA}; INSERT INTO nowhere (id) VALUES (1)");
    let error = migrate(fixture, &[&broken]).await.unwrap_err();
    assert!(matches!(&error, MigrateError::Failed { migration, .. } if migration.ends_with("0001_step_1.sql")));
    assert_eq!(migrate(fixture, &[SCHEMA]).await.unwrap(), [(1, false)]);
}

pub(crate) async fn hosts_that_migrate_at_once_apply_each_step_once(fixture: &impl Fixture) {
    let app = app(&[SCHEMA, SECOND]);
    let hosts = [fixture.open(&app, generous()).await, fixture.open(&app, generous()).await];
    let (first, second) = futures::join!(hosts[0].migrate(), hosts[1].migrate());
    assert_eq!(first.unwrap().len() + second.unwrap().len(), 3);
}

pub(crate) async fn statements_run_after_a_migration_by_another_connection(fixture: &impl Fixture) {
    let databases = fixture.open(&app(&[SCHEMA]), generous()).await;
    databases.migrate().await.unwrap();
    let database = database(&databases);
    assert_eq!(authors(&database).await, NOBODY);
    migrate(fixture, &[SCHEMA, SECOND]).await.unwrap();
    let rows = database.query("SELECT age FROM authors", Vec::new()).await.unwrap();
    assert!(rows.rows.is_empty());
}
