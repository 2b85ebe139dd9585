-- Who does what until when.

-- A piece of a project's work that a specialist does. The project with its people, and the user behind the specialist, stand
-- beside the references as they were when it was assigned: events and rights need them, and a project keeps its people.
CREATE TABLE task_assignments (
    id UUID NOT NULL,
    project_id UUID NOT NULL,
    request_id UUID NOT NULL,
    project_name TEXT NOT NULL,
    customer_user_id UUID NOT NULL,
    coordinator_user_id UUID NOT NULL,
    specialist_id UUID NOT NULL,
    specialist_user_id UUID NOT NULL,
    -- The revision that it works off.
    revision_id UUID,
    task_type TEXT NOT NULL,
    status TEXT NOT NULL,
    -- The place that it takes up of those that its specialist has for tasks, from 1; NULL while it takes up none.
    slot INTEGER,
    priority TEXT NOT NULL,
    assigned_by UUID NOT NULL,
    assigned_at TIMESTAMPTZ NOT NULL,
    due_at TIMESTAMPTZ NOT NULL,
    estimated_minutes INTEGER NOT NULL,
    actual_minutes INTEGER,
    progress_percent INTEGER NOT NULL,
    -- What the specialist says of the progress.
    progress_notes TEXT,
    rush_offered_at TIMESTAMPTZ,
    rush_response_deadline TIMESTAMPTZ,
    -- NULL for an offer that nobody answered.
    rush_responded_at TIMESTAMPTZ,
    rush_decline_reason TEXT,
    completed_at TIMESTAMPTZ,
    -- When it was told that it is overdue. Whether it is follows from due_at.
    overdue_notified_at TIMESTAMPTZ,
    -- The fewest days before due_at that the specialist was reminded at; NULL before the first reminder.
    reminded_days_left INTEGER,
    -- When project-service was asked again, after the assignment; NULL before.
    project_confirmed_at TIMESTAMPTZ,
    -- What the coordinator says of the work.
    notes TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT task_assignments_id_key PRIMARY KEY (id),
    CONSTRAINT task_assignments_task_type_check CHECK (task_type IN (
        'transcription', 'arrangement', 'recording', 'mixing', 'mastering', 'review'
    )),
    CONSTRAINT task_assignments_status_check CHECK (status IN (
        'assigned', 'rush_offered', 'accepted', 'in_progress', 'completed', 'rejected', 'cancelled'
    )),
    -- A place is taken up by what is open, and by nothing else.
    CONSTRAINT task_assignments_slot_check CHECK (
        (slot IS NOT NULL AND slot >= 1 AND status IN ('assigned', 'accepted', 'in_progress'))
        OR (slot IS NULL AND status NOT IN ('assigned', 'accepted', 'in_progress'))
    ),
    -- What is urgent is offered, with a deadline, and nothing else is.
    CONSTRAINT task_assignments_rush_check CHECK (
        (priority = 'rush' AND rush_offered_at IS NOT NULL AND rush_response_deadline IS NOT NULL)
        OR (priority = 'normal' AND rush_offered_at IS NULL AND rush_response_deadline IS NULL
            AND status <> 'rush_offered')
    ),
    CONSTRAINT task_assignments_completed_at_check CHECK (
        (status = 'completed' AND completed_at IS NOT NULL) OR (status <> 'completed' AND completed_at IS NULL)
    ),
    CONSTRAINT task_assignments_minutes_check CHECK (estimated_minutes >= 1 AND actual_minutes >= 0),
    CONSTRAINT task_assignments_progress_percent_check CHECK (progress_percent BETWEEN 0 AND 100)
);

-- No two open tasks take up the same place of a specialist; also for counting those that are open.
CREATE UNIQUE INDEX task_assignments_specialist_id_slot_key ON task_assignments (specialist_id, slot) WHERE slot IS NOT NULL;

-- For the tasks of a specialist, newest first.
CREATE INDEX task_assignments_specialist_id_idx ON task_assignments (specialist_id, id);

-- For a specialist's own tasks, newest first.
CREATE INDEX task_assignments_specialist_user_id_idx ON task_assignments (specialist_user_id, id);

-- For the tasks of the projects that a coordinator holds, newest first.
CREATE INDEX task_assignments_coordinator_user_id_idx ON task_assignments (coordinator_user_id, id);

-- For the tasks of a project, and for whether a user has one in it.
CREATE INDEX task_assignments_project_id_idx ON task_assignments (project_id, id);

-- For the tasks in one status.
CREATE INDEX task_assignments_status_idx ON task_assignments (status, id);

-- For reminders, and for finding what is overdue.
CREATE INDEX task_assignments_due_at_idx ON task_assignments (due_at) WHERE slot IS NOT NULL;

-- For finding the offers that nobody answered.
CREATE INDEX task_assignments_status_rush_response_deadline_idx ON task_assignments (status, rush_response_deadline);

-- For finding the tasks whose project is to be asked about again.
CREATE INDEX task_assignments_project_confirmed_at_idx ON task_assignments (id) WHERE project_confirmed_at IS NULL;
