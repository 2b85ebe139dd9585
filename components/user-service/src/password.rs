//! Passwords as they are kept: Argon2id hashes in PHC form.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use mutrapro_sdk::problem::{Problem, Result};
use std::hint::black_box;

// OWASP's first recommendation (Password Storage Cheat Sheet): 19 MiB fit well into an instance's memory, where one
// request is served at a time.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// What a password is kept as. Takes tens of milliseconds by intention: call it outside any transaction.
///
/// # Errors
/// 500 when there is no randomness for the salt.
pub(crate) fn hash(password: &str) -> Result<String> {
    let hash: PasswordHash = hasher()?.hash_password(password.as_bytes()).map_err(Problem::internal)?;
    Ok(hash.to_string())
}

/// Whether `password` is the one that `hash` was made of. Takes as long as [`hash`].
///
/// # Errors
/// 500 when the hash is malformed.
pub(crate) fn matches(password: &str, hash: &str) -> Result<bool> {
    let hash = PasswordHash::new(hash).map_err(Problem::internal)?;
    Ok(hasher()?.verify_password(password.as_bytes(), &hash).is_ok())
}

/// Takes as long as [`matches`] and answers nothing: time shall not tell that there is no account.
///
/// # Errors
/// 500 when the parameters are refused.
pub(crate) fn pretend(password: &str) -> Result<()> {
    let hash: PasswordHash =
        hasher()?.hash_password_with_salt(password.as_bytes(), b"nobody's account").map_err(Problem::internal)?;
    black_box(hash);
    Ok(())
}

fn hasher() -> Result<Argon2<'static>> {
    let parameters = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(Problem::internal)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_password_matches() {
        let kept = hash("mật khẩu của Lan").unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(matches("mật khẩu của Lan", &kept).unwrap());
        assert!(!matches("mật khẩu của lan", &kept).unwrap());
    }

    #[test]
    fn same_password_is_kept_differently_each_time() {
        assert_ne!(hash("12345678").unwrap(), hash("12345678").unwrap());
    }

    #[test]
    fn malformed_hash_is_an_error_and_no_match() {
        assert!(matches("12345678", "12345678").is_err());
    }

    #[test]
    fn pretending_works() {
        assert_eq!(pretend("12345678"), Ok(()));
    }
}
