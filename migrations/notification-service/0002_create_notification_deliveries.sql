-- What becomes of a notification with each plugin that was to deliver it. A row is written with the notification, and
-- removed some time after it has ended one way or the other.
CREATE TABLE notification_deliveries (
    notification_id UUID NOT NULL,
    -- The plugin's name in the manifest.
    plugin TEXT NOT NULL,
    status TEXT NOT NULL,
    -- How often it was begun.
    attempts INTEGER NOT NULL,
    -- NULL once there is nothing left to do.
    next_attempt_at TIMESTAMPTZ,
    -- Why the last attempt delivered nothing, for operators.
    last_error TEXT,
    delivered_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    -- A plugin gets a notification under one id, however often it is tried.
    CONSTRAINT notification_deliveries_notification_id_plugin_key PRIMARY KEY (notification_id, plugin),
    CONSTRAINT notification_deliveries_notification_id_fkey FOREIGN KEY (notification_id) REFERENCES notifications (id),
    CONSTRAINT notification_deliveries_status_check CHECK (status IN ('pending', 'delivered', 'failed')),
    CONSTRAINT notification_deliveries_attempts_check CHECK (attempts >= 0),
    CONSTRAINT notification_deliveries_next_attempt_at_check CHECK (
        (status = 'pending' AND next_attempt_at IS NOT NULL) OR (status <> 'pending' AND next_attempt_at IS NULL)
    ),
    CONSTRAINT notification_deliveries_last_error_check CHECK (length(last_error) <= 500),
    CONSTRAINT notification_deliveries_delivered_at_check CHECK (
        (status = 'delivered' AND delivered_at IS NOT NULL) OR (status <> 'delivered' AND delivered_at IS NULL)
    )
);

-- For what is due of a plugin, the one that has waited longest first.
CREATE INDEX notification_deliveries_due_idx ON notification_deliveries (plugin, next_attempt_at, notification_id)
    WHERE next_attempt_at IS NOT NULL;

-- For removing what has ended long ago.
CREATE INDEX notification_deliveries_ended_idx ON notification_deliveries (updated_at) WHERE next_attempt_at IS NULL;
