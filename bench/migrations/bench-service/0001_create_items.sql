-- What the benchmark reads and writes, on the host and on the native server alike.
CREATE TABLE items (
    id UUID NOT NULL,
    name TEXT NOT NULL,
    quantity BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT items_id_key PRIMARY KEY (id)
);
