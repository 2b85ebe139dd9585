//! The service's stable problem codes.

use crate::domain::roles::Refusal;
use mutrapro_sdk::problem::{OnConstraint, Problem, Result};

pub(crate) fn no_such_user() -> Problem {
    Problem::not_found("user")
}

/// The one answer to every failed login: it tells neither that the account exists nor that it is locked or inactive.
pub(crate) fn invalid_credentials() -> Problem {
    Problem::unauthorized("invalid_credentials", "the e-mail address or the password is wrong")
}

pub(crate) fn wrong_password() -> Problem {
    Problem::forbidden("wrong_password", "the old password is wrong, or was wrong too often: wait a quarter of an hour")
}

/// Names what is taken when an account was written.
pub(crate) fn taken<T, E: Into<Problem>>(outcome: Result<T, E>) -> Result<T> {
    outcome
        .on_constraint("users_email_key", || {
            Problem::conflict("email_taken", "there is an account with this e-mail address")
        })
        .on_constraint("users_username_key", || {
            Problem::conflict("username_taken", "there is an account with this username")
        })
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Held => Self::conflict("role_held", "the user holds this role already"),
            Refusal::NotHeld => Self::conflict("role_not_held", "the user does not hold this role"),
            Refusal::Primary => {
                Self::conflict("role_is_primary", "make another role primary before you revoke this one")
            }
            Refusal::LastAdmin => Self::conflict("last_admin", "nobody else could administer the application"),
        }
    }
}
