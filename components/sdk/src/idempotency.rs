//! Requests that may come twice and must count once.

use crate::problem::{Problem, Result};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// The header that tells a repeated request from a new one.
pub const HEADER: &str = "idempotency-key";
/// The longest key, in characters.
pub const KEY_CHARACTERS_MAX: usize = 255;

/// The key under which a client repeats a request: 1 to 255 visible characters of ASCII.
///
/// As an argument of a handler it answers 400 `idempotency_key_required` when there is none. The service keeps it beside
/// what it made, under a unique constraint per user, and answers a repetition with what the first one made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(pub String);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self> {
        let key = parts.headers.get(HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_key = (1..=KEY_CHARACTERS_MAX).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
        if is_key {
            return Ok(Self(key.to_owned()));
        }
        let detail = "send the header Idempotency-Key: 1 to 255 visible characters, new for each new thing";
        Err(Problem::new(axum::http::StatusCode::BAD_REQUEST, "idempotency_key_required", detail))
    }
}

/// The problem of a key that was used before for another request.
pub fn reused() -> Problem {
    Problem::conflict("idempotency_key_reused", "this Idempotency-Key belongs to another request: use a new one")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;
    use futures::FutureExt;

    fn key(value: Option<&str>) -> Result<IdempotencyKey> {
        let request = value.into_iter().fold(Request::builder(), |request, value| request.header(HEADER, value));
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        IdempotencyKey::from_request_parts(&mut parts, &()).now_or_never().unwrap()
    }

    #[test]
    fn visible_characters_are_a_key() {
        let longest = "k".repeat(KEY_CHARACTERS_MAX);
        for text in ["x", "5f2c:1/retry", &longest] {
            assert_eq!(key(Some(text)), Ok(IdempotencyKey(text.to_owned())));
        }
    }

    #[test]
    fn everything_else_is_asked_for_one() {
        let too_long = "k".repeat(KEY_CHARACTERS_MAX + 1);
        for text in [None, Some(""), Some("two words"), Some(too_long.as_str())] {
            let problem = key(text).unwrap_err();
            assert_eq!((problem.status().as_u16(), problem.code()), (400, "idempotency_key_required"), "{text:?}");
        }
    }
}
