-- What customers ask for, what it costs, and what has to be paid when.

-- What a customer asks for. The customer and the coordinator are user-service's profiles; the users behind them stand beside
-- them, since a profile belongs to one user for ever.
CREATE TABLE service_requests (
    id UUID NOT NULL,
    customer_id UUID NOT NULL,
    customer_user_id UUID NOT NULL,
    -- NULL until a coordinator claims it.
    coordinator_id UUID,
    coordinator_user_id UUID,
    request_type TEXT NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    priority TEXT NOT NULL,
    status TEXT NOT NULL,
    -- What the customer would like to spend, in minor units.
    budget BIGINT,
    currency TEXT NOT NULL,
    deadline TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT service_requests_id_key PRIMARY KEY (id),
    CONSTRAINT service_requests_coordinator_check CHECK (
        (coordinator_id IS NULL AND coordinator_user_id IS NULL)
        OR (coordinator_id IS NOT NULL AND coordinator_user_id IS NOT NULL)
    ),
    CONSTRAINT service_requests_request_type_check CHECK (request_type IN (
        'transcription', 'arrangement', 'recording', 'mixing', 'mastering', 'full_production'
    )),
    CONSTRAINT service_requests_priority_check CHECK (priority IN ('normal', 'rush')),
    CONSTRAINT service_requests_status_check CHECK (status IN (
        'pending', 'quoted', 'approved', 'in_progress', 'completed', 'rejected', 'cancelled'
    )),
    CONSTRAINT service_requests_budget_check CHECK (budget >= 0),
    CONSTRAINT service_requests_currency_check CHECK (currency IN ('VND', 'USD', 'EUR'))
);

-- For a customer's own requests, newest first.
CREATE INDEX service_requests_customer_user_id_idx ON service_requests (customer_user_id, id);

-- For the requests that a coordinator holds, and for those that nobody holds.
CREATE INDEX service_requests_coordinator_user_id_idx ON service_requests (coordinator_user_id, id);

-- For the requests in one status.
CREATE INDEX service_requests_status_idx ON service_requests (status, id);

-- What the studio asks for each kind of work, before the multipliers for complexity and hurry.
CREATE TABLE pricing_matrix (
    id UUID NOT NULL,
    service_type TEXT NOT NULL,
    complexity TEXT NOT NULL,
    unit_type TEXT NOT NULL,
    -- For one unit, in minor units.
    base_price BIGINT NOT NULL,
    -- Bounds of a price before fees and discount.
    min_price BIGINT,
    max_price BIGINT,
    currency TEXT NOT NULL,
    is_active BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT pricing_matrix_id_key PRIMARY KEY (id),
    CONSTRAINT pricing_matrix_service_type_check CHECK (service_type IN (
        'transcription', 'arrangement', 'recording', 'mixing', 'mastering', 'full_production'
    )),
    CONSTRAINT pricing_matrix_complexity_check CHECK (complexity IN (
        'simple', 'moderate', 'complex', 'professional', 'virtuoso'
    )),
    CONSTRAINT pricing_matrix_unit_type_check CHECK (unit_type IN (
        'per_minute', 'per_song', 'per_hour', 'fixed_price'
    )),
    CONSTRAINT pricing_matrix_base_price_check CHECK (base_price >= 0),
    CONSTRAINT pricing_matrix_price_range_check CHECK (min_price >= 0 AND max_price >= 0 AND min_price <= max_price),
    CONSTRAINT pricing_matrix_currency_check CHECK (currency IN ('VND', 'USD', 'EUR'))
);

-- One price counts for a kind of work.
CREATE UNIQUE INDEX pricing_matrix_service_type_complexity_currency_key
    ON pricing_matrix (service_type, complexity, currency) WHERE is_active;

