-- Customers who wait for a studio that is booked out.

-- One wait of one customer. The user is user-service's, the studio studio-service's. A wait that has ended stays as it ended.
CREATE TABLE waiting_entries (
    id UUID NOT NULL,
    user_id UUID NOT NULL,
    studio_id UUID NOT NULL,
    state TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    -- When a booking was cancelled and this customer had waited longest.
    called_at TIMESTAMPTZ,
    left_at TIMESTAMPTZ,
    CONSTRAINT waiting_entries_id_key PRIMARY KEY (id),
    CONSTRAINT waiting_entries_state_check CHECK (state IN ('waiting', 'called', 'left')),
    CONSTRAINT waiting_entries_called_at_check CHECK (
        (state = 'called' AND called_at IS NOT NULL) OR (state <> 'called' AND called_at IS NULL)
    ),
    CONSTRAINT waiting_entries_left_at_check CHECK (
        (state = 'left' AND left_at IS NOT NULL) OR (state <> 'left' AND left_at IS NULL)
    )
);

-- Nobody waits twice for the same studio, however often they ask.
CREATE UNIQUE INDEX waiting_entries_user_id_studio_id_key ON waiting_entries (user_id, studio_id) WHERE state = 'waiting';

-- For who has waited longest for a studio.
CREATE INDEX waiting_entries_studio_id_idx ON waiting_entries (studio_id, created_at, id) WHERE state = 'waiting';

-- For a customer's own list, newest first.
CREATE INDEX waiting_entries_user_id_idx ON waiting_entries (user_id, id);
