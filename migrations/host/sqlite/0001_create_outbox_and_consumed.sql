-- The host's own tables in every service's database. Services never touch them with SQL.

-- Every event that this service emitted, written in the transaction that changed the data it speaks of.
-- Pending: published_at and dead_at are both null.
CREATE TABLE outbox_events (
    -- Gives the order in which events were written; AUTOINCREMENT so that a purged position is never given again.
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The key by which the bus and consumers recognise a repeated event.
    event_id TEXT NOT NULL CONSTRAINT outbox_events_event_id_key UNIQUE,
    aggregate_id TEXT NOT NULL,
    aggregate_type TEXT NOT NULL,
    event_type TEXT NOT NULL,
    event_payload TEXT NOT NULL,
    occurred_at TEXT NOT NULL,
    published_at TEXT,
    -- Set when the broker refused this event for itself, up to the limit; an operator replays or drops it.
    dead_at TEXT,
    retry_count INTEGER NOT NULL DEFAULT 0 CONSTRAINT outbox_events_retry_count_check CHECK (retry_count >= 0),
    last_error TEXT,
    -- Null: due at once.
    next_retry_at TEXT,
    trace_id TEXT,
    correlation_id TEXT
);

-- What the publisher reads: pending events that are due, oldest first.
CREATE INDEX outbox_events_pending_idx ON outbox_events (next_retry_at, position)
    WHERE published_at IS NULL AND dead_at IS NULL;

-- For operators: what was given up, and how much of it there is.
CREATE INDEX outbox_events_dead_idx ON outbox_events (dead_at) WHERE dead_at IS NOT NULL;

-- The events that this service has handled, each marked in the transaction that applied its effect.
CREATE TABLE consumed_events (
    event_id TEXT NOT NULL,
    consumer_name TEXT NOT NULL,
    processed_at TEXT NOT NULL,
    CONSTRAINT consumed_events_pkey PRIMARY KEY (event_id, consumer_name)
) WITHOUT ROWID;

-- What the purge of old marks reads.
CREATE INDEX consumed_events_processed_at_idx ON consumed_events (processed_at);