-- What a coordinator offers for a request, version by version.
CREATE TABLE quotations (
    id UUID NOT NULL,
    request_id UUID NOT NULL,
    customer_id UUID NOT NULL,
    customer_user_id UUID NOT NULL,
    coordinator_id UUID NOT NULL,
    coordinator_user_id UUID NOT NULL,
    version INTEGER NOT NULL,
    is_active BOOLEAN NOT NULL,
    -- The version before it.
    parent_quotation_id UUID,
    -- Begun minutes, where minutes are what is paid for.
    audio_minutes INTEGER,
    complexity TEXT NOT NULL,
    estimated_minutes INTEGER,
    base_price BIGINT NOT NULL,
    complexity_bp INTEGER NOT NULL,
    additional_fees BIGINT NOT NULL,
    discount_bp INTEGER NOT NULL,
    total_price BIGINT NOT NULL,
    currency TEXT NOT NULL,
    deposit_bp INTEGER NOT NULL,
    deposit_amount BIGINT NOT NULL,
    final_amount BIGINT NOT NULL,
    priority TEXT NOT NULL,
    rush_bp INTEGER NOT NULL,
    status TEXT NOT NULL,
    -- How long the customer may think, from the sending on.
    valid_days INTEGER NOT NULL,
    valid_until TIMESTAMPTZ,
    notes TEXT,
    sent_at TIMESTAMPTZ,
    decided_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT quotations_id_key PRIMARY KEY (id),
    CONSTRAINT quotations_request_id_fkey FOREIGN KEY (request_id) REFERENCES service_requests (id),
    CONSTRAINT quotations_parent_quotation_id_fkey FOREIGN KEY (parent_quotation_id) REFERENCES quotations (id),
    CONSTRAINT quotations_request_id_version_key UNIQUE (request_id, version),
    CONSTRAINT quotations_complexity_check CHECK (complexity IN (
        'simple', 'moderate', 'complex', 'professional', 'virtuoso'
    )),
    CONSTRAINT quotations_complexity_bp_check CHECK (complexity_bp >= 10000),
    CONSTRAINT quotations_rush_bp_check CHECK (rush_bp >= 10000),
    CONSTRAINT quotations_discount_bp_check CHECK (discount_bp BETWEEN 0 AND 10000),
    CONSTRAINT quotations_deposit_bp_check CHECK (deposit_bp BETWEEN 0 AND 10000),
    CONSTRAINT quotations_amounts_check CHECK (
        deposit_amount >= 0 AND final_amount >= 0 AND deposit_amount + final_amount = total_price
    ),
    CONSTRAINT quotations_currency_check CHECK (currency IN ('VND', 'USD', 'EUR')),
    CONSTRAINT quotations_priority_check CHECK (priority IN ('normal', 'rush')),
    CONSTRAINT quotations_status_check CHECK (status IN (
        'draft', 'sent', 'approved', 'rejected', 'expired', 'superseded'
    ))
);

-- A request has one quotation that counts.
CREATE UNIQUE INDEX quotations_request_id_key ON quotations (request_id) WHERE is_active;

-- For finding what has expired.
CREATE INDEX quotations_valid_until_idx ON quotations (valid_until) WHERE status = 'sent';

-- What a customer has to pay for an approved quotation.
CREATE TABLE payment_milestones (
    id UUID NOT NULL,
    quotation_id UUID NOT NULL,
    milestone_type TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    amount BIGINT NOT NULL,
    currency TEXT NOT NULL,
    percentage_bp INTEGER NOT NULL,
    trigger_condition TEXT NOT NULL,
    -- How many packages have to be delivered before it falls due.
    required_deliverables INTEGER NOT NULL,
    status TEXT NOT NULL,
    due_at TIMESTAMPTZ,
    paid_at TIMESTAMPTZ,
    -- The payment that paid it.
    payment_id UUID,
    -- The revision whose fee it is.
    revision_id UUID,
    -- The fewest days before due_at that the customer was reminded at; NULL before the first reminder.
    reminded_days_left INTEGER,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT payment_milestones_id_key PRIMARY KEY (id),
    CONSTRAINT payment_milestones_quotation_id_fkey FOREIGN KEY (quotation_id) REFERENCES quotations (id),
    -- One fee a revision.
    CONSTRAINT payment_milestones_revision_id_key UNIQUE (revision_id),
    CONSTRAINT payment_milestones_milestone_type_check CHECK (milestone_type IN (
        'deposit', 'final_payment', 'revision_fee', 'rush_fee'
    )),
    CONSTRAINT payment_milestones_amount_check CHECK (amount > 0),
    CONSTRAINT payment_milestones_currency_check CHECK (currency IN ('VND', 'USD', 'EUR')),
    CONSTRAINT payment_milestones_trigger_condition_check CHECK (trigger_condition IN (
        'quotation_approved', 'project_started', 'deliverable_sent', 'project_completed'
    )),
    CONSTRAINT payment_milestones_status_check CHECK (status IN ('pending', 'due', 'paid', 'overdue', 'cancelled'))
);

-- For what has to be paid for a quotation.
CREATE INDEX payment_milestones_quotation_id_idx ON payment_milestones (quotation_id, id);

-- For reminders, and for finding what is overdue.
CREATE INDEX payment_milestones_due_at_idx ON payment_milestones (due_at) WHERE status = 'due';
