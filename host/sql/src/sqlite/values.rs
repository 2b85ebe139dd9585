//! Values on their way into and out of SQLite.

use crate::bindings::mutrapro::sql::database::{Error, RowSet, Value};
use crate::limits::{COLUMNS_MAX, PARAMETERS_MAX, SqlLimits};
use sqlx::sqlite::{SqliteArguments, SqliteRow, SqliteValueRef};
use sqlx::{Arguments, Column, Decode, Row, Sqlite, TypeInfo, ValueRef};

/// Takes the parameters over without copying them.
pub(super) fn arguments(parameters: Vec<Value>) -> Result<SqliteArguments, Error> {
    if parameters.len() > PARAMETERS_MAX {
        return Err(Error::Invalid(format!("{} parameters: at most {PARAMETERS_MAX} are taken", parameters.len())));
    }
    let mut arguments = SqliteArguments::default();
    arguments.reserve(parameters.len(), 0);
    for parameter in parameters {
        let added = match parameter {
            Value::Null => arguments.add(None::<i64>),
            Value::Boolean(value) => arguments.add(value),
            Value::Integer(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value),
            Value::Bytes(value) => arguments.add(value),
        };
        added.map_err(|error| Error::Invalid(format!("a parameter cannot be encoded: {error}")))?;
    }
    Ok(arguments)
}

/// The rows of a statement as they arrive, counted against the limits.
pub(super) struct Answer<'a> {
    limits: &'a SqlLimits,
    bytes: usize,
    /// Per column, whether it is declared BOOLEAN: SQLite stores 0 and 1 there.
    booleans: Vec<bool>,
    rows: RowSet,
}

impl<'a> Answer<'a> {
    pub(super) fn new(limits: &'a SqlLimits) -> Self {
        Self { limits, bytes: 0, booleans: Vec::new(), rows: RowSet { columns: Vec::new(), rows: Vec::new() } }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when it is one too many, [`Error::Invalid`] when it holds a floating-point number.
    pub(super) fn push(&mut self, row: &SqliteRow) -> Result<(), Error> {
        if self.rows.columns.is_empty() {
            self.read_columns(row)?;
        }
        if self.rows.rows.len() >= self.limits.rows_max {
            return Err(Error::TooLarge);
        }
        let mut values = Vec::with_capacity(self.booleans.len());
        for (index, is_boolean) in self.booleans.iter().enumerate() {
            let raw = row.try_get_raw(index).map_err(|error| unreadable(row, index, &error))?;
            let value = decode(raw, *is_boolean).map_err(|reason| unreadable(row, index, &reason))?;
            self.bytes = self.bytes.saturating_add(bytes_of(&value));
            values.push(value);
        }
        if self.bytes > self.limits.bytes_max {
            return Err(Error::TooLarge);
        }
        self.rows.rows.push(values);
        Ok(())
    }

    pub(super) fn finish(self) -> RowSet {
        self.rows
    }

    fn read_columns(&mut self, row: &SqliteRow) -> Result<(), Error> {
        let columns = row.columns();
        if columns.len() > COLUMNS_MAX {
            return Err(Error::Invalid(format!("{} columns: at most {COLUMNS_MAX} are answered", columns.len())));
        }
        self.booleans = columns.iter().map(|column| column.type_info().name() == "BOOLEAN").collect();
        self.rows.columns = columns.iter().map(|column| column.name().to_owned()).collect();
        Ok(())
    }
}

/// By storage class; whole numbers in a column declared BOOLEAN are truth values.
fn decode(raw: SqliteValueRef<'_>, is_boolean: bool) -> Result<Value, sqlx::error::BoxDynError> {
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let class = raw.type_info().into_owned();
    Ok(match class.name() {
        "INTEGER" => {
            let number = <i64 as Decode<Sqlite>>::decode(raw)?;
            if is_boolean { Value::Boolean(number != 0) } else { Value::Integer(number) }
        }
        "TEXT" => Value::Text(<String as Decode<Sqlite>>::decode(raw)?),
        "BLOB" => Value::Bytes(<Vec<u8> as Decode<Sqlite>>::decode(raw)?),
        _ => return Err("floating-point numbers do not travel: store whole units such as cents or basis points".into()),
    })
}

fn unreadable(row: &SqliteRow, index: usize, reason: &dyn std::fmt::Display) -> Error {
    let name = row.columns().get(index).map_or("?", Column::name);
    Error::Invalid(format!("column {name:?} cannot be answered: {reason}"))
}

fn bytes_of(value: &Value) -> usize {
    match value {
        Value::Null | Value::Boolean(_) | Value::Integer(_) => 8,
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
    }
}
