//! Why the gateway does not pass a request on, or has no answer to it.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use mutrapro_contracts::access_token::TokenError;
use mutrapro_sdk::client::SendError;
use mutrapro_sdk::problem::Problem;
use mutrapro_sdk::rate_limit::Exceeded;

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// As the problem says.
    Problem(Problem),
    /// Too many came before it.
    RateLimited(Exceeded),
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<Exceeded> for Refusal {
    fn from(exceeded: Exceeded) -> Self {
        Self::RateLimited(exceeded)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Problem(problem) => problem.into_response(),
            Self::RateLimited(exceeded) => {
                let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", exceeded.to_string());
                ([(header::RETRY_AFTER, exceeded.retry_after_s.to_string())], problem).into_response()
            }
        }
    }
}

pub(crate) fn not_authenticated() -> Problem {
    Problem::unauthorized("not_authenticated", "log in, and send the access token as `authorization: Bearer …`")
}

pub(crate) fn token_refused(error: TokenError) -> Problem {
    match error {
        TokenError::Expired => Problem::unauthorized("token_expired", "the access token has expired: refresh it"),
        TokenError::Invalid => Problem::unauthorized("invalid_token", "the access token is not valid: log in"),
    }
}

pub(crate) fn session_revoked() -> Problem {
    Problem::unauthorized("session_revoked", "the session has ended: log in")
}

/// What the host says of a call, as a client is told.
pub(crate) fn not_answered(service: &str, error: SendError) -> Problem {
    let cause = format!("{service}: {error:?}");
    match error {
        SendError::Overloaded => Problem::unavailable("overloaded", "too much is going on: try again in a moment"),
        SendError::TimedOut => {
            Problem::new(StatusCode::GATEWAY_TIMEOUT, "timed_out", "it took too long: it may or may not have been done")
        }
        SendError::TooLarge => {
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", "the request or its answer is too large")
        }
        SendError::Failed(_) => Problem::new(StatusCode::BAD_GATEWAY, "service_failed", "the service broke off"),
        SendError::NotAllowed(_) | SendError::NoSuchComponent(_) | SendError::Streams | SendError::TransactionOpen => {
            return Problem::internal(cause);
        }
    }
    .because(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_of_a_call_has_its_status() {
        for (error, status) in [
            (SendError::Overloaded, 503),
            (SendError::TimedOut, 504),
            (SendError::TooLarge, 413),
            (SendError::Failed("trap".into()), 502),
            (SendError::NotAllowed("list it".into()), 500),
            (SendError::NoSuchComponent("x".into()), 500),
            (SendError::TransactionOpen, 500),
        ] {
            let response = not_answered("user-service", error.clone()).into_response();
            assert_eq!(response.status(), status, "{error:?}");
            assert_eq!(response.headers().contains_key(header::RETRY_AFTER), status == 503);
        }
    }

    #[test]
    fn over_the_limit_says_when_to_come_back() {
        let response = Refusal::from(Exceeded { retry_after_s: 7 }).into_response();
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()[header::RETRY_AFTER], "7");
    }
}
