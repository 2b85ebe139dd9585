//! Rows, read by the names of their columns.

use super::{Error, FromValue, Value};
use crate::bindings::platform::mutrapro::sql::database as wit;
use std::rc::Rc;

/// A row of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    columns: Rc<[String]>,
    values: Vec<Value>,
}

/// What can be made of a row.
pub trait FromRow: Sized {
    /// Reads the columns that it needs, by name.
    ///
    /// # Errors
    /// [`Error::Mistake`], naming the column that is missing or holds something else.
    fn from_row(row: &Row) -> Result<Self, Error>;
}

/// Declares a struct that is read from a row whose columns are named like its fields.
///
/// Name a column that is a keyword in Rust with `AS`: `SELECT type AS feedback_type`.
///
/// ```
/// mutrapro_sdk::sql::row! {
///     /// An album.
///     #[derive(Debug, Clone)]
///     pub struct Album {
///         /// As its maker writes it.
///         pub title: String,
///         /// `None` until it is out.
///         pub released_at: Option<mutrapro_sdk::time::Instant>,
///     }
/// }
/// ```
#[macro_export]
#[doc(hidden)]
macro_rules! __row {
    (
        $(#[$attribute:meta])*
        $visibility:vis struct $name:ident {
            $($(#[$field_attribute:meta])* $field_visibility:vis $field:ident: $type:ty),+ $(,)?
        }
    ) => {
        $(#[$attribute])*
        $visibility struct $name {
            $($(#[$field_attribute])* $field_visibility $field: $type),+
        }

        impl $crate::sql::FromRow for $name {
            fn from_row(row: &$crate::sql::Row) -> ::std::result::Result<Self, $crate::sql::Error> {
                ::std::result::Result::Ok(Self { $($field: row.get(::std::stringify!($field))?),+ })
            }
        }
    };
}

impl Row {
    /// Takes an answer apart.
    pub(crate) fn all(answer: wit::RowSet) -> Vec<Self> {
        let columns: Rc<[String]> = answer.columns.into();
        answer.rows.into_iter().map(|values| Self { columns: Rc::clone(&columns), values }).collect()
    }

    /// The value in the column of this name; NULL only as an `Option`.
    ///
    /// # Errors
    /// [`Error::Mistake`] when there is no such column or it holds something else.
    pub fn get<T: FromValue>(&self, column: &str) -> Result<T, Error> {
        let position = self.columns.iter().position(|name| name == column);
        let value = position.and_then(|position| self.values.get(position)).ok_or_else(|| {
            Error::Mistake(format!("no column {column:?} in the row: it has {}", self.columns.join(", ")))
        })?;
        T::from_value(value.clone()).ok_or_else(|| {
            // The value itself may be private: only its kind is told.
            Error::Mistake(format!("column {column:?} holds {}, not {}", kind(value), T::EXPECTED))
        })
    }
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "NULL",
        Value::Boolean(_) => "a truth value",
        Value::Integer(_) => "an integer",
        Value::Text(_) => "text",
        Value::Bytes(_) => "bytes",
    }
}

impl FromRow for Row {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(row.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        let columns = vec!["name".into(), "phone".into()];
        let rows = vec![vec![Value::Text("Lan".into()), Value::Null]];
        Row::all(wit::RowSet { columns, rows }).remove(0)
    }

    #[test]
    fn columns_are_read_by_name() {
        assert_eq!(row().get::<String>("name"), Ok("Lan".into()));
        assert_eq!(row().get::<Option<String>>("phone"), Ok(None));
    }

    crate::sql::row! {
        #[derive(Debug, PartialEq)]
        struct Person {
            name: String,
            phone: Option<String>,
        }
    }

    #[test]
    fn struct_is_read_from_the_columns_of_its_fields() {
        assert_eq!(Person::from_row(&row()), Ok(Person { name: "Lan".into(), phone: None }));
    }

    #[test]
    fn errors_name_the_column_and_not_its_value() {
        let error = |result: Result<i64, Error>| result.unwrap_err().to_string();
        assert_eq!(error(row().get("age")), "no column \"age\" in the row: it has name, phone");
        assert_eq!(error(row().get("name")), "column \"name\" holds text, not an integer");
        assert_eq!(error(row().get("phone")), "column \"phone\" holds NULL, not an integer");
    }
}
