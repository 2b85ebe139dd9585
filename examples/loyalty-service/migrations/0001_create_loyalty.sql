-- Who has how many points, and for which payments.

-- A customer who has paid once. Its row is also what payments of one customer wait for in turn.
CREATE TABLE loyalty_accounts (
    -- The customer's profile in user-service.
    customer_id UUID NOT NULL,
    -- The user who is that customer: requests know no other id.
    user_id UUID NOT NULL,
    -- The sum of the entries that were not given back.
    points BIGINT NOT NULL,
    -- What the points make of the customer.
    level TEXT NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT loyalty_accounts_customer_id_key PRIMARY KEY (customer_id),
    CONSTRAINT loyalty_accounts_user_id_key UNIQUE (user_id),
    CONSTRAINT loyalty_accounts_points_check CHECK (points >= 0),
    CONSTRAINT loyalty_accounts_level_check CHECK (level IN ('none', 'silver', 'gold'))
);

-- A payment and what it was worth. A milestone may be paid again after a refund, so payments are counted and not milestones.
CREATE TABLE loyalty_entries (
    payment_id UUID NOT NULL,
    milestone_id UUID NOT NULL,
    -- NULL when the money went back before anybody told that it had come: such a payment is worth nothing.
    customer_id UUID,
    -- In minor units.
    amount BIGINT NOT NULL,
    currency TEXT NOT NULL,
    points BIGINT NOT NULL,
    -- NULL as long as the points count.
    refunded_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT loyalty_entries_payment_id_key PRIMARY KEY (payment_id),
    CONSTRAINT loyalty_entries_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES loyalty_accounts (customer_id),
    CONSTRAINT loyalty_entries_amounts_check CHECK (amount > 0 AND points >= 0),
    CONSTRAINT loyalty_entries_customer_id_check CHECK (
        customer_id IS NOT NULL OR (points = 0 AND refunded_at IS NOT NULL)
    )
);

-- For the last entries of a customer.
CREATE INDEX loyalty_entries_customer_id_idx ON loyalty_entries (customer_id, created_at);
