//! Who is asking: the access token, and whether its session goes on.

use crate::problems::{not_authenticated, session_revoked, token_refused};
use crate::settings::Settings;
use axum::http::{HeaderMap, header};
use mutrapro_contracts::access_token::Claims;
use mutrapro_sdk::client::Error;
use mutrapro_sdk::id::Uuid;
use mutrapro_sdk::problem::{Problem, Result};

const SCHEME: &str = "bearer";

/// Checks the token in `headers` at `now_s`, in seconds since 1970, and asks `is_active` about its session.
///
/// # Errors
/// 401 when there is none or it is of no use; 500 without a good key and 503 when nobody can say whether the session goes
/// on: then nobody is let in.
pub(crate) fn authenticate(
    settings: &Settings,
    headers: &HeaderMap,
    now_s: i64,
    is_active: impl FnOnce(Uuid) -> std::result::Result<bool, Error>,
) -> Result<Claims> {
    let token = bearer(headers).ok_or_else(not_authenticated)?;
    let key = settings.key.as_ref().map_err(Problem::internal)?;
    let claims = key.verify(token, now_s).map_err(token_refused)?;
    match is_active(claims.session_id) {
        Ok(true) => Ok(claims),
        Ok(false) => Err(session_revoked()),
        Err(error) => {
            let detail = "nobody can say now whether the session goes on: try again in a moment";
            Err(Problem::unavailable("authentication_unavailable", detail).because(error))
        }
    }
}

/// The token in `Authorization: Bearer …` (RFC 6750, section 2.1), if there is exactly one such header.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (scheme, token) = values.next()?.to_str().ok()?.split_once(' ')?;
    let is_only = values.next().is_none();
    (is_only && scheme.eq_ignore_ascii_case(SCHEME)).then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cors::Cors;
    use crate::rate::Limits;
    use crate::routes::Routes;
    use mutrapro_contracts::access_token::{Key, LIFETIME_S, WeakKey};

    const NOW: i64 = 1_769_851_800;

    fn settings(key: std::result::Result<Key, WeakKey>) -> Settings {
        Settings { key, limits: Limits::default(), cors: Cors::Any, routes: Routes::default() }
    }

    fn key() -> Key {
        Key::new(&[7; 32]).unwrap()
    }

    fn claims() -> Claims {
        let (user_id, session_id) = (Uuid::from_u128(1), Uuid::from_u128(2));
        Claims { user_id, session_id, roles: vec!["customer".into()], issued_at_s: NOW }
    }

    fn with(authorization: &[&str]) -> HeaderMap {
        authorization.iter().map(|value| (header::AUTHORIZATION, value.parse().unwrap())).collect()
    }

    fn with_token() -> HeaderMap {
        with(&[&format!("Bearer {}", key().sign(&claims()).unwrap())])
    }

    fn code(outcome: Result<Claims>) -> (u16, String) {
        let problem = outcome.unwrap_err();
        (problem.status().as_u16(), problem.code().to_owned())
    }

    fn never(_: Uuid) -> std::result::Result<bool, Error> {
        panic!("the session is asked for without a good token")
    }

    #[test]
    fn good_token_of_an_active_session_is_let_in() {
        let outcome = authenticate(&settings(Ok(key())), &with_token(), NOW, |id| Ok(id == claims().session_id));
        assert_eq!(outcome, Ok(claims()));
    }

    #[test]
    fn token_of_a_revoked_session_is_not() {
        let outcome = authenticate(&settings(Ok(key())), &with_token(), NOW, |_| Ok(false));
        assert_eq!(code(outcome), (401, "session_revoked".into()));
    }

    #[test]
    fn nobody_is_let_in_while_auth_service_does_not_answer() {
        for error in [
            Error::Unavailable("auth-service".into()),
            Error::TimedOut("auth-service".into()),
            Error::Mistake { service: "auth-service".into(), text: "nonsense".into() },
        ] {
            let outcome = authenticate(&settings(Ok(key())), &with_token(), NOW, |_| Err(error));
            assert_eq!(code(outcome), (503, "authentication_unavailable".into()));
        }
    }

    #[test]
    fn missing_expired_and_foreign_tokens_are_told_apart() {
        let settings = settings(Ok(key()));
        let check = |headers: &HeaderMap, now| code(authenticate(&settings, headers, now, never));
        let refresh_token = "pGVlNzQ2YjQ1Y2M3ZDk2YzJmZTk2MzQ1ZDk4NzY1NDM";
        assert_eq!(check(&HeaderMap::new(), NOW), (401, "not_authenticated".into()));
        assert_eq!(check(&with(&["Basic dXNlcjpwYXNz"]), NOW), (401, "not_authenticated".into()));
        assert_eq!(check(&with(&[&format!("Bearer {refresh_token}")]), NOW), (401, "invalid_token".into()));
        assert_eq!(check(&with_token(), NOW + LIFETIME_S), (401, "token_expired".into()));
    }

    #[test]
    fn two_tokens_are_none() {
        let two = with(&["Bearer a.b.c", "Bearer d.e.f"]);
        let outcome = authenticate(&settings(Ok(key())), &two, NOW, never);
        assert_eq!(code(outcome), (401, "not_authenticated".into()));
    }

    #[test]
    fn nobody_is_let_in_without_a_good_key() {
        let outcome = authenticate(&settings(Err(WeakKey { bytes: 6 })), &with_token(), NOW, never);
        let problem = outcome.unwrap_err();
        assert_eq!(problem.status().as_u16(), 500);
        assert!(problem.to_string().contains("jwt_key has 6 bytes"), "{problem}");
    }
}
