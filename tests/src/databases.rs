//! What a system has written, read from its databases without asking it.

use crate::people::repository_app;
use anyhow::{Context, Result, bail, ensure};
use mutrapro_testkit::System;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::postgres::{PgConnectOptions, PgRow, PgValueFormat};
use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{AssertSqlSafe, Column, ConnectOptions, Row, TypeInfo, ValueRef};
use std::path::PathBuf;

/// The databases of a system, running or not. Nothing is written to them.
pub struct Databases {
    place: Place,
}

enum Place {
    /// Files in this folder.
    Folder(PathBuf),
    /// A server, as its owner.
    Server(Box<PgConnectOptions>),
}

impl Databases {
    /// Those of `system`.
    ///
    /// # Errors
    /// When the address of its database server is none.
    pub fn of(system: &System) -> Result<Self> {
        let place = match system.servers() {
            None => Place::Folder(system.data().to_owned()),
            Some(servers) => Place::Server(Box::new(servers.postgres.url().parse()?)),
        };
        Ok(Self { place })
    }

    /// The rows that `query` gives in `database`, for example `user_db`; `$1` and so on in it stand for `parameters`.
    ///
    /// # Errors
    /// When there is no such database, or the query or the type of a row is wrong.
    pub async fn select<T>(&self, database: &str, query: &'static str, parameters: &[&str]) -> Result<Vec<T>>
    where
        T: DeserializeOwned,
    {
        let rows = match &self.place {
            Place::Folder(folder) => {
                let file = folder.join(format!("{database}.sqlite"));
                let options = SqliteConnectOptions::new().filename(&file).read_only(true);
                let mut connection = options.connect().await.with_context(|| file.display().to_string())?;
                let bound = parameters.iter().fold(sqlx::query(query), |query, parameter| query.bind(*parameter));
                let rows = bound.fetch_all(&mut connection).await;
                rows.with_context(|| format!("{database}: {query}"))?.iter().map(of_sqlite).collect::<Result<Vec<_>>>()
            }
            Place::Server(options) => {
                let mut connection = options.as_ref().clone().database(database).connect().await?;
                // Sent as text, so that every value comes back as text, whatever its type.
                let rows = sqlx::raw_sql(AssertSqlSafe(filled_in(query, parameters))).fetch_all(&mut connection).await;
                rows.with_context(|| format!("{database}: {query}"))?.iter().map(of_postgres).collect()
            }
        }?;
        let read = |row| serde_json::from_value(Value::Array(row)).with_context(|| format!("{database}: {query}"));
        rows.into_iter().map(read).collect()
    }

    /// The one number that `query` gives, as [`select`](Self::select) reads it.
    ///
    /// # Errors
    /// As [`select`](Self::select), and when it gives another number of rows.
    pub async fn count(&self, database: &str, query: &'static str, parameters: &[&str]) -> Result<i64> {
        let rows: Vec<(i64,)> = self.select(database, query, parameters).await?;
        ensure!(rows.len() == 1, "{} rows where one was expected: {query}", rows.len());
        Ok(rows.iter().map(|(count,)| count).sum())
    }

    /// How many transactions of `database` waited for each other in a circle, as far as the server has counted them, which it
    /// does some seconds later. In a file, which has one writer at a time, none can.
    ///
    /// # Errors
    /// As [`select`](Self::select).
    pub async fn deadlocks(&self, database: &str) -> Result<i64> {
        match &self.place {
            Place::Folder(_) => Ok(0),
            Place::Server(_) => {
                let query = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
                self.count(database, query, &[]).await
            }
        }
    }

    /// How many events of this kind the repository's services told that have `value` in the field `field`, for example
    /// `project_id`.
    ///
    /// # Errors
    /// When an outbox cannot be read.
    pub async fn told(&self, kind: &str, field: &str, value: &str) -> Result<i64> {
        let query = "SELECT count(*) FROM outbox_events WHERE event_type = $1 AND event_payload ->> $2 = $3";
        let app = repository_app()?;
        let publishing = app.services.values().filter(|service| service.publishes.iter().any(|p| p.matches(kind)));
        let mut told = 0;
        for database in publishing.filter_map(|service| service.database.as_ref()) {
            told += self.count(&database.name, query, &[kind, field, value]).await?;
        }
        Ok(told)
    }
}

fn of_sqlite(row: &SqliteRow) -> Result<Vec<Value>> {
    let mut values = Vec::new();
    for column in row.columns() {
        let raw = row.try_get_raw(column.ordinal())?;
        let type_name = raw.type_info().name().to_owned();
        values.push(match (raw.is_null(), type_name.as_str()) {
            (true, _) => Value::Null,
            (false, "INTEGER") => Value::from(row.try_get_unchecked::<i64, _>(column.ordinal())?),
            (false, "TEXT") => Value::from(row.try_get_unchecked::<String, _>(column.ordinal())?),
            (false, other) => bail!("a value of type {other} in {}", column.name()),
        });
    }
    Ok(values)
}

fn of_postgres(row: &PgRow) -> Result<Vec<Value>> {
    let mut values = Vec::new();
    for column in row.columns() {
        let raw = row.try_get_raw(column.ordinal())?;
        if raw.is_null() {
            values.push(Value::Null);
            continue;
        }
        ensure!(matches!(raw.format(), PgValueFormat::Text), "{} came in binary", column.name());
        let text = raw.as_str().map_err(|error| anyhow::anyhow!("{}: {error}", column.name()))?;
        values.push(match column.type_info().name() {
            "INT2" | "INT4" | "INT8" | "NUMERIC" => Value::from(text.parse::<i64>()?),
            "BOOL" => Value::from(text == "t"),
            _ => Value::from(text),
        });
    }
    Ok(values)
}

/// The query with the parameters in their places. A payload is text in the table, and only SQLite looks into it as it is.
fn filled_in(query: &str, parameters: &[&str]) -> String {
    let query = query.replace("event_payload ->>", "event_payload::jsonb ->>");
    // From the last, so that `$1` is not found in `$10`.
    parameters.iter().enumerate().rev().fold(query, |query, (index, parameter)| {
        query.replace(&format!("${}", index + 1), &format!("'{}'", parameter.replace('\'', "''")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_stand_in_their_places_as_literals() {
        let query = "SELECT 1 WHERE a = $1 AND event_payload ->> $2 = $10";
        let parameters = ["it's", "b", "", "", "", "", "", "", "", "ten"];
        let filled = filled_in(query, &parameters);
        assert_eq!(filled, "SELECT 1 WHERE a = 'it''s' AND event_payload::jsonb ->> 'b' = 'ten'");
    }
}
