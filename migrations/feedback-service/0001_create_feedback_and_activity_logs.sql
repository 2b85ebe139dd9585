-- What customers say of finished requests, and what happened in the whole application.

-- A rating of one side of a request. The request is quotation-service's, the user user-service's.
CREATE TABLE feedback (
    id UUID NOT NULL,
    request_id UUID NOT NULL,
    -- The customer who rated, and the user behind the profile.
    customer_id UUID NOT NULL,
    customer_user_id UUID NOT NULL,
    rating SMALLINT NOT NULL,
    comment TEXT,
    type TEXT NOT NULL,
    -- The specialists who worked on the request: their UUIDs, with spaces between.
    specialist_ids TEXT NOT NULL,
    -- The users whom it concerns, and who may therefore see it: the customer, the coordinator and the specialists.
    concerned_user_ids TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT feedback_id_key PRIMARY KEY (id),
    -- Each side of a request is rated once. It also finds the feedback of a request.
    CONSTRAINT feedback_request_id_type_key UNIQUE (request_id, type),
    CONSTRAINT feedback_rating_check CHECK (rating BETWEEN 1 AND 5),
    CONSTRAINT feedback_comment_check CHECK (length(comment) <= 1000),
    CONSTRAINT feedback_type_check CHECK (type IN (
        'service_quality', 'communication', 'timeliness', 'overall_experience'
    ))
);

-- For a customer's own feedback, newest first.
CREATE INDEX feedback_customer_user_id_idx ON feedback (customer_user_id, id);

-- For the ratings of a specialist, which are looked for in all lists: they are read from here without the comments.
CREATE INDEX feedback_specialist_ids_idx ON feedback (specialist_ids, type, rating);

-- Every event of the application, a row each: only ever added to.
CREATE TABLE activity_logs (
    id UUID NOT NULL,
    event_id UUID NOT NULL,
    -- As its producer names it; the kind of thing and the fact are taken from it, for filters.
    kind TEXT NOT NULL,
    -- Who did it, or whom it happened to; NULL where the event names neither.
    user_id UUID,
    entity_type TEXT NOT NULL,
    -- Text, since not every aggregate has a UUID.
    entity_id TEXT NOT NULL,
    action TEXT NOT NULL,
    -- What it belongs to, as far as the event says.
    project_id UUID,
    request_id UUID,
    description TEXT,
    ip_address TEXT,
    user_agent TEXT,
    trace_id TEXT,
    -- When it happened, which the event says.
    created_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT activity_logs_id_key PRIMARY KEY (id),
    -- One event is one row.
    CONSTRAINT activity_logs_event_id_key UNIQUE (event_id)
);

-- For the whole log, newest first, and a span of time within it.
CREATE INDEX activity_logs_created_at_idx ON activity_logs (created_at, id);

-- For what happened to one thing.
CREATE INDEX activity_logs_entity_id_idx ON activity_logs (entity_id, created_at, id);

-- For what happened to one kind of thing.
CREATE INDEX activity_logs_entity_type_idx ON activity_logs (entity_type, created_at, id);

-- For what one user did.
CREATE INDEX activity_logs_user_id_idx ON activity_logs (user_id, created_at, id);

-- For the timeline of a project, which is what names it,
CREATE INDEX activity_logs_project_id_idx ON activity_logs (project_id, created_at, id) WHERE project_id IS NOT NULL;

-- and what names the request that it came from.
CREATE INDEX activity_logs_request_id_idx ON activity_logs (request_id, created_at, id) WHERE request_id IS NOT NULL;
