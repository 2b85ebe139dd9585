//! Values on their way into PostgreSQL, each in the binary form of the type that the statement wants.
//!
//! Promise: a value arrives as what it is or not at all, but for an instant's fraction below a microsecond. *Deliberately
//! absent:* guesses, such as the offset of an instant that names none.

use super::numeric;
use super::types::{
    self, BOOL, BPCHAR, BYTEA, DATE, EPOCH_DATE, EPOCH_MICROSECONDS, INT2, INT4, INT8, JSON, JSONB, JSONB_FORM, NAME,
    NUMERIC, TEXT, TIMESTAMP, TIMESTAMPTZ, UUID, VARCHAR,
};
use crate::bindings::mutrapro::sql::database::{Error, Value};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgArguments, PgTypeInfo};
use sqlx::{Arguments, Encode, Postgres, Type, TypeInfo};
use uuid::Uuid;

const NANOSECONDS_PER_MICROSECOND: i128 = 1_000;

/// Whether a parameter of the type `oid` takes `value` as what it is. Else the statement may take it as its own type.
pub(super) fn fits(value: &Value, oid: u32) -> bool {
    match (value, oid) {
        (Value::Integer(number), INT4) => i32::try_from(*number).is_ok(),
        (Value::Integer(number), INT2) => i16::try_from(*number).is_ok(),
        (Value::Null, _)
        | (Value::Boolean(_), BOOL | INT2 | INT4 | INT8)
        | (Value::Integer(_), INT8 | NUMERIC)
        | (Value::Text(_), TEXT | VARCHAR | BPCHAR | NAME | JSON | JSONB | UUID | NUMERIC)
        | (Value::Text(_), TIMESTAMPTZ | TIMESTAMP | DATE)
        | (Value::Bytes(_), BYTEA) => true,
        _ => false,
    }
}

/// The type that `value` has by itself. NULL has none; where some type is needed, text does.
pub(super) fn own_type(value: &Value) -> u32 {
    match value {
        Value::Boolean(_) => BOOL,
        Value::Integer(_) => INT8,
        Value::Text(_) | Value::Null => TEXT,
        Value::Bytes(_) => BYTEA,
    }
}

/// Encodes each of `values` as the type of its parameter.
///
/// # Errors
/// [`Error::Invalid`] when there are more or fewer than parameters, or one does not fit.
pub(super) fn arguments(values: &[Value], wanted: &[PgTypeInfo]) -> Result<PgArguments, Error> {
    if values.len() != wanted.len() {
        let (values, wanted) = (values.len(), wanted.len());
        return Err(Error::Invalid(format!("the statement takes {wanted} parameters and got {values}")));
    }
    let mut arguments = PgArguments::default();
    arguments.reserve(values.len(), 0);
    for (index, (value, wanted)) in values.iter().zip(wanted).enumerate() {
        let added = arguments.add(Parameter { value, wanted });
        added.map_err(|reason| Error::Invalid(format!("parameter ${} {reason}", index + 1)))?;
    }
    Ok(arguments)
}

struct Parameter<'a> {
    value: &'a Value,
    wanted: &'a PgTypeInfo,
}

impl Type<Postgres> for Parameter<'_> {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(TEXT))
    }
}

impl Encode<'_, Postgres> for Parameter<'_> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let wanted = types::number(self.wanted);
        let written = match self.value {
            Value::Null => return Ok(IsNull::Yes),
            Value::Boolean(value) if wanted == BOOL => {
                buffer.push(u8::from(*value));
                Some(())
            }
            Value::Boolean(value) if fits(self.value, wanted) => write_integer(i64::from(*value), wanted, buffer),
            Value::Boolean(_) => None,
            Value::Integer(number) => write_integer(*number, wanted, buffer),
            Value::Text(text) => write_text(text, wanted, buffer),
            Value::Bytes(bytes) => (wanted == BYTEA).then(|| buffer.extend_from_slice(bytes)),
        };
        written.map(|()| IsNull::No).ok_or_else(|| misfit(self.value, self.wanted.name()).into())
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(self.wanted.clone())
    }
}

fn misfit(value: &Value, wanted: &str) -> String {
    match value {
        Value::Null => format!("is NULL where {wanted} is wanted"),
        Value::Boolean(_) => format!("is a truth value where {wanted} is wanted"),
        Value::Integer(number) => format!("is the whole number {number} where {wanted} is wanted"),
        Value::Text(_) => format!("is text that is no {wanted}"),
        Value::Bytes(_) => format!("is bytes where {wanted} is wanted"),
    }
}

fn write_integer(number: i64, wanted: u32, buffer: &mut Vec<u8>) -> Option<()> {
    match wanted {
        INT8 => buffer.extend(number.to_be_bytes()),
        INT4 => buffer.extend(i32::try_from(number).ok()?.to_be_bytes()),
        INT2 => buffer.extend(i16::try_from(number).ok()?.to_be_bytes()),
        NUMERIC => buffer.extend(numeric::encode(&number.to_string())?),
        TEXT | VARCHAR | BPCHAR => buffer.extend(number.to_string().into_bytes()),
        _ => return None,
    }
    Some(())
}

fn write_text(text: &str, wanted: u32, buffer: &mut Vec<u8>) -> Option<()> {
    match wanted {
        TEXT | VARCHAR | BPCHAR | NAME | JSON => buffer.extend_from_slice(text.as_bytes()),
        JSONB => {
            buffer.push(JSONB_FORM);
            buffer.extend_from_slice(text.as_bytes());
        }
        UUID => buffer.extend(Uuid::try_parse(text).ok()?.into_bytes()),
        NUMERIC => buffer.extend(numeric::encode(text)?),
        TIMESTAMPTZ => buffer.extend(since_epoch(text.parse().ok()?)?.to_be_bytes()),
        TIMESTAMP => {
            let at: DateTime = text.parse().ok()?;
            buffer.extend(since_epoch(at.to_zoned(TimeZone::UTC).ok()?.timestamp())?.to_be_bytes());
        }
        DATE => {
            let date: Date = text.parse().ok()?;
            // The parser takes a time as well, and would leave it out.
            let days = if date.to_string() == text { date.since(EPOCH_DATE).ok()?.get_days() } else { return None };
            buffer.extend(days.to_be_bytes());
        }
        _ => return None,
    }
    Some(())
}

/// In microseconds, as instants are stored.
fn since_epoch(at: Timestamp) -> Option<i64> {
    let microseconds = at.as_nanosecond().div_euclid(NANOSECONDS_PER_MICROSECOND);
    i64::try_from(microseconds).ok()?.checked_sub(EPOCH_MICROSECONDS)
}
