-- What is delivered to customers, and what they want changed.

-- What a coordinator hands to the customer of a project. The project is project-service's; what events have to tell of it, and
-- who its people are, stands beside it, so that a handler of events never has to ask.
CREATE TABLE deliverable_packages (
    id UUID NOT NULL,
    project_id UUID NOT NULL,
    request_id UUID NOT NULL,
    quotation_id UUID NOT NULL,
    project_name TEXT NOT NULL,
    customer_id UUID NOT NULL,
    customer_user_id UUID NOT NULL,
    coordinator_id UUID NOT NULL,
    coordinator_user_id UUID NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    delivery_type TEXT NOT NULL,
    status TEXT NOT NULL,
    -- The user who began it.
    prepared_by UUID NOT NULL,
    prepared_at TIMESTAMPTZ,
    delivered_at TIMESTAMPTZ,
    decided_at TIMESTAMPTZ,
    -- Why the customer did not take it.
    customer_notes TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT deliverable_packages_id_key PRIMARY KEY (id),
    CONSTRAINT deliverable_packages_delivery_type_check CHECK (delivery_type IN (
        'draft', 'milestone', 'final', 'revision'
    )),
    CONSTRAINT deliverable_packages_status_check CHECK (status IN (
        'preparing', 'ready', 'delivered', 'approved', 'rejected'
    )),
    -- What the customer may decide on is what was delivered.
    CONSTRAINT deliverable_packages_delivered_at_check CHECK (
        (status IN ('preparing', 'ready') AND delivered_at IS NULL)
        OR (status IN ('delivered', 'approved', 'rejected') AND delivered_at IS NOT NULL)
    )
);

-- A project ends with one final package, whoever decides on two at once.
CREATE UNIQUE INDEX deliverable_packages_project_id_key
    ON deliverable_packages (project_id) WHERE status = 'approved' AND delivery_type = 'final';

-- For the packages of a project, newest first.
CREATE INDEX deliverable_packages_project_id_idx ON deliverable_packages (project_id, id);

-- For what was delivered to a customer, newest first.
CREATE INDEX deliverable_packages_customer_user_id_idx ON deliverable_packages (customer_user_id, id);

-- For the packages of the projects that a coordinator sees through, newest first.
CREATE INDEX deliverable_packages_coordinator_user_id_idx ON deliverable_packages (coordinator_user_id, id);

-- For the packages in one status.
CREATE INDEX deliverable_packages_status_idx ON deliverable_packages (status, id);

-- The files of a package, in their order. The files are file-service's.
CREATE TABLE package_files (
    package_id UUID NOT NULL,
    file_id UUID NOT NULL,
    -- From 1 on, without gaps. Not unique, since others make room while a file is put between them.
    position INTEGER NOT NULL,
    is_primary BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    -- A file is in a package once. It also finds the files of a package.
    CONSTRAINT package_files_package_id_file_id_key PRIMARY KEY (package_id, file_id),
    CONSTRAINT package_files_package_id_fkey FOREIGN KEY (package_id) REFERENCES deliverable_packages (id),
    CONSTRAINT package_files_position_check CHECK (position >= 1)
);

-- A package has one primary file.
CREATE UNIQUE INDEX package_files_package_id_key ON package_files (package_id) WHERE is_primary;

-- For finding to whom a file was delivered.
CREATE INDEX package_files_file_id_idx ON package_files (file_id);

-- What a customer wants changed. What stands beside the project is there for the same reason as in packages.
CREATE TABLE revision_requests (
    id UUID NOT NULL,
    project_id UUID NOT NULL,
    request_id UUID NOT NULL,
    quotation_id UUID NOT NULL,
    project_name TEXT NOT NULL,
    customer_id UUID NOT NULL,
    customer_user_id UUID NOT NULL,
    coordinator_id UUID NOT NULL,
    coordinator_user_id UUID NOT NULL,
    -- What is to be changed, if the customer named it: a delivered file, a delivered package.
    file_id UUID,
    package_id UUID,
    -- The user who asked.
    requested_by UUID NOT NULL,
    revision_number INTEGER NOT NULL,
    type TEXT NOT NULL,
    description TEXT NOT NULL,
    is_free BOOLEAN NOT NULL,
    -- In minor units.
    fee BIGINT NOT NULL,
    currency TEXT NOT NULL,
    status TEXT NOT NULL,
    -- Why it was rejected.
    reason TEXT,
    decided_at TIMESTAMPTZ,
    completed_at TIMESTAMPTZ,
    -- By which a repeated request is known, if the client sent one.
    idempotency_key TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT revision_requests_id_key PRIMARY KEY (id),
    CONSTRAINT revision_requests_package_id_fkey FOREIGN KEY (package_id) REFERENCES deliverable_packages (id),
    -- A request that comes twice counts once.
    CONSTRAINT revision_requests_requested_by_idempotency_key_key UNIQUE (requested_by, idempotency_key),
    CONSTRAINT revision_requests_revision_number_check CHECK (revision_number >= 1),
    CONSTRAINT revision_requests_type_check CHECK (type IN (
        'minor_adjustment', 'major_change', 'scope_expansion', 'style_change'
    )),
    CONSTRAINT revision_requests_fee_check CHECK ((is_free AND fee = 0) OR (NOT is_free AND fee > 0)),
    CONSTRAINT revision_requests_currency_check CHECK (currency IN ('VND', 'USD', 'EUR')),
    CONSTRAINT revision_requests_status_check CHECK (status IN (
        'pending', 'approved', 'in_progress', 'completed', 'rejected'
    ))
);

-- Two that are asked for at once do not get the same number, nor the same free one. A rejected one gives its number back.
CREATE UNIQUE INDEX revision_requests_project_id_revision_number_key
    ON revision_requests (project_id, revision_number) WHERE status <> 'rejected';

-- For the revisions of a project, newest first.
CREATE INDEX revision_requests_project_id_idx ON revision_requests (project_id, id);

-- For a customer's own revisions, newest first.
CREATE INDEX revision_requests_customer_user_id_idx ON revision_requests (customer_user_id, id);

-- For the revisions of the projects that a coordinator sees through, newest first.
CREATE INDEX revision_requests_coordinator_user_id_idx ON revision_requests (coordinator_user_id, id);

-- For the revisions in one status.
CREATE INDEX revision_requests_status_idx ON revision_requests (status, id);
