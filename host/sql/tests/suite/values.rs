//! Values and constraint names.

use super::*;

pub(crate) async fn values_survive_a_round_trip(fixture: &impl Fixture) {
    let database = migrated(fixture, generous()).await;
    let mut transaction = database.begin().await.unwrap();
    transaction.execute(INSERT_AUTHOR, vec![Value::Integer(i64::MAX)]).await.unwrap();
    let insert = "INSERT INTO songs (id, author_id, title, is_public) VALUES ($1, $2, $3, $4) \
                  RETURNING id, author_id, title, minutes, is_public";
    let row = vec![Value::Integer(-1), Value::Integer(i64::MAX), text("Đàn bầu ♪"), Value::Boolean(true)];
    let answer = transaction.query(insert, row).await.unwrap();
    assert_eq!(answer.columns, ["id", "author_id", "title", "minutes", "is_public"]);
    let expected =
        vec![Value::Integer(-1), Value::Integer(i64::MAX), text("Đàn bầu ♪"), Value::Null, Value::Boolean(true)];
    assert_eq!(answer.rows, [expected]);
    transaction.commit().await.unwrap();
    let read = database.query("SELECT is_public FROM songs WHERE is_public", Vec::new()).await.unwrap();
    assert_eq!(read.rows, [[Value::Boolean(true)]]);
}

pub(crate) async fn bytes_survive_a_round_trip(fixture: &impl Fixture) {
    let database = migrated(fixture, generous()).await;
    let bytes = Value::Bytes(vec![0, 255, 10]);
    let answer = database.query("SELECT $1 AS content", vec![bytes.clone()]).await.unwrap();
    assert_eq!(answer.rows, [[bytes]]);
}

pub(crate) async fn like_tells_upper_from_lower_case(fixture: &impl Fixture) {
    let database = migrated(fixture, generous()).await;
    add_author(&database, 1).await.unwrap();
    let like = "SELECT id FROM authors WHERE email LIKE $1";
    assert_eq!(integers(database.query(like, vec![text("1@EXAMPLE%")]).await.unwrap()), NOBODY);
    assert_eq!(integers(database.query(like, vec![text("1@example%")]).await.unwrap()), [1]);
}

pub(crate) async fn floating_point_is_refused_with_its_column(fixture: &impl Fixture) {
    let database = migrated(fixture, generous()).await;
    let refusal = database.query("SELECT 1 AS fine, 1.5 AS price", Vec::new()).await;
    assert!(matches!(refusal, Err(Error::Invalid(message)) if message.contains("\"price\"")));
    assert_eq!(integers(database.query("SELECT 1", Vec::new()).await.unwrap()), [1]);
}

pub(crate) async fn violated_constraints_are_named_and_leave_the_transaction_usable(fixture: &impl Fixture) {
    let database = migrated(fixture, generous()).await;
    let mut transaction = database.begin().await.unwrap();
    for statement in [
        "INSERT INTO authors (id, email) VALUES (1, 'a'), (2, 'b')",
        "INSERT INTO songs (id, author_id, title, is_public) VALUES (1, 1, 'one', TRUE)",
    ] {
        transaction.execute(statement, Vec::new()).await.unwrap();
    }
    for (statement, name) in [
        ("INSERT INTO authors (id, email) VALUES (1, 'c')", "authors_pkey"),
        ("INSERT INTO authors (id, email) VALUES (3, 'a')", "authors_email_key"),
        ("INSERT INTO authors (id, email) VALUES (3, NULL)", "authors_email_not_null"),
        ("INSERT INTO songs (id, title) VALUES (1, 'two')", "songs_pkey"),
        ("INSERT INTO songs (id, title) VALUES (2, 'one')", "songs_title_version_key"),
        ("INSERT INTO songs (id, title, minutes) VALUES (2, 'two', 0)", "songs_minutes_check"),
        ("INSERT INTO songs (id, title, author_id) VALUES (2, 'two', 9)", "songs_author_id_fkey"),
        ("UPDATE songs SET author_id = 9", "songs_author_id_fkey"),
        ("DELETE FROM authors WHERE id = 1", "songs_author_id_fkey"),
        (
            "INSERT INTO songs (id, title, author_id, is_public) VALUES (2, 'two', 1, TRUE)",
            "songs_one_public_per_author",
        ),
    ] {
        let refusal = transaction.execute(statement, Vec::new()).await;
        assert_eq!(refusal, Err(Error::ConstraintViolated(name.to_owned())), "{statement}");
    }
    transaction.commit().await.unwrap();
    assert_eq!(authors(&database).await, [1, 2]);
}

pub(crate) async fn changed_rows_are_counted(fixture: &impl Fixture) {
    let database = migrated(fixture, generous()).await;
    let mut transaction = database.begin().await.unwrap();
    for (statement, expected) in [
        ("INSERT INTO authors (id, email) VALUES (1, 'a'), (2, 'b')", 2),
        ("INSERT INTO authors (id, email) VALUES (1, 'a') ON CONFLICT DO NOTHING", 0),
        ("UPDATE authors SET name = 'x' WHERE id > 1", 1),
        ("UPDATE authors SET name = 'x' WHERE id > 7", 0),
        ("DELETE FROM authors", 2),
    ] {
        assert_eq!(transaction.execute(statement, Vec::new()).await, Ok(expected), "{statement}");
    }
}
