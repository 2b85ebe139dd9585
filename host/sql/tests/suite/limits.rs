//! Limits on time, rows and bytes.

use super::*;

const COUNT_TO: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) SELECT i FROM n";
const DOUBLE: &str = "WITH RECURSIVE n(i, s) AS (SELECT 1, 'xxxxxxxxxxxxxxxx' UNION ALL SELECT i + 1, s || s FROM n \
                      WHERE i < 60) SELECT max(length(s)) FROM n";

pub(crate) async fn endless_statement_is_stopped_at_its_limit(fixture: &impl Fixture) {
    let limits = SqlLimits { statement_time: Duration::from_millis(50), ..generous() };
    let database = migrated(fixture, limits).await;
    assert!(matches!(database.query(ENDLESS, Vec::new()).await, Err(Error::Unavailable(_))));
    let mut transaction = database.begin().await.unwrap();
    assert!(matches!(transaction.query(ENDLESS, Vec::new()).await, Err(Error::Unavailable(_))));
    assert!(!transaction.is_open());
    add_author(&database, 1).await.unwrap();
    assert_eq!(authors(&database).await, [1]);
}

pub(crate) async fn one_row_too_many_is_too_large(fixture: &impl Fixture) {
    let limits = SqlLimits { rows_max: 100, ..generous() };
    let database = migrated(fixture, limits).await;
    let rows = database.query(COUNT_TO, vec![Value::Integer(100)]).await.unwrap();
    assert_eq!(rows.rows.len(), 100);
    // An answer that would never end is given up as soon as it is too large.
    for rows in [101, i64::MAX] {
        assert_eq!(database.query(COUNT_TO, vec![Value::Integer(rows)]).await, Err(Error::TooLarge));
    }
    let mut transaction = database.begin().await.unwrap();
    transaction.execute(INSERT_AUTHOR, vec![Value::Integer(1)]).await.unwrap();
    assert_eq!(transaction.query(COUNT_TO, vec![Value::Integer(i64::MAX)]).await, Err(Error::TooLarge));
    transaction.commit().await.unwrap();
    assert_eq!(authors(&database).await, [1]);
}

pub(crate) async fn change_with_too_large_an_answer_is_undone(fixture: &impl Fixture) {
    let limits = SqlLimits { rows_max: 100, ..generous() };
    let database = migrated(fixture, limits).await;
    let mut transaction = database.begin().await.unwrap();
    let insert = "INSERT INTO authors (id, email) WITH RECURSIVE n(i) AS \
                  (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) \
                  SELECT i, CAST(i AS TEXT) FROM n RETURNING id";
    assert_eq!(transaction.query(insert, Vec::new()).await, Err(Error::TooLarge));
    assert!(matches!(transaction.commit().await, Err(Error::Unavailable(_))));
    assert_eq!(authors(&database).await, NOBODY);
}

pub(crate) async fn answer_of_too_many_bytes_is_too_large(fixture: &impl Fixture) {
    let limits = SqlLimits { bytes_max: 10_000, ..generous() };
    let database = migrated(fixture, limits).await;
    let fits =
        database.query("SELECT $1 AS a, $2 AS b", vec![text(&"x".repeat(5_000)), text(&"y".repeat(5_000))]).await;
    assert_eq!(fits.unwrap().rows.len(), 1);
    let over =
        database.query("SELECT $1 AS a, $2 AS b", vec![text(&"x".repeat(5_000)), text(&"y".repeat(5_001))]).await;
    assert_eq!(over, Err(Error::TooLarge));
}

pub(crate) async fn value_that_doubles_without_end_is_too_large(fixture: &impl Fixture) {
    let database = migrated(fixture, generous()).await;
    assert_eq!(database.query(DOUBLE, Vec::new()).await, Err(Error::TooLarge));
    let mut transaction = database.begin().await.unwrap();
    assert_eq!(transaction.query(DOUBLE, Vec::new()).await, Err(Error::TooLarge));
    transaction.execute(INSERT_AUTHOR, vec![Value::Integer(1)]).await.unwrap();
    transaction.commit().await.unwrap();
}

pub(crate) async fn too_many_parameters_are_invalid(fixture: &impl Fixture) {
    let database = migrated(fixture, generous()).await;
    let refusal = database.query("SELECT 1", vec![Value::Null; 10_000]).await;
    assert!(matches!(refusal, Err(Error::Invalid(_))));
}
