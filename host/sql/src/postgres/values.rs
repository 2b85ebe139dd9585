//! Values on their way out of PostgreSQL, in its binary forms.

use super::numeric;
use super::types::{
    self, BOOL, BPCHAR, BYTEA, DATE, EPOCH_DATE, EPOCH_MICROSECONDS, FLOAT4, FLOAT8, INT2, INT4, INT8, JSON, JSONB,
    JSONB_FORM, NAME, NUMERIC, OID, TEXT, TIMESTAMP, TIMESTAMPTZ, UNKNOWN, UUID, VARCHAR,
};
use crate::answer::{Answer, FLOATING_POINT};
use crate::bindings::mutrapro::sql::database::{Error, RowSet, Value};
use crate::instant::canonical_instant;
use crate::limits::SqlLimits;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use sqlx::postgres::PgRow;
use sqlx::{Column, Row, TypeInfo, ValueRef};
use uuid::Uuid;

/// The rows of a statement as they arrive.
pub(super) struct Rows<'a> {
    answer: Answer<'a>,
    /// Per column, the number of its type.
    types: Vec<u32>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(limits: &'a SqlLimits) -> Self {
        Self { answer: Answer::new(limits), types: Vec::new() }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when it is one too many, [`Error::Invalid`] when it holds what does not travel.
    pub(super) fn push(&mut self, row: &PgRow) -> Result<(), Error> {
        if self.types.is_empty() {
            let columns = row.columns();
            self.answer.set_columns(columns.iter().map(Column::name))?;
            self.types = columns.iter().map(|column| types::number(column.type_info())).collect();
        }
        self.answer.push(self.types.iter().enumerate().map(|(index, oid)| {
            let raw = row.try_get_raw(index).map_err(|error| error.to_string())?;
            if raw.is_null() {
                return Ok(Value::Null);
            }
            let bytes = raw.as_bytes().map_err(|error| error.to_string())?;
            decode(*oid, bytes).unwrap_or_else(|| Err(unreadable(*oid, raw.type_info().name())))
        }))
    }

    pub(super) fn finish(self) -> RowSet {
        self.answer.finish()
    }
}

/// None when the type does not travel, or the bytes are none of its values.
fn decode(oid: u32, bytes: &[u8]) -> Option<Result<Value, String>> {
    let value = match oid {
        BOOL => Value::Boolean(bytes != [0]),
        INT2 => Value::Integer(i16::from_be_bytes(bytes.try_into().ok()?).into()),
        INT4 => Value::Integer(i32::from_be_bytes(bytes.try_into().ok()?).into()),
        INT8 => Value::Integer(i64::from_be_bytes(bytes.try_into().ok()?)),
        OID => Value::Integer(u32::from_be_bytes(bytes.try_into().ok()?).into()),
        // What sum(BIGINT) gives. A fraction does not travel, and neither does what is beyond 64 bits.
        NUMERIC => match numeric::decode(bytes) {
            Some(number) => Value::Integer(number),
            None => return Some(Err(FLOATING_POINT.to_owned())),
        },
        FLOAT4 | FLOAT8 => return Some(Err(FLOATING_POINT.to_owned())),
        TEXT | VARCHAR | BPCHAR | NAME | UNKNOWN | JSON => text(bytes)?,
        // Behind the number of its form.
        JSONB => text(bytes.strip_prefix(&[JSONB_FORM])?)?,
        BYTEA => Value::Bytes(bytes.to_vec()),
        UUID => Value::Text(Uuid::from_slice(bytes).ok()?.to_string()),
        TIMESTAMPTZ => Value::Text(canonical_instant(instant(bytes)?)),
        TIMESTAMP => {
            let at = instant(bytes)?.to_zoned(TimeZone::UTC);
            Value::Text(at.strftime("%Y-%m-%dT%H:%M:%S.%6f").to_string())
        }
        DATE => {
            let days = i32::from_be_bytes(bytes.try_into().ok()?);
            Value::Text(EPOCH_DATE.checked_add(Span::new().try_days(days).ok()?).ok()?.to_string())
        }
        _ => return None,
    };
    Some(Ok(value))
}

fn text(bytes: &[u8]) -> Option<Value> {
    std::str::from_utf8(bytes).ok().map(|text| Value::Text(text.to_owned()))
}

/// None for an instant beyond the years that can be written, infinity included.
fn instant(bytes: &[u8]) -> Option<Timestamp> {
    let since = i64::from_be_bytes(bytes.try_into().ok()?);
    Timestamp::from_microsecond(since.checked_add(EPOCH_MICROSECONDS)?).ok()
}

fn unreadable(oid: u32, name: &str) -> String {
    match oid {
        TIMESTAMPTZ | TIMESTAMP | DATE => "it is no date of the calendar: infinity does not travel".to_owned(),
        _ => format!("{name} does not travel: store text, a whole number, a truth value or bytes"),
    }
}
