//! Under which names the host signs in, and with which passwords.
//!
//! Promise: one key gives every role a password of its own, the same on every host, so that a deployment keeps one secret
//! and nobody has to hand out twelve. *Deliberately absent:* passwords that somebody chooses, and a default key.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use mutrapro_manifest::ComponentId;
use sha2::{Digest, Sha256};
use std::fmt;

/// The role of the host's own statements: publishing, purging, counting.
pub const HOST_ROLE: &str = "mutrapro_host";
/// The shortest key, in bytes: as long as what HMAC-SHA256 makes of it.
const KEY_BYTES_MIN: usize = 32;
/// PostgreSQL's own count. The passwords are 256 bits of chance, which no dictionary has.
const SCRAM_ITERATIONS: u32 = 4_096;
const SALT_BYTES: usize = 16;

/// The role that a service signs in as: its component's id with underscores, such as `auth_service`.
pub fn role_of(service: &ComponentId) -> String {
    service.as_str().replace('-', "_")
}

/// The key is too short to be one.
#[derive(Debug, thiserror::Error)]
#[error(
    "the key of the databases' roles has {bytes} bytes: give at least {KEY_BYTES_MIN}, from a generator of random numbers"
)]
pub struct KeyError {
    bytes: usize,
}

/// What each role's password is derived from.
#[derive(Clone)]
pub struct RolePasswords {
    keyed: Hmac<Sha256>,
}

impl RolePasswords {
    /// Passwords derived from `key`, of at least 32 bytes.
    ///
    /// # Errors
    /// [`KeyError`] when it is shorter.
    pub fn from_key(key: &[u8]) -> Result<Self, KeyError> {
        let bytes = key.len();
        if bytes < KEY_BYTES_MIN {
            return Err(KeyError { bytes });
        }
        let keyed = Hmac::new_from_slice(key).map_err(|_| KeyError { bytes })?;
        Ok(Self { keyed })
    }

    /// The password of `role`: HMAC-SHA256 of its name, in lower-case hexadecimal.
    pub fn of(&self, role: &str) -> String {
        hex::encode(self.derive(role.as_bytes()))
    }

    /// What the server needs to check the password of `role`, in its own form (RFC 5803). The same at each call, so that
    /// setting it again changes nothing.
    pub(crate) fn verifier(&self, role: &str) -> String {
        // A role's name has no space, so no password is a salt.
        let salt = self.derive(format!("salt of {role}").as_bytes());
        let salt = salt.get(..SALT_BYTES).unwrap_or(&salt);
        let salted = stretched(&keyed(self.of(role).as_bytes()), salt);
        let authenticated = |text: &[u8]| keyed(&salted).chain_update(text).finalize().into_bytes();
        let (stored_key, server_key) = (Sha256::digest(authenticated(b"Client Key")), authenticated(b"Server Key"));
        let [salt, stored_key, server_key] =
            [salt, &stored_key, &server_key].map(|bytes| BASE64_STANDARD.encode(bytes));
        format!("SCRAM-SHA-256${SCRAM_ITERATIONS}:{salt}${stored_key}:{server_key}")
    }

    fn derive(&self, name: &[u8]) -> [u8; 32] {
        self.keyed.clone().chain_update(name).finalize().into_bytes().into()
    }
}

impl fmt::Debug for RolePasswords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RolePasswords").finish_non_exhaustive()
    }
}

/// PBKDF2 of one block, as SCRAM has it: `Hi` in RFC 5802.
fn stretched(password: &Hmac<Sha256>, salt: &[u8]) -> [u8; 32] {
    let mut last: [u8; 32] =
        password.clone().chain_update(salt).chain_update(1_u32.to_be_bytes()).finalize().into_bytes().into();
    let mut all = last;
    for _ in 1..SCRAM_ITERATIONS {
        last = password.clone().chain_update(last).finalize().into_bytes().into();
        all.iter_mut().zip(last).for_each(|(byte, with)| *byte ^= with);
    }
    all
}

/// HMAC-SHA256 under `key`, of at most 64 bytes: shorter ones are filled with zeros (RFC 2104).
fn keyed(key: &[u8]) -> Hmac<Sha256> {
    let mut block = [0; 64];
    block.iter_mut().zip(key).for_each(|(byte, of_key)| *byte = *of_key);
    Hmac::new(&block.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_hmac_sha256_of_the_role() {
        // python3 -c "import hmac; print(hmac.new(b'k' * 32, b'auth_service', 'sha256').hexdigest())"
        let passwords = RolePasswords::from_key(&[b'k'; 32]).unwrap();
        assert_eq!(passwords.of("auth_service"), "600d3110b3d108d41b6f3b465e2aebf9ea8e55b1495921668e343ee69c71357a");
        assert_ne!(passwords.of("auth_service"), passwords.of("user_service"));
    }

    #[test]
    fn verifier_is_that_of_rfc_5803() {
        // Computed with Python's hashlib and hmac; `tests/postgres.rs` signs in with such a one.
        let passwords = RolePasswords::from_key(&[b'k'; 32]).unwrap();
        assert_eq!(
            passwords.verifier("auth_service"),
            "SCRAM-SHA-256$4096:wpgrR6ZW4ABRLiWGE+j59w==$YjjgTBYEZRTRbdVt7I+QlkzpN/B2osev23hxcgAzv4A=:5s8OmVxAiJ/eygFqyDG6Wtn5TOTl0wbeg9J8GcOJdXQ="
        );
    }

    #[test]
    fn short_key_is_refused_and_none_is_shown() {
        assert_eq!(
            RolePasswords::from_key(b"secret").unwrap_err().to_string(),
            "the key of the databases' roles has 6 bytes: give at least 32, from a generator of random numbers"
        );
        let shown = format!("{:?}", RolePasswords::from_key(&[b'k'; 40]).unwrap());
        assert_eq!(shown, "RolePasswords { .. }");
    }
}
