//! The rules of sessions and refresh tokens.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mutrapro_sdk::identity::{SessionId, UserId};
use mutrapro_sdk::time::Instant;
use sha2::{Digest, Sha256};
use std::fmt;
use std::time::Duration;

/// How long a refresh token is valid, and so how long a session lasts without one being used.
pub(crate) const REFRESH_LIFETIME: Duration = Duration::from_secs(7 * 24 * 3600);
/// How many active sessions a user may have; a further one ends those that were not seen for longest.
pub(crate) const SESSIONS_PER_USER_MAX: usize = 100;
/// How many rows the purge deletes in one transaction.
pub(crate) const PURGE_BATCH: usize = 500;

mutrapro_sdk::id! {
    /// The refresh tokens of one session, each given for the one before.
    pub(crate) FamilyId
}

mutrapro_sdk::id! {
    /// A refresh token's row; it is not the token.
    pub(crate) TokenId
}

mutrapro_sdk::text_enum! {
    /// Why a session ended.
    pub(crate) enum EndReason {
        /// Its user ended it.
        Logout = "logout",
        /// Its user ended all of them.
        LogoutAll = "logout_all",
        /// The account was deactivated.
        UserDeactivated = "user_deactivated",
        /// The password was changed, through another session: whoever knew the old one may have started this one.
        PasswordChanged = "password_changed",
        /// A used or revoked refresh token came back: someone has a copy.
        TokenReused = "token_reused",
        /// The user has too many, and this one was not seen for longest.
        TooMany = "too_many",
    }
}

/// The sessions of a user that end at once, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ending {
    pub(crate) user_id: UserId,
    /// The one that goes on, if any does.
    pub(crate) kept: Option<SessionId>,
    pub(crate) reason: EndReason,
}

/// A refresh token: 256 random bits. Its `Debug` form does not show them.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RefreshToken(String);

/// What is kept of a refresh token: its SHA-256. As random as a token is, no salt is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenHash(String);

impl RefreshToken {
    pub(crate) fn from_random(bits: [u8; 32]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(bits))
    }

    /// The token as its holder sends it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(…)")
    }
}

impl TokenHash {
    /// The hash of whatever a client sends as a token.
    pub(crate) fn of(token: &str) -> Self {
        Self(URL_SAFE_NO_PAD.encode(Sha256::digest(token)))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// How far a refresh token's life has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Life {
    pub(crate) expires_at: Instant,
    pub(crate) used_at: Option<Instant>,
    pub(crate) revoked_at: Option<Instant>,
}

/// What it means that a refresh token is presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presented {
    /// The first time, and in time: it can be exchanged.
    Fresh,
    /// It was never used and is too old now: its holder was away for long.
    Expired,
    /// It was used or revoked before. One of two holders is a thief, and nobody can tell which: the family ends.
    Reused,
}

impl Life {
    /// A token issued at `now`.
    pub(crate) fn starting(now: Instant) -> Self {
        Self { expires_at: now.plus(REFRESH_LIFETIME), used_at: None, revoked_at: None }
    }

    /// What it means that the token is presented at `now`. An old use stays a use, however long ago.
    pub(crate) fn presented(&self, now: Instant) -> Presented {
        if self.used_at.is_some() || self.revoked_at.is_some() {
            Presented::Reused
        } else if now >= self.expires_at {
            Presented::Expired
        } else {
            Presented::Fresh
        }
    }
}

/// Sessions last seen at this time or before have no refresh token that is still valid.
pub(crate) fn over_if_last_seen_at(now: Instant) -> Instant {
    now.minus(REFRESH_LIFETIME)
}

/// Whether a session is worth something at `now`.
pub(crate) fn is_active(revoked_at: Option<Instant>, last_seen_at: Instant, now: Instant) -> bool {
    revoked_at.is_none() && last_seen_at > over_if_last_seen_at(now)
}

#[cfg(test)]
mod tests;
