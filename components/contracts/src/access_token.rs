//! The access token: what auth-service issues and the gateway checks.
//!
//! A JSON Web Token (RFC 7519) in the compact form of RFC 7515, signed with HMAC and SHA-256. There is exactly one header
//! and one algorithm: a token that claims any other is none of ours, so there is nothing to confuse. Deliberately absent:
//! key rotation, other algorithms, and refresh tokens, which are random text and no JWT.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::fmt;
use uuid::Uuid;

/// How long an access token is valid, in seconds.
pub const LIFETIME_S: i64 = 900;
/// The shortest key, in bytes: as long as the hash (RFC 7518, section 3.2).
pub const KEY_BYTES_MIN: usize = 32;
/// The longest token that is looked at, in bytes.
pub const TOKEN_BYTES_MAX: usize = 4096;

/// `{"alg":"HS256","typ":"JWT"}`, encoded.
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
const ISSUER: &str = "mutrapro";
const TYPE: &str = "access";

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// Who.
    pub user_id: Uuid,
    /// The session that the token belongs to: when it is revoked, the token is of no more use.
    pub session_id: Uuid,
    /// The user's active roles when the token was issued.
    pub roles: Vec<String>,
    /// In seconds since 1970; the token is valid for [`LIFETIME_S`] from then.
    pub issued_at_s: i64,
}

/// The claims as they are on the wire (RFC 7519, section 4.1).
#[derive(Serialize, Deserialize)]
struct Payload {
    iss: String,
    sub: Uuid,
    sid: Uuid,
    roles: Vec<String>,
    iat: i64,
    exp: i64,
    typ: String,
}

/// The key that signs and checks tokens. Its `Debug` form does not show it.
#[derive(Clone)]
pub struct Key(Hmac<Sha256>);

/// The key is too short to be safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("jwt_key has {bytes} bytes: give it at least {KEY_BYTES_MIN} random ones")]
pub struct WeakKey {
    /// How long it is.
    pub bytes: usize,
}

/// Why a token is not accepted, by what its holder does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It was good: refresh it.
    #[error("the access token has expired")]
    Expired,
    /// It is no access token, or nobody with the key has signed it: log in.
    #[error("the access token is not valid")]
    Invalid,
}

impl Key {
    /// Takes the bytes of the key as they are.
    ///
    /// # Errors
    /// [`WeakKey`] when there are fewer than [`KEY_BYTES_MIN`].
    pub fn new(bytes: &[u8]) -> Result<Self, WeakKey> {
        let weak = WeakKey { bytes: bytes.len() };
        if bytes.len() < KEY_BYTES_MIN {
            return Err(weak);
        }
        // HMAC takes keys of every length.
        Hmac::new_from_slice(bytes).map(Self).map_err(|_| weak)
    }

