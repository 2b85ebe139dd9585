//! Units of work.

use super::{ATTEMPTS_MAX, Error, Reader, Row, Value};
use crate::bindings::platform::mutrapro::sql::database as wit;
use crate::problem::{Origin, Result};
use std::result;

/// A unit of work in progress; it ends with the closure or the handler that was lent it.
#[derive(Debug, Clone, Copy)]
pub struct Transaction<'t>(&'t wit::Transaction);

impl<'t> Transaction<'t> {
    /// Wraps what the host lends to a handler.
    #[doc(hidden)]
    pub const fn lent(transaction: &'t wit::Transaction) -> Self {
        Self(transaction)
    }

    pub(crate) const fn handle(&self) -> &'t wit::Transaction {
        self.0
    }

    /// Runs one INSERT, UPDATE or DELETE and answers how many rows it changed.
    ///
    /// # Errors
    /// What the database makes of it. After [`Error::Constraint`] the transaction goes on.
    pub fn execute(&self, statement: &str, parameters: &[Value]) -> result::Result<u64, Error> {
        Ok(self.0.execute(statement, parameters)?)
    }
}

impl Reader for Transaction<'_> {
    fn rows(&self, statement: &str, parameters: &[Value]) -> result::Result<Vec<Row>, Error> {
        Ok(Row::all(self.0.query(statement, parameters)?))
    }
}

/// Runs `work` as one unit: all that it writes and emits becomes durable if it succeeds, and nothing if it does not.
///
/// When another transaction wins, `work` runs again in a new one, [`ATTEMPTS_MAX`] times in all; so it changes nothing
/// but the database. It may not call other services.
///
/// # Errors
/// What `work` returns, what the database makes of it, and 503 `busy` after the last attempt.
pub fn transaction<T>(mut work: impl FnMut(&Transaction<'_>) -> Result<T>) -> Result<T> {
    attempt(|| {
        // Dropped on the way out with an error, which rolls back.
        let transaction = wit::begin().map_err(Error::from)?;
        let output = work(&Transaction(&transaction))?;
        wit::Transaction::commit(transaction).map_err(|error| match Error::from(error) {
            Error::Unavailable(text) => Error::OutcomeUnknown(text),
            error => error,
        })?;
        Ok(output)
    })
}

fn attempt<T>(mut unit: impl FnMut() -> Result<T>) -> Result<T> {
    for _ in 1..ATTEMPTS_MAX {
        match unit() {
            Err(problem) if *problem.origin() == Origin::Conflict => {}
            outcome => return outcome,
        }
    }
    unit()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Problem;

    /// Fails with each of `errors` in turn, then succeeds; returns the outcome and how often it ran.
    fn attempts(errors: &[Error]) -> (Result<()>, usize) {
        let mut runs = 0;
        let outcome = attempt(|| {
            runs += 1;
            errors.get(runs - 1).map_or(Ok(()), |error| Err(error.clone().into()))
        });
        (outcome, runs)
    }

    #[test]
    fn conflict_runs_the_work_again() {
        assert_eq!(attempts(&[Error::Conflict, Error::Conflict]), (Ok(()), 3));
    }

    #[test]
    fn conflict_is_given_up_on_after_the_last_attempt() {
        let (outcome, runs) = attempts(&[Error::Conflict, Error::Conflict, Error::Conflict, Error::Conflict]);
        assert_eq!(outcome.unwrap_err().code(), "busy");
        assert_eq!(runs, 3);
    }

    #[test]
    fn other_errors_end_the_work_at_once() {
        for error in [Error::Unavailable("x".into()), Error::OutcomeUnknown("x".into()), Error::Mistake("x".into())] {
            let expected = Problem::from(error.clone());
            assert_eq!(attempts(&[error]), (Err(expected), 1));
        }
    }
}
