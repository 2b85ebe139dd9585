-- One row for each event that was handled: an event handled twice would violate the key, one lost would be missing.
CREATE TABLE handled (
    event_id UUID NOT NULL,
    -- When the event was emitted, by the producer's clock, which is the same one.
    occurred_at TIMESTAMPTZ NOT NULL,
    -- When the handler ran.
    handled_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT handled_event_id_key PRIMARY KEY (event_id)
);
