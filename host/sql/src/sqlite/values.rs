//! Values on their way into and out of SQLite.

use crate::answer::{Answer, FLOATING_POINT, count_parameters};
use crate::bindings::mutrapro::sql::database::{Error, RowSet, Value};
use crate::limits::SqlLimits;
use sqlx::sqlite::{SqliteArguments, SqliteRow, SqliteValueRef};
use sqlx::{Arguments, Column, Decode, Row, Sqlite, TypeInfo, ValueRef};

/// Takes the parameters over without copying them.
pub(super) fn arguments(parameters: Vec<Value>) -> Result<SqliteArguments, Error> {
    count_parameters(&parameters)?;
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

/// The rows of a statement as they arrive.
pub(super) struct Rows<'a> {
    answer: Answer<'a>,
    /// Per column, whether it is declared BOOLEAN: SQLite stores 0 and 1 there.
    booleans: Vec<bool>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(limits: &'a SqlLimits) -> Self {
        Self { answer: Answer::new(limits), booleans: Vec::new() }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when it is one too many, [`Error::Invalid`] when it holds a floating-point number.
    pub(super) fn push(&mut self, row: &SqliteRow) -> Result<(), Error> {
        if self.booleans.is_empty() {
            let columns = row.columns();
            self.answer.set_columns(columns.iter().map(Column::name))?;
            self.booleans = columns.iter().map(|column| column.type_info().name() == "BOOLEAN").collect();
        }
        self.answer.push(self.booleans.iter().enumerate().map(|(index, is_boolean)| {
            let raw = row.try_get_raw(index).map_err(|error| error.to_string())?;
            decode(raw, *is_boolean).map_err(|error| error.to_string())
        }))
    }

    pub(super) fn finish(self) -> RowSet {
        self.answer.finish()
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
        _ => return Err(FLOATING_POINT.into()),
    })
}
