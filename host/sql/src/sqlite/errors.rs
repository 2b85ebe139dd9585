//! What SQLite says, in the contract's words.

use super::constraints::Constraints;
use crate::bindings::mutrapro::sql::database::Error;

/// Why a statement did not answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// Refused before it started.
    Refused(Error),
    /// Its rows were not read to the end; what it changed stands.
    Unread(Error),
    /// SQLite or its connection failed.
    Database(sqlx::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl Failure {
    /// The contract's word for it.
    pub(super) fn into_error(self, statement: &str, constraints: &Constraints) -> Error {
        match self {
            Self::Refused(error) | Self::Unread(error) => error,
            Self::Database(error) => translate(&error, statement, constraints),
        }
    }
}

/// The contract's word for what SQLite said about `statement`. The codes: <https://sqlite.org/rescode.html>.
pub(super) fn translate(error: &sqlx::Error, statement: &str, constraints: &Constraints) -> Error {
    let database = match error {
        sqlx::Error::Database(database) => database,
        sqlx::Error::Protocol(message) => return Error::Invalid(message.clone()),
        sqlx::Error::Encode(_) | sqlx::Error::Decode(_) => return Error::Invalid(error.to_string()),
        _ => return Error::Unavailable(format!("the database's connection failed: {error}")),
    };
    let message = database.message();
    let code: i32 = database.code().and_then(|code| code.parse().ok()).unwrap_or(1);
    match code & 0xff {
        19 if code == DATATYPE => Error::Invalid(message.to_owned()),
        19 => Error::ConstraintViolated(constraints.name_of(code, message, statement)),
        5 | 6 => Error::Conflict,
        8 => Error::Invalid("a statement outside a transaction only reads: begin one to write".to_owned()),
        9 => Error::Unavailable("the statement was stopped at its time limit".to_owned()),
        18 => Error::TooLarge,
        1 | 2 | 20 | 25 => Error::Invalid(message.to_owned()),
        _ => Error::Unavailable(format!("the database failed: {message}")),
    }
}

/// A value of the wrong type for a column of a STRICT table.
const DATATYPE: i32 = 3091;
