//! What a client gets when it signs in or refreshes.

use crate::accounts::Account;
use crate::domain::RefreshToken;
use mutrapro_contracts::access_token::{Claims, Key, LIFETIME_S};
use mutrapro_sdk::identity::SessionId;
use mutrapro_sdk::problem::{Problem, Result};
use mutrapro_sdk::time::Instant;
use mutrapro_sdk::variables;
use serde::Serialize;
use utoipa::ToSchema;

/// Tokens, and whose they are.
#[derive(Serialize, ToSchema)]
pub(crate) struct Tokens {
    /// Send it as `Authorization: Bearer …`.
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// How long the access token is valid, in seconds.
    expires_in: i64,
    /// Exchange it once for new tokens, within 7 days; keep it secret.
    refresh_token: String,
    /// Who signed in.
    user: Account,
}

/// The key that signs access tokens.
///
/// # Errors
/// 500 when it is missing or too short: without a good key nobody signs in.
pub(crate) fn key() -> Result<Key> {
    let key = variables::get("jwt_key")?.unwrap_or_default();
    Key::new(key.as_bytes()).map_err(Problem::internal)
}

/// The tokens of `session_id` for `user`.
///
/// # Errors
/// None that the values cause.
pub(crate) fn issue(
    key: &Key,
    user: Account,
    session_id: SessionId,
    refresh_token: &RefreshToken,
    now: Instant,
) -> Result<Tokens> {
    let claims = Claims {
        user_id: user.id.uuid(),
        session_id: session_id.uuid(),
        roles: user.roles.iter().map(ToString::to_string).collect(),
        issued_at_s: unix_s(now),
    };
    Ok(Tokens {
        access_token: key.sign(&claims).map_err(Problem::internal)?,
        token_type: "Bearer",
        expires_in: LIFETIME_S,
        refresh_token: refresh_token.as_str().to_owned(),
        user,
    })
}

fn unix_s(now: Instant) -> i64 {
    i64::try_from(now.since(Instant::UNIX_EPOCH).as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use mutrapro_sdk::id::Uuid;
    use serde_json::json;

    #[test]
    fn access_token_names_user_session_and_roles() {
        let key = Key::new(&[7; 32]).unwrap();
        let user: Account = serde_json::from_value(json!({
            "id": Uuid::from_u128(1), "email": "lan@example.com", "username": "lan", "full_name": "Lan",
            "primary_role": "customer", "roles": ["customer", "system_admin"], "is_active": true,
            "customer_id": null, "coordinator_id": null,
        }))
        .unwrap();
        let now: Instant = "2026-01-31T09:30:00Z".parse().unwrap();
        let refresh = RefreshToken::from_random([1; 32]);
        let tokens = issue(&key, user, Uuid::from_u128(2).into(), &refresh, now).unwrap();
        let claims = key.verify(&tokens.access_token, unix_s(now)).unwrap();
        assert_eq!((claims.user_id, claims.session_id), (Uuid::from_u128(1), Uuid::from_u128(2)));
        assert_eq!(claims.roles, ["customer", "system_admin"]);
        assert_eq!(claims.issued_at_s, 1_769_851_800);
        assert!(key.verify(&tokens.refresh_token, unix_s(now)).is_err(), "a refresh token is no access token");
    }
}
