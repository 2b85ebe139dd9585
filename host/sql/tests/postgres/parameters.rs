//! Parameters whose type PostgreSQL does not find, finds twice, or finds to be another.

use crate::fixture::{Fixture, SERVICE, add_in, database, text};
use mutrapro_sql::{Error, Value};

#[tokio::test]
async fn statements_take_parameters_whose_type_is_nowhere_to_be_read() {
    let fixture = Fixture::start().await;
    let host = fixture.host().await;
    let database = database(&host);
    let integer = Value::Integer;
    let cases = [
        ("SELECT $1 IS NULL", vec![Value::Null], Value::Boolean(true)),
        ("SELECT $1 IS NULL", vec![integer(1)], Value::Boolean(false)),
        ("SELECT $1 + $2", vec![integer(1), integer(2)], integer(3)),
        ("SELECT abs($1)", vec![integer(-1)], integer(1)),
        ("SELECT $1 || $2", vec![text("a"), text("b")], text("ab")),
        ("SELECT coalesce($1, $2)", vec![Value::Null, integer(7)], integer(7)),
        ("SELECT CAST($1 AS BIGINT) + 1", vec![text("41")], integer(42)),
        ("SELECT 1 WHERE 'x' = $1 OR 7 = $2", vec![text("x"), integer(i64::MAX)], integer(1)),
        // A place that takes anything gives back what it got.
        ("SELECT $1", vec![integer(5)], integer(5)),
        ("SELECT $1", vec![Value::Boolean(true)], Value::Boolean(true)),
        ("SELECT $1", vec![text("5")], text("5")),
        ("SELECT $1", vec![Value::Bytes(vec![5])], Value::Bytes(vec![5])),
        ("SELECT $1", vec![Value::Null], Value::Null),
        ("SELECT CAST($1 AS TEXT)", vec![integer(5)], text("5")),
        ("SELECT id FROM items WHERE name = $1", vec![integer(5)], integer(1)),
    ];
    fixture.run("INSERT INTO items (id, name) VALUES (1, '5')").await;
    // Twice, as what was found out is remembered; and once where another connection has it to learn.
    let other = fixture.host().await;
    for database in [&database, &database, other.of(&mutrapro_manifest::ComponentId::new(SERVICE)).unwrap()] {
        let mut transaction = database.begin().await.unwrap();
        for (statement, parameters, expected) in &cases {
            let outside = database.query(statement, parameters.clone()).await.unwrap();
            assert_eq!(outside.rows, [[expected.clone()]], "{statement} {parameters:?}");
            let inside = transaction.query(statement, parameters.clone()).await.unwrap();
            assert_eq!(inside.rows, [[expected.clone()]], "{statement} {parameters:?} in a transaction");
        }
    }
}

#[tokio::test]
async fn learning_a_type_leaves_the_transaction_as_it_was() {
    let fixture = Fixture::start().await;
    let database = fixture.database().await;
    let mut transaction = database.begin().await.unwrap();
    add_in(&mut transaction, 1).await.unwrap();
    let insert = "INSERT INTO items (id, name) VALUES ($1, CAST($1 AS TEXT))";
    assert_eq!(transaction.execute(insert, vec![Value::Integer(2)]).await, Ok(1));
    transaction.savepoint().await.unwrap();
    assert_eq!(transaction.execute(insert, vec![Value::Integer(3)]).await, Ok(1));
    let update = "UPDATE items SET name = $2 WHERE id = $1 AND $3 IS NOT NULL";
    let parameters = vec![Value::Integer(1), Value::Integer(7), Value::Boolean(true)];
    assert_eq!(transaction.execute(update, parameters).await, Ok(1));
    let all = transaction.query("SELECT name FROM items ORDER BY id", Vec::new()).await.unwrap();
    assert_eq!(all.rows, [[text("7")], [text("2")], [text("3")]]);
    transaction.commit().await.unwrap();
    assert_eq!(fixture.ask("SELECT count(*) FROM items").await, 3);
}

#[tokio::test]
async fn more_or_fewer_parameters_than_places_are_invalid() {
    let fixture = Fixture::start().await;
    let database = fixture.database().await;
    for (count, message) in [(0, "takes 1 parameters and got 0"), (2, "takes 1 parameters and got 2")] {
        let outcome = database.query("SELECT id FROM items WHERE id = $1", vec![Value::Integer(1); count]).await;
        assert!(matches!(&outcome, Err(Error::Invalid(text)) if text.contains(message)), "{outcome:?}");
    }
}
