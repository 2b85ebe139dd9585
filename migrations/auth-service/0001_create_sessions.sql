-- Who is signed in where, and the tokens by which they stay so.
--
-- A session and the family of its refresh tokens are one to one. The session's row is the lock of both: whoever rotates
-- or revokes changes it first. Primary keys are named like unique constraints (`…_key`): SQLite reports a violated
-- primary key as a unique one.

-- A sign-in of a user on one device. It is active until it is revoked, or until its last refresh token has expired.
CREATE TABLE user_sessions (
    id UUID NOT NULL,
    -- user-service's; kept right by user.deactivated.
    user_id UUID NOT NULL,
    family_id UUID NOT NULL,
    -- Where the sign-in came from, if the host knows.
    ip_address TEXT,
    -- What the client said that it is, cut to a bounded length.
    user_agent TEXT,
    -- The sign-in or the last refresh.
    last_seen_at TIMESTAMPTZ NOT NULL,
    revoked_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT user_sessions_id_key PRIMARY KEY (id),
    CONSTRAINT user_sessions_family_id_key UNIQUE (family_id)
);

-- For a user's list of sessions, newest first, and for revoking all of them.
CREATE INDEX user_sessions_user_id_idx ON user_sessions (user_id, id);

-- For the purge of sessions that are long over.
CREATE INDEX user_sessions_last_seen_at_idx ON user_sessions (last_seen_at);

-- Every refresh token that was given out, until it is purged: a used one that comes back is told by its row.
CREATE TABLE refresh_tokens (
    id UUID NOT NULL,
    -- user-service's, as in the session.
    user_id UUID NOT NULL,
    family_id UUID NOT NULL,
    -- SHA-256 of the token in base64url; the token itself is nowhere.
    token_hash TEXT NOT NULL,
    issued_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ,
    revoked_at TIMESTAMPTZ,
    -- The token that was given for this one.
    replaced_by UUID,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT refresh_tokens_id_key PRIMARY KEY (id),
    CONSTRAINT refresh_tokens_token_hash_key UNIQUE (token_hash),
    CONSTRAINT refresh_tokens_family_id_fkey FOREIGN KEY (family_id) REFERENCES user_sessions (family_id),
    CONSTRAINT refresh_tokens_token_hash_check CHECK (length(token_hash) = 43),
    CONSTRAINT refresh_tokens_expires_at_check CHECK (expires_at > issued_at),
    -- A token is replaced when it is used, and only then.
    CONSTRAINT refresh_tokens_replaced_by_check CHECK ((used_at IS NULL) = (replaced_by IS NULL))
);

-- For revoking a family.
CREATE INDEX refresh_tokens_family_id_idx ON refresh_tokens (family_id);

-- For the purge of tokens that are long over.
CREATE INDEX refresh_tokens_expires_at_idx ON refresh_tokens (expires_at);
