//! The rows of a statement as they arrive, counted against the limits, whatever the engine.

use crate::bindings::mutrapro::sql::database::{Error, RowSet, Value};
use crate::limits::{COLUMNS_MAX, PARAMETERS_MAX, SqlLimits};

/// Why a value of a statement's answer is refused: the contract has no floating point.
pub(crate) const FLOATING_POINT: &str =
    "floating-point numbers do not travel: store whole units such as cents or basis points";

/// The rows so far.
pub(crate) struct Answer<'a> {
    limits: &'a SqlLimits,
    bytes: usize,
    rows: RowSet,
}

impl<'a> Answer<'a> {
    pub(crate) fn new(limits: &'a SqlLimits) -> Self {
        Self { limits, bytes: 0, rows: RowSet { columns: Vec::new(), rows: Vec::new() } }
    }

    /// Sets the names of the columns, before the first row.
    ///
    /// # Errors
    /// [`Error::Invalid`] when there are too many.
    pub(crate) fn set_columns<'c>(&mut self, names: impl ExactSizeIterator<Item = &'c str>) -> Result<(), Error> {
        if names.len() > COLUMNS_MAX {
            return Err(Error::Invalid(format!("{} columns: at most {COLUMNS_MAX} are answered", names.len())));
        }
        self.rows.columns = names.map(str::to_owned).collect();
        Ok(())
    }

    /// Adds a row, decoded value by value.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when it is one too many or too long, [`Error::Invalid`] when a value does not travel.
    pub(crate) fn push(&mut self, values: impl ExactSizeIterator<Item = Result<Value, String>>) -> Result<(), Error> {
        if self.rows.rows.len() >= self.limits.rows_max {
            return Err(Error::TooLarge);
        }
        let mut row = Vec::with_capacity(values.len());
        for value in values {
            let value = value.map_err(|reason| {
                let name = self.rows.columns.get(row.len()).map_or("?", String::as_str);
                Error::Invalid(format!("column {name:?} cannot be answered: {reason}"))
            })?;
            self.bytes = self.bytes.saturating_add(bytes_of(&value));
            row.push(value);
        }
        if self.bytes > self.limits.bytes_max {
            return Err(Error::TooLarge);
        }
        self.rows.rows.push(row);
        Ok(())
    }

    pub(crate) fn finish(self) -> RowSet {
        self.rows
    }
}

/// Refuses more parameters than any engine is to be given.
pub(crate) fn count_parameters(parameters: &[Value]) -> Result<(), Error> {
    if parameters.len() > PARAMETERS_MAX {
        return Err(Error::Invalid(format!("{} parameters: at most {PARAMETERS_MAX} are taken", parameters.len())));
    }
    Ok(())
}

fn bytes_of(value: &Value) -> usize {
    match value {
        Value::Null | Value::Boolean(_) | Value::Integer(_) => 8,
        Value::Text(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
    }
}
