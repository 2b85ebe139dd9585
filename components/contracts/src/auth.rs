//! Events of auth-service. Their aggregate is the session.

use crate::event;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// `session.started`: someone logged in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionStarted {
    /// The new session.
    pub session_id: Uuid,
    /// Who logged in.
    pub user_id: Uuid,
    /// Where from, if it is known.
    pub ip_address: Option<String>,
    /// With what, as the client says.
    pub user_agent: Option<String>,
}
event!(SessionStarted, "session.started", "session", session_id);

/// `session.revoked`: the session and its tokens are of no more use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRevoked {
    /// The session that ended.
    pub session_id: Uuid,
    /// Whose it was.
    pub user_id: Uuid,
    /// `logout`, `logout_all`, `user_deactivated`, `password_changed` through another session, `token_reused` when a used
    /// refresh token came back, or `too_many` when its user has signed in more often than is kept.
    pub reason: String,
}
event!(SessionRevoked, "session.revoked", "session", session_id);
