//! Each type of PostgreSQL that a migration may use, and what others answer.

use crate::fixture::{Fixture, text};
use mutrapro_sql::{Database, Error, Value};
use std::sync::Arc;

/// Writes `value` into a column and reads it back.
async fn round_trip(database: &Arc<dyn Database>, column: &str, value: Value) -> Result<Value, Error> {
    let mut transaction = database.begin().await.unwrap();
    let insert = format!("INSERT INTO items (id, {column}) VALUES ($1, $2)");
    transaction.execute(&insert, vec![Value::Integer(1), value]).await?;
    let answer = transaction.query(&format!("SELECT {column} FROM items"), Vec::new()).await?;
    transaction.rollback().await;
    Ok(answer.rows[0][0].clone())
}

async fn answer(database: &Arc<dyn Database>, expression: &str) -> Result<Value, Error> {
    let answer = database.query(&format!("SELECT {expression} AS answer"), Vec::new()).await?;
    Ok(answer.rows[0][0].clone())
}

fn is_invalid(outcome: &Result<Value, Error>, part: &str) -> bool {
    matches!(outcome, Err(Error::Invalid(message)) if message.contains(part))
}

#[tokio::test]
async fn values_come_back_in_the_form_that_the_contract_names() {
    let fixture = Fixture::start().await;
    let database = fixture.database().await;
    for (column, given, expected) in [
        ("key", "0190C0DE-0000-7000-8000-00000000ABCD", "0190c0de-0000-7000-8000-00000000abcd"),
        ("at", "2026-01-31T09:30:00.1234567+07:00", "2026-01-31T02:30:00.123456Z"),
        ("at", "1969-12-31T23:59:59.9999999Z", "1969-12-31T23:59:59.999999Z"),
        ("at", "2026-01-31T09:30:00Z", "2026-01-31T09:30:00.000000Z"),
        ("day", "2024-02-29", "2024-02-29"),
        ("day", "1999-12-31", "1999-12-31"),
        ("data", r#"{"b":[1, 2.50], "a": "ü"}"#, r#"{"a": "ü", "b": [1, 2.50]}"#),
        ("name", "Đàn bầu ♪", "Đàn bầu ♪"),
        ("name", "", ""),
    ] {
        assert_eq!(round_trip(&database, column, text(given)).await, Ok(text(expected)), "{column} {given}");
    }
    for (column, value) in [
        ("small", Value::Integer(i16::MIN.into())),
        ("number", Value::Integer(i32::MAX.into())),
        ("flag", Value::Boolean(true)),
        ("flag", Value::Boolean(false)),
        ("content", Value::Bytes(vec![0, 255, 10])),
        ("content", Value::Bytes(Vec::new())),
    ] {
        assert_eq!(round_trip(&database, column, value.clone()).await, Ok(value), "{column}");
    }
    for column in ["small", "number", "flag", "name", "key", "at", "day", "data", "content"] {
        assert_eq!(round_trip(&database, column, Value::Null).await, Ok(Value::Null), "{column}");
    }
}

#[tokio::test]
async fn values_that_do_not_fit_are_refused_by_parameter_and_type() {
    let fixture = Fixture::start().await;
    let database = fixture.database().await;
    for (column, value, part) in [
        ("key", text("0190c0de"), "$2 is text that is no UUID"),
        ("key", Value::Integer(5), "$2 is the whole number 5 where UUID is wanted"),
        ("at", text("2026-01-31T09:30:00"), "$2 is text that is no TIMESTAMPTZ"),
        ("at", text("infinity"), "$2 is text that is no TIMESTAMPTZ"),
        ("at", Value::Integer(5), "$2 is the whole number 5 where TIMESTAMPTZ is wanted"),
        ("day", text("2026-02-29"), "$2 is text that is no DATE"),
        ("day", text("2026-01-31T09:30:00"), "$2 is text that is no DATE"),
        ("content", text("x"), "$2 is text that is no BYTEA"),
        ("name", Value::Bytes(vec![1]), "$2 is bytes where TEXT is wanted"),
        ("name", Value::Boolean(true), "$2 is a truth value where TEXT is wanted"),
        ("flag", Value::Integer(1), "$2 is the whole number 1 where BOOL is wanted"),
        ("number", text("12"), "$2 is text that is no INT4"),
        // What the server says.
        ("data", text("{"), "invalid input syntax for type json"),
        ("number", Value::Integer(1 << 31), "integer out of range"),
        ("small", Value::Integer(1 << 15), "smallint out of range"),
        ("name", text("a\0b"), "invalid byte sequence"),
    ] {
        let outcome = round_trip(&database, column, value).await;
        assert!(is_invalid(&outcome, part), "{column}: {outcome:?}");
    }
    assert_eq!(round_trip(&database, "name", Value::Integer(5)).await, Ok(text("5")));
    assert_eq!(round_trip(&database, "number", Value::Boolean(true)).await, Ok(Value::Integer(1)));
}

#[tokio::test]
async fn numbers_are_whole_or_refused_with_their_column() {
    let fixture = Fixture::start().await;
    let database = fixture.database().await;
    fixture.run("INSERT INTO items (id) VALUES (1), (9223372036854775806)").await;
    assert_eq!(answer(&database, "(SELECT sum(id) FROM items)").await, Ok(Value::Integer(i64::MAX)));
    assert_eq!(answer(&database, "(SELECT sum(id) FROM items WHERE id < 1)").await, Ok(Value::Null));
    for (expression, number) in [
        ("CAST(-120000000000 AS NUMERIC)", -120_000_000_000),
        ("CAST(2.000 AS NUMERIC(9, 3))", 2),
        ("CAST(0 AS NUMERIC)", 0),
        ("CAST(7 AS OID)", 7),
        ("length('äöü')", 3),
    ] {
        assert_eq!(answer(&database, expression).await, Ok(Value::Integer(number)), "{expression}");
    }
    for expression in ["(SELECT sum(id) + 1 FROM items)", "0.5", "CAST('NaN' AS NUMERIC)", "CAST(1 AS FLOAT8)"] {
        let outcome = answer(&database, expression).await;
        assert!(is_invalid(&outcome, "column \"answer\" cannot be answered"), "{expression}: {outcome:?}");
    }
    let sum = "SELECT count(*) FROM items HAVING sum(id) = $1";
    let rows = database.query(sum, vec![Value::Integer(i64::MAX)]).await.unwrap().rows;
    assert_eq!(rows, [[Value::Integer(2)]]);
}

#[tokio::test]
async fn other_types_answer_text_or_are_refused_with_their_name() {
    let fixture = Fixture::start().await;
    let database = fixture.database().await;
    for (expression, expected) in [
        ("CAST('2026-01-31 09:30:00.5' AS TIMESTAMP)", "2026-01-31T09:30:00.500000"),
        ("CAST('{\"b\": 1}' AS JSON)", "{\"b\": 1}"),
        ("CAST('ab' AS CHAR(4))", "ab  "),
        ("CAST('ab' AS VARCHAR)", "ab"),
        ("CAST('ab' AS NAME)", "ab"),
    ] {
        assert_eq!(answer(&database, expression).await, Ok(text(expected)), "{expression}");
    }
    for (expression, part) in [
        ("CAST('1 day' AS INTERVAL)", "INTERVAL does not travel"),
        ("ARRAY[1, 2]", "INT4[] does not travel"),
        ("CAST('infinity' AS TIMESTAMPTZ)", "it is no date of the calendar"),
        ("CAST('-infinity' AS DATE)", "it is no date of the calendar"),
    ] {
        let outcome = answer(&database, expression).await;
        assert!(is_invalid(&outcome, part), "{expression}: {outcome:?}");
    }
}

#[tokio::test]
async fn value_beyond_a_gigabyte_is_too_large() {
    let fixture = Fixture::start().await;
    let database = fixture.database().await;
    let huge = "length(half || half) FROM (SELECT repeat(repeat('x', 1000), 540000) AS half OFFSET 0) AS halves -- ";
    assert_eq!(answer(&database, huge).await, Err(Error::TooLarge));
    assert_eq!(answer(&database, "repeat('x', 2000000000)").await, Err(Error::TooLarge));
    assert_eq!(answer(&database, "1").await, Ok(Value::Integer(1)));
}
