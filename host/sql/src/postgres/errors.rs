//! What PostgreSQL says, in the contract's words.

use crate::bindings::mutrapro::sql::database::Error;
use sqlx::postgres::{PgDatabaseError, PgSeverity};

/// Why a statement did not answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// Refused before it ran; the transaction is as it was.
    Refused(Error),
    /// The server refused it: in a transaction nothing else runs until that goes back.
    Statement(Box<PgDatabaseError>),
    /// Its rows were too many or did not travel. Unless it `has_ended`, the server is still sending them.
    Unread { error: Error, has_ended: bool },
    /// It was prepared before the schema changed. Nothing ran: prepared anew, it will.
    Outdated,
    /// The server did not answer in time.
    Late,
    /// The connection is of no use any more, for the reason given.
    Lost(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(database) => match database.try_downcast::<PgDatabaseError>() {
                Ok(error) => error.into(),
                Err(other) => Self::Lost(other.to_string()),
            },
            sqlx::Error::Encode(_) => Self::Refused(Error::Invalid(error.to_string())),
            _ => Self::Lost(error.to_string()),
        }
    }
}

impl From<Box<PgDatabaseError>> for Failure {
    fn from(error: Box<PgDatabaseError>) -> Self {
        // Whatever is not an error of the statement ends the session: a restart, pg_terminate_backend, a timeout while idle.
        if matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic) {
            return Self::Lost(error.message().to_owned());
        }
        if error.code() == FEATURE_NOT_SUPPORTED && error.routine() == Some("RevalidateCachedQuery") {
            return Self::Outdated;
        }
        Self::Statement(error)
    }
}

impl Failure {
    /// The contract's word for it.
    pub(super) fn into_error(self) -> Error {
        match self {
            Self::Refused(error) | Self::Unread { error, .. } => error,
            Self::Statement(error) => translate(&error),
            Self::Outdated => Error::Conflict,
            Self::Late => Error::Unavailable("the database did not answer in time".to_owned()),
            Self::Lost(reason) => Error::Unavailable(format!("the database's connection failed: {reason}")),
        }
    }
}

/// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
const FEATURE_NOT_SUPPORTED: &str = "0A000";
const READ_ONLY_TRANSACTION: &str = "25006";
const NOT_NULL_VIOLATION: &str = "23502";
const INSUFFICIENT_PRIVILEGE: &str = "42501";
const QUERY_CANCELED: &str = "57014";
const SERIALIZATION_FAILURE: &str = "40001";
const DEADLOCK_DETECTED: &str = "40P01";
const LOCK_NOT_AVAILABLE: &str = "55P03";
const CONFIGURATION_LIMIT_EXCEEDED: &str = "53400";
const INTERNAL_ERROR: &str = "XX000";

fn translate(error: &PgDatabaseError) -> Error {
    let message = || error.message().to_owned();
    let code = error.code();
    match code {
        NOT_NULL_VIOLATION => Error::ConstraintViolated(not_null(error)),
        SERIALIZATION_FAILURE | DEADLOCK_DETECTED | LOCK_NOT_AVAILABLE => Error::Conflict,
        QUERY_CANCELED => Error::Unavailable("the statement was stopped at its time limit".to_owned()),
        INSUFFICIENT_PRIVILEGE => Error::Forbidden(message()),
        READ_ONLY_TRANSACTION => {
            Error::Invalid("a statement outside a transaction only reads: begin one to write".to_owned())
        }
        // More than `temp_file_limit` of what does not fit into memory.
        CONFIGURATION_LIMIT_EXCEEDED => Error::TooLarge,
        // A single value beyond 1 GB, which the server tells in no other way.
        INTERNAL_ERROR if error.message().starts_with("invalid memory alloc request size") => Error::TooLarge,
        _ => match code.get(..2) {
            Some("23") => Error::ConstraintViolated(error.constraint().unwrap_or(error.message()).to_owned()),
            // A feature that is not there, a subquery of several rows, data, names and syntax.
            Some("0A" | "21" | "22" | "42") => Error::Invalid(message()),
            Some("54") => Error::TooLarge,
            _ => Error::Unavailable(format!("the database failed: {}", error.message())),
        },
    }
}

/// As SQLite's are named, and as PostgreSQL names them from version 18 on.
fn not_null(error: &PgDatabaseError) -> String {
    let (table, column) = (error.table().unwrap_or_default(), error.column().unwrap_or_default());
    format!("{table}_{column}_not_null")
}
