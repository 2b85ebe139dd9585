//! All SQL of the service, one function a statement.

use crate::domain::{FamilyId, Life, PURGE_BATCH, TokenHash, TokenId};
use mutrapro_sdk::client_info::ClientInfo;
use mutrapro_sdk::identity::{SessionId, UserId};
use mutrapro_sdk::sql::{Error, FromRow, Reader, Row, Transaction, params};
use mutrapro_sdk::time::Instant;

/// A refresh token that was given out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) id: TokenId,
    pub(crate) user_id: UserId,
    pub(crate) family_id: FamilyId,
    pub(crate) life: Life,
}

impl FromRow for Token {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.get("id")?,
            user_id: row.get("user_id")?,
            family_id: row.get("family_id")?,
            life: Life {
                expires_at: row.get("expires_at")?,
                used_at: row.get("used_at")?,
                revoked_at: row.get("revoked_at")?,
            },
        })
    }
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) user_id: UserId,
    pub(crate) family_id: FamilyId,
    pub(crate) client: ClientInfo,
    pub(crate) created_at: Instant,
    pub(crate) last_seen_at: Instant,
    pub(crate) revoked_at: Option<Instant>,
}

impl FromRow for Session {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.get("id")?,
            user_id: row.get("user_id")?,
            family_id: row.get("family_id")?,
            client: ClientInfo { ip_address: row.get("ip_address")?, user_agent: row.get("user_agent")? },
            created_at: row.get("created_at")?,
            last_seen_at: row.get("last_seen_at")?,
            revoked_at: row.get("revoked_at")?,
        })
    }
}

struct Id(SessionId);

impl FromRow for Id {
    fn from_row(row: &Row) -> Result<Self, Error> {
        row.get("id").map(Self)
    }
}

pub(crate) fn insert_session(tx: &Transaction<'_>, session: &Session) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO user_sessions
            (id, user_id, family_id, ip_address, user_agent, last_seen_at, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
        params![
            session.id,
            session.user_id,
            session.family_id,
            session.client.ip_address,
            session.client.user_agent,
            session.last_seen_at,
            session.created_at
        ],
    )?;
    Ok(())
}

pub(crate) fn insert_token(
    tx: &Transaction<'_>,
    token: &Token,
    hash: &TokenHash,
    issued_at: Instant,
) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO refresh_tokens
            (id, user_id, family_id, token_hash, issued_at, expires_at, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $5, $5)",
        params![token.id, token.user_id, token.family_id, hash.as_str(), issued_at, token.life.expires_at],
    )?;
    Ok(())
}

pub(crate) fn token_by_hash(db: &impl Reader, hash: &TokenHash) -> Result<Option<Token>, Error> {
    db.query_optional(
        "SELECT id, user_id, family_id, expires_at, used_at, revoked_at FROM refresh_tokens WHERE token_hash = $1",
        params![hash.as_str()],
    )
}

pub(crate) fn token(db: &impl Reader, id: TokenId) -> Result<Option<Token>, Error> {
    db.query_optional(
        "SELECT id, user_id, family_id, expires_at, used_at, revoked_at FROM refresh_tokens WHERE id = $1",
        params![id],
    )
}

/// Marks a token as used, for `next`; `false` when it was used, revoked or too old by then. Of two that try, one wins.
pub(crate) fn use_token(tx: &Transaction<'_>, id: TokenId, next: TokenId, now: Instant) -> Result<bool, Error> {
    let changed = tx.execute(
        "UPDATE refresh_tokens SET used_at = $3, replaced_by = $2, updated_at = $3
         WHERE id = $1 AND used_at IS NULL AND revoked_at IS NULL AND expires_at > $3",
        params![id, next, now],
    )?;
    Ok(changed == 1)
}

/// Revokes what can still be exchanged of a family. Used tokens are of no more use as it is.
pub(crate) fn revoke_tokens(tx: &Transaction<'_>, family_id: FamilyId, now: Instant) -> Result<(), Error> {
    tx.execute(
        "UPDATE refresh_tokens SET revoked_at = $2, updated_at = $2
         WHERE family_id = $1 AND used_at IS NULL AND revoked_at IS NULL",
        params![family_id, now],
    )?;
    Ok(())
}

