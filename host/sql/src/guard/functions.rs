//! The functions that SQLite and PostgreSQL give with the same meaning.
//!
//! Deliberately absent: `avg` (floating point), `now` and `random` (services pass times and ids in), `json…` and dates
//! (no common form), `min` and `max` of several arguments (SQLite alone).

use std::ops::RangeInclusive;

/// How a function may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// On one row.
    Scalar,
    /// On a group of rows, or with OVER on a window.
    Aggregate,
    /// With OVER alone.
    Window,
}

/// What is known of a function.
pub(super) struct Function {
    pub(super) kind: Kind,
    pub(super) arguments: RangeInclusive<usize>,
}

/// The function of this name, in lower case, if services may call it. `substr`, `substring` and `trim` have syntax of
/// their own and are treated with the expressions.
pub(super) fn find(name: &str) -> Option<Function> {
    let (kind, arguments) = match name {
        "abs" | "length" | "lower" | "upper" => (Kind::Scalar, 1..=1),
        "ltrim" | "rtrim" => (Kind::Scalar, 1..=2),
        "coalesce" => (Kind::Scalar, 2..=32),
        "nullif" => (Kind::Scalar, 2..=2),
        "replace" => (Kind::Scalar, 3..=3),
        "count" | "max" | "min" | "sum" => (Kind::Aggregate, 1..=1),
        "dense_rank" | "rank" | "row_number" => (Kind::Window, 0..=0),
        "lag" | "lead" => (Kind::Window, 1..=3),
        "first_value" | "last_value" => (Kind::Window, 1..=1),
        _ => return None,
    };
    Some(Function { kind, arguments })
}

/// For messages.
pub(super) const LIST: &str = "abs, coalesce, count, dense_rank, first_value, lag, last_value, lead, length, lower, \
     ltrim, max, min, nullif, rank, replace, row_number, rtrim, substr, sum, trim, upper";
