//! What a system has written, read from its files without asking it.

use anyhow::{Context, Result, ensure};
use mutrapro_testkit::System;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{ConnectOptions, FromRow};
use std::path::PathBuf;

/// The file of the embedded bus.
const BUS: &str = "bus";

/// The databases of a system, running or not. Nothing is written to them.
pub struct Databases {
    folder: PathBuf,
}

impl Databases {
    /// Those in the data folder of `system`.
    pub fn of(system: &System) -> Self {
        Self { folder: system.data().to_owned() }
    }

    /// The rows that `query` gives in `database`, for example `user_db`; `$1` and so on in it stand for `parameters`.
    ///
    /// # Errors
    /// When there is no such file, or the query or the type of a row is wrong.
    pub async fn select<T>(&self, database: &str, query: &'static str, parameters: &[&str]) -> Result<Vec<T>>
    where
        T: for<'r> FromRow<'r, SqliteRow> + Send + Unpin,
    {
        let mut connection = self.open(database).await?;
        let bound = parameters.iter().fold(sqlx::query_as(query), |query, parameter| query.bind(*parameter));
        bound.fetch_all(&mut connection).await.with_context(|| format!("{database}: {query}"))
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

    /// How many events of this kind were told that have `value` in the field `field`, for example `project_id`.
    ///
    /// # Errors
    /// When the bus's file cannot be read.
    pub async fn told(&self, kind: &str, field: &str, value: &str) -> Result<i64> {
        let query = "SELECT count(*) FROM events WHERE kind = $1 AND payload ->> $2 = $3";
        self.count(BUS, query, &[kind, field, value]).await
    }

    /// Makes sure that no consumer has given an event up.
    ///
    /// # Errors
    /// When one has, with what it said.
    pub async fn no_dead_letters(&self) -> Result<()> {
        let query = "SELECT c.name || ' on ' || e.kind || ': ' || l.error FROM dead_letters AS l
             JOIN consumers AS c ON c.consumer_id = l.consumer_id JOIN events AS e ON e.position = l.position";
        let dead: Vec<(String,)> = self.select(BUS, query, &[]).await?;
        ensure!(dead.is_empty(), "dead letters: {dead:?}");
        Ok(())
    }

    /// Makes sure that nothing waits for any consumer.
    ///
    /// # Errors
    /// When something does.
    pub async fn nothing_waits(&self) -> Result<()> {
        let query = "SELECT c.name || ' has yet to handle ' || e.kind FROM deliveries AS d
             JOIN consumers AS c ON c.consumer_id = d.consumer_id JOIN events AS e ON e.position = d.position";
        let waiting: Vec<(String,)> = self.select(BUS, query, &[]).await?;
        ensure!(waiting.is_empty(), "{waiting:?}");
        Ok(())
    }

    async fn open(&self, database: &str) -> Result<SqliteConnection> {
        let file = self.folder.join(format!("{database}.sqlite"));
        let options = SqliteConnectOptions::new().filename(&file).read_only(true);
        options.connect().await.with_context(|| file.display().to_string())
    }
}