    /// Makes a token of `claims`.
    ///
    /// # Errors
    /// When the claims cannot be written as JSON, which no value of theirs causes.
    pub fn sign(&self, claims: &Claims) -> Result<String, serde_json::Error> {
        let payload = Payload {
            iss: ISSUER.to_owned(),
            sub: claims.user_id,
            sid: claims.session_id,
            roles: claims.roles.clone(),
            iat: claims.issued_at_s,
            exp: claims.issued_at_s.saturating_add(LIFETIME_S),
            typ: TYPE.to_owned(),
        };
        let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&payload)?);
        let signed = format!("{HEADER}.{payload}");
        let signature = URL_SAFE_NO_PAD.encode(self.mac(&signed).finalize().into_bytes());
        Ok(format!("{signed}.{signature}"))
    }

    /// What `token` says, if it is valid at `now_s` (seconds since 1970). Whether its session goes on is for auth-service
    /// to say.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn verify(&self, token: &str, now_s: i64) -> Result<Claims, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::Invalid);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::Invalid)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenError::Invalid)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| TokenError::Invalid)?;
        // In constant time; before anything of the payload is read.
        self.mac(signed).verify_slice(&signature).map_err(|_| TokenError::Invalid)?;
        if header != HEADER {
            return Err(TokenError::Invalid);
        }
        let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_| TokenError::Invalid)?;
        let payload: Payload = serde_json::from_slice(&payload).map_err(|_| TokenError::Invalid)?;
        if payload.iss != ISSUER || payload.typ != TYPE {
            return Err(TokenError::Invalid);
        }
        if now_s >= payload.exp {
            return Err(TokenError::Expired);
        }
        Ok(Claims { user_id: payload.sub, session_id: payload.sid, roles: payload.roles, issued_at_s: payload.iat })
    }

    fn mac(&self, signed: &str) -> Hmac<Sha256> {
        self.0.clone().chain_update(signed)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: i64 = 1_769_851_800;

    fn key() -> Key {
        Key::new(&[7; KEY_BYTES_MIN]).unwrap()
    }

    fn claims() -> Claims {
        Claims {
            user_id: Uuid::from_u128(1),
            session_id: Uuid::from_u128(2),
            roles: vec!["customer".into(), "system_admin".into()],
            issued_at_s: NOW,
        }
    }

    /// A token with any header and payload, signed with the right key.
    fn forged(header: &str, payload: &str) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let signature = URL_SAFE_NO_PAD.encode(key().mac(&signed).finalize().into_bytes());
        format!("{signed}.{signature}")
    }

    const GOOD_HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

    fn payload(issuer: &str, kind: &str) -> String {
        let id = Uuid::from_u128(1);
        format!(
            r#"{{"iss":"{issuer}","sub":"{id}","sid":"{id}","roles":[],"iat":{NOW},"exp":{},"typ":"{kind}"}}"#,
            NOW + 900
        )
    }

    #[test]
    fn token_says_what_was_signed() {
        let token = key().sign(&claims()).unwrap();
        assert_eq!(key().verify(&token, NOW), Ok(claims()));
    }

    #[test]
    fn signature_is_that_of_the_standard() {
        // The example of RFC 7515, appendix A.1, checks the MAC independently of this code's own signing.
        let secret = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
        let key = Key::new(&URL_SAFE_NO_PAD.decode(secret).unwrap()).unwrap();
        let signed = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6\
                      Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature = URL_SAFE_NO_PAD.encode(key.mac(signed).finalize().into_bytes());
        assert_eq!(signature, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    }

    #[test]
    fn token_ends_after_its_lifetime() {
        let token = key().sign(&claims()).unwrap();
        assert!(key().verify(&token, NOW + LIFETIME_S - 1).is_ok());
        assert_eq!(key().verify(&token, NOW + LIFETIME_S), Err(TokenError::Expired));
    }

    #[test]
    fn token_of_another_key_is_not_valid() {
        let token = Key::new(&[8; 32]).unwrap().sign(&claims()).unwrap();
        assert_eq!(key().verify(&token, NOW), Err(TokenError::Invalid));
    }

    #[test]
    fn only_the_one_header_is_accepted() {
        assert!(key().verify(&forged(GOOD_HEADER, &payload("mutrapro", "access")), NOW).is_ok());
        for header in [r#"{"alg":"none","typ":"JWT"}"#, r#"{"alg":"HS512","typ":"JWT"}"#, "{}", ""] {
            let token = forged(header, &payload("mutrapro", "access"));
            assert_eq!(key().verify(&token, NOW), Err(TokenError::Invalid), "{header}");
        }
    }

    #[test]
    fn tokens_of_another_type_or_issuer_are_not_valid() {
        for payload in [payload("mutrapro", "refresh"), payload("someone", "access"), "{}".into(), String::new()] {
            let token = forged(GOOD_HEADER, &payload);
            assert_eq!(key().verify(&token, NOW), Err(TokenError::Invalid), "{payload}");
        }
    }

    #[test]
    fn unsigned_token_is_not_valid() {
        let token = key().sign(&claims()).unwrap();
        let unsigned = token.rsplit_once('.').unwrap().0;
        for token in [format!("{unsigned}."), unsigned.to_owned(), "..".into(), ".".into(), String::new()] {
            assert_eq!(key().verify(&token, NOW), Err(TokenError::Invalid), "{token}");
        }
    }

    #[test]
    fn short_key_is_refused_with_what_to_do() {
        let error = Key::new(&[7; 31]).unwrap_err();
        assert_eq!(error.to_string(), "jwt_key has 31 bytes: give it at least 32 random ones");
    }

    #[test]
    fn key_is_not_shown() {
        assert_eq!(format!("{:?}", key()), "Key(…)");
    }

    proptest! {
        #[test]
        fn changed_token_is_not_valid(position in 0_usize..1000, replacement in "[A-Za-z0-9_.-]") {
            let token = key().sign(&claims()).unwrap();
            let position = position % token.len();
            let mut changed = token.clone();
            changed.replace_range(position..=position, &replacement);
            prop_assume!(changed != token);
            prop_assert_eq!(key().verify(&changed, NOW), Err(TokenError::Invalid));
        }

        #[test]
        fn any_text_is_refused_without_a_panic(text in ".{0,200}") {
            prop_assert_eq!(key().verify(&text, NOW), Err(TokenError::Invalid));
        }
    }
}
