//! Every statement of the benchmark's producer.

use crate::item::{Item, ItemId};
use mutrapro_sdk::sql::{Database, Error, FromRow, Reader, Row, Transaction, params};

impl FromRow for Item {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.get("id")?,
            name: row.get("name")?,
            quantity: row.get("quantity")?,
            created_at: row.get("created_at")?,
        })
    }
}

pub(crate) fn find(id: ItemId) -> Result<Option<Item>, Error> {
    Database.query_optional("SELECT id, name, quantity, created_at FROM items WHERE id = $1", params![id])
}

pub(crate) fn insert(transaction: &Transaction<'_>, item: &Item) -> Result<(), Error> {
    transaction.execute(
        "INSERT INTO items (id, name, quantity, created_at) VALUES ($1, $2, $3, $4)",
        params![item.id, &item.name, item.quantity, item.created_at],
    )?;
    Ok(())
}
