//! The service's stable problem codes.

use mutrapro_sdk::problem::Problem;

/// The one answer to every failed login, whatever the reason, so that it never tells whether an account exists.
pub(crate) fn invalid_credentials() -> Problem {
    Problem::unauthorized("invalid_credentials", "the e-mail address or the password is wrong")
}

/// The token is unknown or too old, or its user may not sign in any more.
pub(crate) fn invalid_refresh_token() -> Problem {
    Problem::unauthorized("invalid_refresh_token", "the refresh token is not valid: log in")
}

/// The token was used or revoked before: all of its family is revoked now.
pub(crate) fn refresh_token_reused() -> Problem {
    let detail = "the refresh token was used or revoked before, so its session has ended: log in";
    Problem::unauthorized("refresh_token_reused", detail)
}

pub(crate) fn no_such_session() -> Problem {
    Problem::not_found("session")
}
