//! The native server's items in PostgreSQL: everything that has a binary form travels in it.

use super::item::{EMIT, FIND, INSERT, ITEMS, Item, text};
use super::store::pool;
use crate::options::POSTGRES_CONNECTIONS;
use anyhow::Result;
use jiff::Timestamp;
use sqlx::encode::{Encode, IsNull};
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgConnectOptions, PgRow, PgTypeInfo, PgValueRef};
use sqlx::{ConnectOptions, Decode, Executor, PgPool, Postgres, Row, Type};
use uuid::Uuid;

/// The host's own, so that an insert costs the same pages on both sides.
const HOST_SCHEMA: &str = include_str!("../../../migrations/host/postgres/0001_create_outbox_and_consumed.sql");
/// The instant from which PostgreSQL counts, 2000-01-01, in microseconds since 1970.
const EPOCH_US: i64 = 946_684_800_000_000;

/// A database with as many connections as the host has at most to that of one service.
#[derive(Debug, Clone)]
pub(crate) struct PostgresStore(PgPool);

impl PostgresStore {
    /// Opens the empty database at `url`, and makes its tables.
    pub(super) async fn open(url: &str) -> Result<Self> {
        let options: PgConnectOptions = url.parse()?;
        let pool = pool(POSTGRES_CONNECTIONS).connect_with(options.disable_statement_logging()).await?;
        create_tables(&pool).await?;
        Ok(Self(pool))
    }

    pub(super) async fn find(&self, id: Uuid) -> sqlx::Result<Option<Item>> {
        let row = sqlx::query(FIND).bind(Id(id)).fetch_optional(&self.0).await?;
        row.as_ref().map(item).transpose()
    }

    pub(super) async fn insert(&self, item: &Item, payload: &str) -> sqlx::Result<()> {
        let mut transaction = self.0.begin().await?;
        sqlx::query(INSERT)
            .bind(Id(item.id))
            .bind(&item.name)
            .bind(item.quantity)
            .bind(Time(item.created_at))
            .execute(&mut *transaction)
            .await?;
        sqlx::query(EMIT)
            .bind(Uuid::now_v7().to_string())
            .bind(item.id.to_string())
            .bind(payload)
            .bind(text(Timestamp::now()))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await
    }
}

/// Makes the tables that an item and its event need.
pub(crate) async fn create_tables(database: impl Executor<'_, Database = Postgres> + Copy) -> sqlx::Result<()> {
    for statements in [ITEMS, HOST_SCHEMA] {
        sqlx::raw_sql(statements).execute(database).await?;
    }
    Ok(())
}

fn item(row: &PgRow) -> sqlx::Result<Item> {
    Ok(Item {
        id: row.try_get::<Id, _>("id")?.0,
        name: row.try_get("name")?,
        quantity: row.try_get("quantity")?,
        created_at: row.try_get::<Time, _>("created_at")?.0,
    })
}

/// `UUID` in its binary form, as sqlx has it with a feature that would have the whole workspace built twice.
struct Id(Uuid);

impl Type<Postgres> for Id {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(2950))
    }
}

impl Encode<'_, Postgres> for Id {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        buffer.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }
}

impl Decode<'_, Postgres> for Id {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        Ok(Self(Uuid::from_slice(value.as_bytes()?)?))
    }
}

/// `TIMESTAMPTZ` in its binary form.
struct Time(Timestamp);

impl Type<Postgres> for Time {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(1184))
    }
}

impl Encode<'_, Postgres> for Time {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Encode::<Postgres>::encode(self.0.as_microsecond() - EPOCH_US, buffer)
    }
}

impl Decode<'_, Postgres> for Time {
    fn decode(value: PgValueRef<'_>) -> Result<Self, BoxDynError> {
        let microseconds: i64 = Decode::<Postgres>::decode(value)?;
        Ok(Self(Timestamp::from_microsecond(microseconds + EPOCH_US)?))
    }
}

#[cfg(test)]
impl PostgresStore {
    /// How many events of an item wait to be relayed.
    pub(super) async fn pending_of(&self, id: Uuid) -> sqlx::Result<i64> {
        sqlx::query_scalar(super::store::PENDING_OF).bind(id.to_string()).fetch_one(&self.0).await
    }
}
