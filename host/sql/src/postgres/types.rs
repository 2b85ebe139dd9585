//! The types of PostgreSQL that values of the contract travel as, by their fixed numbers (`pg_type.dat`).

use jiff::civil::Date;
use sqlx::postgres::PgTypeInfo;

pub(super) const BOOL: u32 = 16;
pub(super) const BYTEA: u32 = 17;
pub(super) const NAME: u32 = 19;
pub(super) const INT8: u32 = 20;
pub(super) const INT2: u32 = 21;
pub(super) const INT4: u32 = 23;
pub(super) const TEXT: u32 = 25;
pub(super) const OID: u32 = 26;
pub(super) const JSON: u32 = 114;
pub(super) const FLOAT4: u32 = 700;
pub(super) const FLOAT8: u32 = 701;
pub(super) const UNKNOWN: u32 = 705;
pub(super) const BPCHAR: u32 = 1042;
pub(super) const VARCHAR: u32 = 1043;
pub(super) const DATE: u32 = 1082;
pub(super) const TIMESTAMP: u32 = 1114;
pub(super) const TIMESTAMPTZ: u32 = 1184;
pub(super) const NUMERIC: u32 = 1700;
pub(super) const UUID: u32 = 2950;
pub(super) const JSONB: u32 = 3802;

/// The number of a type; 0, which no type has, when the driver knows it by name alone.
pub(super) fn number(info: &PgTypeInfo) -> u32 {
    info.oid().map_or(0, |oid| oid.0)
}

/// What stands before the text of a JSONB.
pub(super) const JSONB_FORM: u8 = 1;
/// Day 0 of a DATE, at whose beginning a TIMESTAMPTZ is 0.
pub(super) const EPOCH_DATE: Date = Date::constant(2000, 1, 1);
/// From the epoch of Unix to that one.
pub(super) const EPOCH_MICROSECONDS: i64 = 946_684_800_000_000;
