-- What users were told. A row is written once; only the time of reading is added later.
CREATE TABLE notifications (
    id UUID NOT NULL,
    user_id UUID NOT NULL,
    -- The event that it tells of.
    event_id UUID NOT NULL,
    title TEXT NOT NULL,
    message TEXT NOT NULL,
    type TEXT NOT NULL,
    -- What it is about: the kind of thing and its id in the service that owns it.
    reference_type TEXT,
    reference_id UUID,
    -- NULL as long as it is unread.
    read_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT notifications_id_key PRIMARY KEY (id),
    -- One event tells one user once.
    CONSTRAINT notifications_event_id_user_id_key UNIQUE (event_id, user_id),
    CONSTRAINT notifications_type_check CHECK (type IN (
        'task_assignment', 'project_update', 'payment_reminder', 'booking_confirmation', 'deadline_alert',
        'system_announcement'
    )),
    CONSTRAINT notifications_reference_check CHECK (
        (reference_type IS NULL AND reference_id IS NULL) OR (reference_type IS NOT NULL AND reference_id IS NOT NULL)
    )
);

-- For a user's list, newest first, and for the stream, which reads on from the last one that it sent.
CREATE INDEX notifications_user_id_id_idx ON notifications (user_id, id);

-- For the list and the count of what a user has not read, however much they have.
CREATE INDEX notifications_unread_idx ON notifications (user_id, id) WHERE read_at IS NULL;
