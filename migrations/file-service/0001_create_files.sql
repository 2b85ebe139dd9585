-- Files of requests, tasks, bookings and specialists. Their content lies with the host, under the key in blob_key.

-- A row is there before its content, and until its content is gone: so no content is ever without a row.
CREATE TABLE files (
    id UUID NOT NULL,
    -- The user who uploaded it, to whose quota it counts.
    owner_user_id UUID NOT NULL,
    source TEXT NOT NULL,
    -- The thing that it was uploaded to: what follows from source is one of request, assignment, booking and specialist.
    subject_id UUID NOT NULL,
    -- quotation-service's.
    request_id UUID,
    -- project-service's.
    project_id UUID,
    -- task-service's.
    assignment_id UUID,
    -- studio-service's.
    booking_id UUID,
    -- specialist-service's.
    specialist_id UUID,
    file_name TEXT NOT NULL,
    blob_key TEXT NOT NULL,
    -- While it is uploaded, how much room is kept for it.
    size_bytes BIGINT NOT NULL,
    -- Found in its content, and NULL until all of it has arrived.
    sha256 TEXT,
    mime_type TEXT,
    content_type TEXT,
    stage TEXT NOT NULL,
    -- Counts the uploads of one name to one thing, from 1; 0 while it is uploaded.
    version INTEGER NOT NULL,
    audio_metadata JSONB,
    description TEXT,
    uploaded_at TIMESTAMPTZ,
    deleted_at TIMESTAMPTZ,
    -- When its content was removed for good.
    purged_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT files_id_key PRIMARY KEY (id),
    CONSTRAINT files_blob_key_key UNIQUE (blob_key),
    CONSTRAINT files_source_check CHECK (source IN (
        'customer_upload', 'task_deliverable', 'studio_recording', 'processed_output', 'portfolio_demo'
    )),
    CONSTRAINT files_content_type_check CHECK (content_type IN (
        'audio', 'sheet_music', 'project_file', 'documentation', 'video', 'archive'
    )),
    CONSTRAINT files_stage_check CHECK (stage IN (
        'raw', 'draft', 'reviewed', 'revised', 'processed', 'mixed', 'mastered', 'final', 'archived'
    )),
    CONSTRAINT files_size_bytes_check CHECK (size_bytes >= 0),
    CONSTRAINT files_uploaded_at_check CHECK (
        (uploaded_at IS NULL AND version = 0)
        OR (uploaded_at IS NOT NULL AND version > 0 AND sha256 IS NOT NULL AND mime_type IS NOT NULL AND content_type IS NOT NULL)
    )
);

-- Two uploads of one name never get the same version, whatever the race.
CREATE UNIQUE INDEX files_subject_id_file_name_version_key ON files (subject_id, file_name, version) WHERE version > 0;

-- For a user's own files, newest first, and for what they take of their quota.
CREATE INDEX files_owner_user_id_idx ON files (owner_user_id, id);

-- For the files of a request, newest first.
CREATE INDEX files_request_id_idx ON files (request_id, id) WHERE request_id IS NOT NULL;

-- For the files of a task, newest first.
CREATE INDEX files_assignment_id_idx ON files (assignment_id, id) WHERE assignment_id IS NOT NULL;

-- For the files of a booking, newest first.
CREATE INDEX files_booking_id_idx ON files (booking_id, id) WHERE booking_id IS NOT NULL;

-- For the sweep of uploads that were cut short.
CREATE INDEX files_created_at_idx ON files (created_at) WHERE uploaded_at IS NULL;

-- For the sweep of what was deleted and still has its content.
CREATE INDEX files_deleted_at_idx ON files (deleted_at) WHERE deleted_at IS NOT NULL AND purged_at IS NULL;