/// Notes that a session was seen, and holds its row until the transaction ends. `None` when it has been revoked.
pub(crate) fn touch_session(
    tx: &Transaction<'_>,
    family_id: FamilyId,
    now: Instant,
) -> Result<Option<SessionId>, Error> {
    let id: Option<Id> = tx.query_optional(
        "UPDATE user_sessions SET last_seen_at = $2, updated_at = $2
         WHERE family_id = $1 AND revoked_at IS NULL RETURNING id",
        params![family_id, now],
    )?;
    Ok(id.map(|Id(id)| id))
}

/// `None` when it has been revoked before, or never was.
pub(crate) fn revoke_session(tx: &Transaction<'_>, id: SessionId, now: Instant) -> Result<Option<Session>, Error> {
    tx.query_optional(
        "UPDATE user_sessions SET revoked_at = $2, updated_at = $2 WHERE id = $1 AND revoked_at IS NULL
         RETURNING id, user_id, family_id, ip_address, user_agent, created_at, last_seen_at, revoked_at",
        params![id, now],
    )
}

pub(crate) fn session(db: &impl Reader, id: SessionId) -> Result<Option<Session>, Error> {
    db.query_optional(
        "SELECT id, user_id, family_id, ip_address, user_agent, created_at, last_seen_at, revoked_at
         FROM user_sessions WHERE id = $1",
        params![id],
    )
}

pub(crate) fn session_of_family(db: &impl Reader, family_id: FamilyId) -> Result<Option<SessionId>, Error> {
    let id: Option<Id> = db.query_optional("SELECT id FROM user_sessions WHERE family_id = $1", params![family_id])?;
    Ok(id.map(|Id(id)| id))
}

/// The sessions of a user that are not revoked, expired or not.
pub(crate) fn unrevoked_sessions(db: &impl Reader, user_id: UserId) -> Result<Vec<SessionId>, Error> {
    let ids: Vec<Id> = db.query(
        "SELECT id FROM user_sessions WHERE user_id = $1 AND revoked_at IS NULL ORDER BY id",
        params![user_id],
    )?;
    Ok(ids.into_iter().map(|Id(id)| id).collect())
}

/// The unrevoked sessions of a user beyond the `kept` that were seen last.
pub(crate) fn surplus_sessions(db: &impl Reader, user_id: UserId, kept: usize) -> Result<Vec<SessionId>, Error> {
    let kept = i64::try_from(kept).unwrap_or(i64::MAX);
    let ids: Vec<Id> = db.query(
        "SELECT id FROM user_sessions WHERE user_id = $1 AND revoked_at IS NULL
         ORDER BY last_seen_at DESC, id DESC LIMIT 100 OFFSET $2",
        params![user_id, kept],
    )?;
    Ok(ids.into_iter().map(|Id(id)| id).collect())
}

/// At most `rows` sessions of a user that were seen after `seen_after` and are not revoked, newest first, from the one
/// before `before`.
pub(crate) fn active_sessions(
    db: &impl Reader,
    user_id: UserId,
    seen_after: Instant,
    before: Option<SessionId>,
    rows: i64,
) -> Result<Vec<Session>, Error> {
    db.query(
        "SELECT id, user_id, family_id, ip_address, user_agent, created_at, last_seen_at, revoked_at
         FROM user_sessions
         WHERE user_id = $1 AND revoked_at IS NULL AND last_seen_at > $2 AND (id < $3 OR $3 IS NULL)
         ORDER BY id DESC LIMIT $4",
        params![user_id, seen_after, before, rows],
    )
}

/// Deletes some tokens that expired before `now`; answers how many.
pub(crate) fn purge_tokens(tx: &Transaction<'_>, now: Instant) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM refresh_tokens WHERE id IN (
            SELECT id FROM refresh_tokens WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)",
        params![now, batch()],
    )
}

/// Deletes some sessions that were last seen at `seen_until` or before and have no tokens left; answers how many.
pub(crate) fn purge_sessions(tx: &Transaction<'_>, seen_until: Instant) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM user_sessions WHERE id IN (
            SELECT s.id FROM user_sessions s
            WHERE s.last_seen_at <= $1
                AND NOT EXISTS (SELECT 1 FROM refresh_tokens t WHERE t.family_id = s.family_id)
            ORDER BY s.last_seen_at LIMIT $2)",
        params![seen_until, batch()],
    )
}

fn batch() -> i64 {
    i64::try_from(PURGE_BATCH).unwrap_or(i64::MAX)
}
