//! How sessions start, go on and end: the units of work, each told by an event.
//!
//! A session's row is the lock of its family. Whoever exchanges a token or ends the session changes that row first, so a
//! token can neither be exchanged twice nor given out while its session ends.

use crate::domain::{
    EndReason, Ending, FamilyId, Life, Presented, RefreshToken, SESSIONS_PER_USER_MAX, TokenId, over_if_last_seen_at,
};
use crate::problems::invalid_refresh_token;
use crate::store::{self, Session, Token};
use mutrapro_contracts::auth::{SessionRevoked, SessionStarted};
use mutrapro_sdk::client_info::ClientInfo;
use mutrapro_sdk::identity::{SessionId, UserId};
use mutrapro_sdk::problem::Result;
use mutrapro_sdk::sql::{Transaction, transaction};
use mutrapro_sdk::time::Instant;

/// What the holder of a session gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Granted {
    pub(crate) session_id: SessionId,
    pub(crate) refresh_token: RefreshToken,
}

/// Starts a session of `user_id`, and ends those that are one too many.
pub(crate) fn start(user_id: UserId, client: ClientInfo, now: Instant) -> Result<Granted> {
    let (id, family_id) = (SessionId::generate(), FamilyId::generate());
    let session = Session { id, user_id, family_id, client, created_at: now, last_seen_at: now, revoked_at: None };
    let refresh_token = new_token();
    transaction(|tx| {
        store::insert_session(tx, &session)?;
        let token = Token { id: TokenId::generate(), user_id, family_id, life: Life::starting(now) };
        store::insert_token(tx, &token, &refresh_token.hash(), now)?;
        tx.emit(&SessionStarted {
            session_id: id.uuid(),
            user_id: user_id.uuid(),
            ip_address: session.client.ip_address.clone(),
            user_agent: session.client.user_agent.clone(),
        })?;
        for surplus in store::surplus_sessions(tx, user_id, SESSIONS_PER_USER_MAX)? {
            end(tx, surplus, EndReason::TooMany, now)?;
        }
        Ok(())
    })?;
    Ok(Granted { session_id: id, refresh_token })
}

/// Exchanges a refresh token for the next one. `None` when it had been used or revoked: its session is ended then.
///
/// # Errors
/// 401 `invalid_refresh_token` when it has expired meanwhile.
pub(crate) fn rotate(token: &Token, now: Instant) -> Result<Option<Granted>> {
    let refresh_token = new_token();
    let next = Token { id: TokenId::generate(), life: Life::starting(now), ..token.clone() };
    let session_id = transaction(|tx| {
        let session = store::touch_session(tx, token.family_id, now)?;
        if let Some(session_id) = session
            && store::use_token(tx, token.id, next.id, now)?
        {
            store::insert_token(tx, &next, &refresh_token.hash(), now)?;
            return Ok(Some(session_id));
        }
        let current = store::token(tx, token.id)?.ok_or_else(invalid_refresh_token)?;
        if current.life.presented(now) != Presented::Reused {
            // An error, so that the session does not count as seen.
            return Err(invalid_refresh_token());
        }
        end_reused(tx, token.family_id, now)?;
        Ok(None)
    })?;
    Ok(session_id.map(|session_id| Granted { session_id, refresh_token }))
}

/// Ends the session of a token that came back.
pub(crate) fn punish_reuse(token: &Token, now: Instant) -> Result<()> {
    transaction(|tx| end_reused(tx, token.family_id, now))
}

fn end_reused(tx: &Transaction<'_>, family_id: FamilyId, now: Instant) -> Result<()> {
    match store::session_of_family(tx, family_id)? {
        Some(id) => end(tx, id, EndReason::TokenReused, now),
        None => Ok(()),
    }
}

/// Ends a session and its tokens. One that has ended before is left as it is.
pub(crate) fn end(tx: &Transaction<'_>, id: SessionId, reason: EndReason, now: Instant) -> Result<()> {
    let Some(session) = store::revoke_session(tx, id, now)? else {
        return Ok(());
    };
    store::revoke_tokens(tx, session.family_id, now)?;
    let (session_id, user_id) = (id.uuid(), session.user_id.uuid());
    Ok(tx.emit(&SessionRevoked { session_id, user_id, reason: reason.to_string() })?)
}

/// Ends every session that `ending` is about. There are never many: see [`SESSIONS_PER_USER_MAX`].
pub(crate) fn end_all(tx: &Transaction<'_>, ending: Ending, now: Instant) -> Result<()> {
    let sessions = store::unrevoked_sessions(tx, ending.user_id)?.into_iter();
    sessions.filter(|id| ending.kept != Some(*id)).try_for_each(|id| end(tx, id, ending.reason, now))
}

/// Deletes what is over for good: tokens that have expired, and sessions that have none left.
///
/// A token that comes back later than that is unknown, which lets nobody in either.
pub(crate) fn purge(now: Instant) -> Result<()> {
    while transaction(|tx| Ok(store::purge_tokens(tx, now)?))? > 0 {}
    while transaction(|tx| Ok(store::purge_sessions(tx, over_if_last_seen_at(now))?))? > 0 {}
    Ok(())
}

/// From a cryptographic generator, which the host's randomness seeds anew in every instance.
fn new_token() -> RefreshToken {
    RefreshToken::from_random(rand::random())
}
