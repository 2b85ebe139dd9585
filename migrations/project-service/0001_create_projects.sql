-- Projects: what an approved quotation becomes.

-- The request and the quotation are quotation-service's. The customer and the coordinator are user-service's profiles; the users
-- behind them stand beside them, since a profile belongs to one user for ever.
CREATE TABLE projects (
    id UUID NOT NULL,
    request_id UUID NOT NULL,
    quotation_id UUID NOT NULL,
    customer_id UUID NOT NULL,
    customer_user_id UUID NOT NULL,
    coordinator_id UUID NOT NULL,
    coordinator_user_id UUID NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    -- NULL until the deposit is paid.
    started_at TIMESTAMPTZ,
    -- When it was completed or cancelled.
    ended_at TIMESTAMPTZ,
    progress_percent SMALLINT NOT NULL,
    free_revisions_included INTEGER NOT NULL,
    -- The approved ones.
    used_revisions INTEGER NOT NULL,
    -- What a further revision costs, in minor units.
    revision_fee BIGINT NOT NULL,
    currency TEXT NOT NULL,
    -- For those who work on it; the customer does not see them.
    notes TEXT,
    -- What other services told of it: the set of what is to be paid, counts of tasks, who completed one, what was delivered.
    -- Status and progress follow from it, whatever the order in which it came.
    facts JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT projects_id_key PRIMARY KEY (id),
    -- A request becomes one project. It also finds the project of a request.
    CONSTRAINT projects_request_id_key UNIQUE (request_id),
    -- So does a quotation; milestones name no more than that.
    CONSTRAINT projects_quotation_id_key UNIQUE (quotation_id),
    CONSTRAINT projects_status_check CHECK (status IN (
        'assigned', 'in_progress', 'review', 'completed', 'cancelled'
    )),
    CONSTRAINT projects_started_at_check CHECK (
        status = 'cancelled'
        OR (status = 'assigned' AND started_at IS NULL)
        OR (status <> 'assigned' AND started_at IS NOT NULL)
    ),
    CONSTRAINT projects_ended_at_check CHECK (
        (status IN ('completed', 'cancelled') AND ended_at IS NOT NULL)
        OR (status NOT IN ('completed', 'cancelled') AND ended_at IS NULL)
    ),
    CONSTRAINT projects_progress_percent_check CHECK (progress_percent BETWEEN 0 AND 100),
    CONSTRAINT projects_revisions_check CHECK (free_revisions_included BETWEEN 0 AND 20 AND used_revisions >= 0),
    CONSTRAINT projects_revision_fee_check CHECK (revision_fee BETWEEN 0 AND 1000000000000),
    CONSTRAINT projects_currency_check CHECK (currency IN ('VND', 'USD', 'EUR'))
);

-- For a customer's own projects, newest first.
CREATE INDEX projects_customer_user_id_idx ON projects (customer_user_id, id);

-- For the projects of one customer profile.
CREATE INDEX projects_customer_id_idx ON projects (customer_id, id);

-- For the projects that a coordinator sees through, newest first.
CREATE INDEX projects_coordinator_user_id_idx ON projects (coordinator_user_id, id);

-- For the projects of one coordinator profile.
CREATE INDEX projects_coordinator_id_idx ON projects (coordinator_id, id);

-- For the projects in one status.
CREATE INDEX projects_status_idx ON projects (status, id);
