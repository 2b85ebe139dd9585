//! The types of parameters, where PostgreSQL has to be told them.
//!
//! PostgreSQL reads the type of a parameter off the place where it stands. Some places tell none (`$1 IS NULL`), two places
//! may tell two, and a place that takes anything makes it text, which bytes are not. Then the value's own type is said with the
//! statement. What was found out is remembered, so that it is found out once.

use super::parameters::own_type;
use super::types::{BOOL, BYTEA, INT8};
use crate::bindings::mutrapro::sql::database::Value;
use crate::limits::HINTED_STATEMENTS_MAX;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgDatabaseError, PgTypeInfo};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};

/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
const INDETERMINATE_DATATYPE: &str = "42P18";
const AMBIGUOUS_PARAMETER: &str = "42P08";
const AMBIGUOUS_FUNCTION: &str = "42725";
/// Where no type is said.
const UNSPECIFIED: u32 = 0;

/// The types that are said, by the place of the parameter less one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Hints {
    types: BTreeMap<usize, u32>,
}

impl Hints {
    /// Says the own type of `value` at `index`; false when it is said already.
    pub(super) fn say(&mut self, index: usize, value: &Value) -> bool {
        self.types.insert(index, own_type(value)).is_none()
    }

    /// Says what PostgreSQL missed, if `error` is about that; false when there is nothing more to say.
    pub(super) fn say_missing(&mut self, error: &PgDatabaseError, values: &[Value]) -> bool {
        if ![INDETERMINATE_DATATYPE, AMBIGUOUS_PARAMETER, AMBIGUOUS_FUNCTION].contains(&error.code()) {
            return false;
        }
        let named = parameter_in(error.message()).and_then(|index| Some((index, values.get(index)?)));
        match named {
            Some((index, value)) => self.say(index, value),
            None => values.iter().enumerate().fold(false, |any, (index, value)| self.say(index, value) || any),
        }
    }

    /// The statement under a name of its own, as the driver knows prepared ones by their text.
    pub(super) fn apply_to(&self, statement: &str) -> String {
        if self.types.is_empty() {
            return statement.to_owned();
        }
        let mut marked = "/*".to_owned();
        for (index, oid) in &self.types {
            let name = match *oid {
                BOOL => "BOOL",
                INT8 => "INT8",
                BYTEA => "BYTEA",
                _ => "TEXT",
            };
            // Writing to a string cannot fail.
            let _ = write!(marked, " ${} {name}", index + 1);
        }
        marked + " */ " + statement
    }

    /// In the order of the parameters, up to the last one that is said.
    pub(super) fn types(&self) -> Vec<PgTypeInfo> {
        let count = self.types.last_key_value().map_or(0, |(last, _)| last + 1);
        let types = (0..count).map(|index| self.types.get(&index).copied().unwrap_or(UNSPECIFIED));
        types.map(|oid| PgTypeInfo::with_oid(Oid(oid))).collect()
    }
}

/// The first `$n` in a message, less one.
fn parameter_in(message: &str) -> Option<usize> {
    let (_, rest) = message.split_once('$')?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest.get(..end)?.parse::<usize>().ok()?.checked_sub(1)
}

/// What was found out in one database.
#[derive(Debug, Default)]
pub(super) struct KnownHints {
    by_statement: Mutex<HashMap<String, Vec<Known>>>,
}

/// What was found out about one statement with values of such kinds.
#[derive(Debug)]
struct Known {
    kinds: Vec<Kind>,
    hints: Hints,
}

/// All that hints depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Null,
    Boolean,
    /// A whole number of 32 bits.
    Integer,
    LongInteger,
    Text,
    Bytes,
}

impl KnownHints {
    /// What was found out about `statement` with such values.
    pub(super) fn find(&self, statement: &str, values: &[Value]) -> Option<Hints> {
        let by_statement = self.by_statement.lock().unwrap_or_else(PoisonError::into_inner);
        let known = by_statement.get(statement)?.iter().find(|known| known.is_of(values));
        known.map(|known| known.hints.clone())
    }

    /// Remembers what was found out.
    pub(super) fn remember(&self, statement: &str, values: &[Value], hints: Hints) {
        let mut by_statement = self.by_statement.lock().unwrap_or_else(PoisonError::into_inner);
        if by_statement.values().map(Vec::len).sum::<usize>() >= HINTED_STATEMENTS_MAX {
            by_statement.clear();
        }
        let known = by_statement.entry(statement.to_owned()).or_default();
        if !known.iter().any(|known| known.is_of(values)) {
            known.push(Known { kinds: values.iter().map(kind).collect(), hints });
        }
    }
}

impl Known {
    fn is_of(&self, values: &[Value]) -> bool {
        self.kinds.len() == values.len() && self.kinds.iter().zip(values).all(|(known, value)| *known == kind(value))
    }
}

fn kind(value: &Value) -> Kind {
    match value {
        Value::Null => Kind::Null,
        Value::Boolean(_) => Kind::Boolean,
        Value::Integer(number) if i32::try_from(*number).is_ok() => Kind::Integer,
        Value::Integer(_) => Kind::LongInteger,
        Value::Text(_) => Kind::Text,
        Value::Bytes(_) => Kind::Bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameter_is_found_in_a_message() {
        assert_eq!(parameter_in("could not determine data type of parameter $12"), Some(11));
        assert_eq!(parameter_in("inconsistent types deduced for parameter $1: text versus bigint"), Some(0));
        for message in ["operator is not unique: unknown + unknown", "costs $", "$0", ""] {
            assert_eq!(parameter_in(message), None, "{message}");
        }
    }

    #[test]
    fn hinted_statement_has_a_text_of_its_own() {
        let mut hints = Hints::default();
        assert_eq!(hints.apply_to("SELECT $1, $2, $3"), "SELECT $1, $2, $3");
        assert!(hints.say(2, &Value::Integer(1)));
        assert!(hints.say(0, &Value::Bytes(Vec::new())));
        assert!(!hints.say(0, &Value::Bytes(Vec::new())));
        assert_eq!(hints.apply_to("SELECT $1, $2, $3"), "/* $1 BYTEA $3 INT8 */ SELECT $1, $2, $3");
        let said: Vec<u32> = hints.types().iter().map(super::super::types::number).collect();
        assert_eq!(said, [BYTEA, UNSPECIFIED, INT8]);
    }

    #[test]
    fn hints_are_remembered_for_values_of_the_same_kinds_and_not_without_end() {
        let known = KnownHints::default();
        let mut hints = Hints::default();
        hints.say(0, &Value::Integer(1));
        known.remember("SELECT $1", &[Value::Integer(1)], hints.clone());
        assert_eq!(known.find("SELECT $1", &[Value::Integer(2)]), Some(hints.clone()));
        assert_eq!(known.find("SELECT $1", &[Value::Integer(i64::MAX)]), None);
        assert_eq!(known.find("SELECT $1", &[Value::Null]), None);
        assert_eq!(known.find("SELECT  $1", &[Value::Integer(2)]), None);
        for number in 0..HINTED_STATEMENTS_MAX {
            known.remember(&format!("SELECT $1 + {number}"), &[Value::Integer(1)], hints.clone());
        }
        assert_eq!(known.find("SELECT $1", &[Value::Integer(2)]), None);
    }
}
