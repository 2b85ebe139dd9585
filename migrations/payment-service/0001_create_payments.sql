-- What was paid, and what was given back.

-- A payment of a milestone, or the refund of one. The milestone is quotation-service's, the payer user-service's.
CREATE TABLE payments (
    id UUID NOT NULL,
    milestone_id UUID NOT NULL,
    milestone_type TEXT NOT NULL,
    milestone_name TEXT NOT NULL,
    quotation_id UUID NOT NULL,
    request_id UUID NOT NULL,
    -- The user who pays, or who is given back.
    payer_id UUID NOT NULL,
    -- The user who sees the request through.
    coordinator_user_id UUID NOT NULL,
    -- In minor units.
    amount BIGINT NOT NULL,
    currency TEXT NOT NULL,
    method TEXT NOT NULL,
    status TEXT NOT NULL,
    -- NULL for a refund, which refund_of tells from others.
    idempotency_key TEXT,
    gateway TEXT NOT NULL,
    -- What stands for the means of payment at the gateway; no number of a card.
    gateway_token TEXT NOT NULL,
    -- NULL until the gateway has answered.
    gateway_transaction_id TEXT,
    -- What the gateway last said of it, for whoever has to look into it.
    gateway_response JSONB NOT NULL,
    failure_reason TEXT,
    -- Where the request came from; NULL when nobody asked.
    ip_address TEXT,
    user_agent TEXT,
    completed_at TIMESTAMPTZ,
    refunded_at TIMESTAMPTZ,
    -- The payment that this one gives back.
    refund_of UUID,
    -- Why money goes back, and the administrator who said so; NULL when nobody did.
    refund_reason TEXT,
    refund_by UUID,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT payments_id_key PRIMARY KEY (id),
    -- A repeated request is the same payment.
    CONSTRAINT payments_payer_id_idempotency_key_key UNIQUE (payer_id, idempotency_key),
    -- What a gateway did once is counted once.
    CONSTRAINT payments_gateway_gateway_transaction_id_key UNIQUE (gateway, gateway_transaction_id),
    CONSTRAINT payments_refund_of_fkey FOREIGN KEY (refund_of) REFERENCES payments (id),
    CONSTRAINT payments_idempotency_key_check CHECK (
        (refund_of IS NULL AND idempotency_key IS NOT NULL) OR (refund_of IS NOT NULL AND idempotency_key IS NULL)
    ),
    CONSTRAINT payments_amount_check CHECK (amount > 0),
    CONSTRAINT payments_currency_check CHECK (currency IN ('VND', 'USD', 'EUR')),
    CONSTRAINT payments_method_check CHECK (method IN (
        'credit_card', 'debit_card', 'bank_transfer', 'digital_wallet', 'cash'
    )),
    CONSTRAINT payments_status_check CHECK (status IN (
        'pending', 'processing', 'completed', 'failed', 'cancelled', 'refunded'
    ))
);

-- A milestone is paid once, however many try at the same time.
CREATE UNIQUE INDEX payments_milestone_id_key ON payments (milestone_id)
    WHERE refund_of IS NULL AND status IN ('processing', 'completed');

-- A payment is given back once; after a refund that failed there may be another.
CREATE UNIQUE INDEX payments_refund_of_key ON payments (refund_of)
    WHERE status IN ('pending', 'processing', 'completed');

-- For a payer's own payments, newest first.
CREATE INDEX payments_payer_id_idx ON payments (payer_id, id);

-- For the payments of the requests that a coordinator sees through.
CREATE INDEX payments_coordinator_user_id_idx ON payments (coordinator_user_id, id);

-- For what was paid for a milestone.
CREATE INDEX payments_milestone_id_idx ON payments (milestone_id, id);

-- For giving back what was paid for a quotation.
CREATE INDEX payments_quotation_id_idx ON payments (quotation_id);

-- For what is on its way, the one that was looked at longest ago first.
CREATE INDEX payments_status_idx ON payments (status, updated_at);
