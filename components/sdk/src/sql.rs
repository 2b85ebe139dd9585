//! The service's own tables.
//!
//! Statements name parameters `$1`, `$2`, … and are portable. A unit of work is a closure given to [`transaction`]: it
//! commits when the closure succeeds, rolls back when it does not, and runs again when another transaction won. There is
//! no commit to forget, and no way to keep a transaction.

mod filter;
mod row;
mod transaction;
mod value;

pub use crate::bindings::platform::mutrapro::sql::database::Value;
pub use filter::Filter;
pub use row::{FromRow, Row};
pub use transaction::{Transaction, transaction};
pub use value::{FromValue, ToValue};

use crate::bindings::platform::mutrapro::sql::database as wit;
use crate::problem::{Origin, Problem};

/// How often a unit of work runs before a conflict is given up on.
pub const ATTEMPTS_MAX: u32 = 3;

/// Why a statement or a commit failed, by what the caller does next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The constraint of this name refused a row: map it with
    /// [`on_constraint`](crate::problem::OnConstraint::on_constraint) where a client can cause it.
    #[error("constraint {0} refused a row")]
    Constraint(String),
    /// Another transaction won: run the unit of work again, as [`transaction`] does.
    #[error("another transaction won")]
    Conflict,
    /// The database did not answer; nothing of the transaction stands.
    #[error("the database did not answer: {0}")]
    Unavailable(String),
    /// The database did not say whether it committed.
    #[error("the outcome of the commit is unknown: {0}")]
    OutcomeUnknown(String),
    /// The service's code is wrong: a statement, an event that it did not declare, or a column's type.
    #[error("{0}")]
    Mistake(String),
}

impl From<wit::Error> for Error {
    fn from(error: wit::Error) -> Self {
        match error {
            wit::Error::Forbidden(text) | wit::Error::Invalid(text) => Self::Mistake(text),
            wit::Error::ConstraintViolated(name) => Self::Constraint(name),
            wit::Error::Conflict => Self::Conflict,
            wit::Error::TooLarge => {
                Self::Mistake("the answer has more rows or bytes than the limit: ask page by page".to_owned())
            }
            wit::Error::Unavailable(text) => Self::Unavailable(text),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match &error {
            Error::Constraint(name) => Self::internal(&error).with_origin(Origin::Constraint(name.clone())),
            Error::Conflict => Self::unavailable("busy", "others changed the same things at the same time")
                .with_origin(Origin::Conflict),
            Error::Unavailable(_) => {
                Self::unavailable("database_unavailable", "the database did not answer; nothing was done")
                    .because(error)
            }
            Error::OutcomeUnknown(_) => {
                Self::unavailable("outcome_unknown", "it may or may not have been done: look before you repeat it")
                    .because(error)
            }
            Error::Mistake(_) => Self::internal(error),
        }
    }
}

/// Something that rows are read from: [`Database`] or a [`Transaction`].
pub trait Reader {
    /// Runs one statement that answers rows.
    ///
    /// # Errors
    /// What the database makes of it.
    fn rows(&self, statement: &str, parameters: &[Value]) -> Result<Vec<Row>, Error>;

    /// Every row, in the order of the statement.
    ///
    /// # Errors
    /// As [`rows`](Self::rows); [`Error::Mistake`] when a row is not what `T` expects.
    fn query<T: FromRow>(&self, statement: &str, parameters: &[Value]) -> Result<Vec<T>, Error> {
        self.rows(statement, parameters)?.iter().map(T::from_row).collect()
    }

    /// The only row, or `None`.
    ///
    /// # Errors
    /// As [`query`](Self::query); [`Error::Mistake`] when there are several rows.
    fn query_optional<T: FromRow>(&self, statement: &str, parameters: &[Value]) -> Result<Option<T>, Error> {
        match self.rows(statement, parameters)?.as_slice() {
            [] => Ok(None),
            [row] => T::from_row(row).map(Some),
            rows => Err(Error::Mistake(format!("{} rows where at most one was expected: {statement}", rows.len()))),
        }
    }

    /// The only row.
    ///
    /// # Errors
    /// As [`query`](Self::query); [`Error::Mistake`] when there is no row, or more than one.
    fn query_one<T: FromRow>(&self, statement: &str, parameters: &[Value]) -> Result<T, Error> {
        self.query_optional(statement, parameters)?
            .ok_or_else(|| Error::Mistake(format!("no row where one was expected: {statement}")))
    }
}

/// The database outside any transaction: each statement sees what was committed before it began.
#[derive(Debug, Clone, Copy)]
pub struct Database;

impl Reader for Database {
    fn rows(&self, statement: &str, parameters: &[Value]) -> Result<Vec<Row>, Error> {
        Ok(Row::all(wit::query(statement, parameters)?))
    }
}

/// The values of a statement's parameters, in order: `params![user_id, &name, None::<String>]`.
#[macro_export]
#[doc(hidden)]
macro_rules! __params {
    ($($value:expr),* $(,)?) => { &[$($crate::sql::ToValue::to_value(&$value)),*] };
}

pub use crate::{__params as params, __row as row};

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::StatusCode;

    struct Fixed(Vec<i64>);

    impl Reader for Fixed {
        fn rows(&self, _statement: &str, _parameters: &[Value]) -> Result<Vec<Row>, Error> {
            let rows = self.0.iter().map(|number| vec![Value::Integer(*number)]).collect();
            Ok(Row::all(wit::RowSet { columns: vec!["number".into()], rows }))
        }
    }

    struct Number(i64);

    impl FromRow for Number {
        fn from_row(row: &Row) -> Result<Self, Error> {
            row.get("number").map(Self)
        }
    }

    #[test]
    fn one_row_is_one_row() {
        assert_eq!(Fixed(vec![7]).query_one::<Number>("q", params![]).unwrap().0, 7);
        assert!(Fixed(vec![]).query_optional::<Number>("q", params![]).unwrap().is_none());
        for rows in [vec![], vec![1, 2]] {
            assert!(matches!(Fixed(rows).query_one::<Number>("q", params![]), Err(Error::Mistake(_))));
        }
    }

    #[test]
    fn mistakes_are_told_to_the_log_and_not_to_the_client() {
        let problem = Problem::from(Error::from(wit::Error::Forbidden("does not own \"users\"".into())));
        assert_eq!(problem.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(!problem.details().detail.contains("users"));
        assert!(problem.to_string().contains("users"));
    }

    #[test]
    fn what_may_pass_asks_to_come_back() {
        for error in [Error::Conflict, Error::Unavailable("x".into()), Error::OutcomeUnknown("x".into())] {
            assert_eq!(Problem::from(error).status(), StatusCode::SERVICE_UNAVAILABLE);
        }
    }

    #[test]
    fn parameters_keep_their_order_and_type() {
        let name = String::from("Lan");
        let parameters: &[Value] = params![1_i64, &name, None::<String>, true];
        let expected = [Value::Integer(1), Value::Text("Lan".into()), Value::Null, Value::Boolean(true)];
        assert_eq!(parameters, expected);
    }
}
