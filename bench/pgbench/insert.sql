-- As INSERT and EMIT in bench/src/native/item.rs. Keys ascend, as those that carry the time do, and are the client's own.
\set n :n + 1
\set id :n * 1024 + :client_id
BEGIN;
INSERT INTO items (id, name, quantity, created_at)
    VALUES (CAST(lpad(CAST(:id AS TEXT), 32, '0') AS UUID), :name, :quantity, :now);
INSERT INTO outbox_events (event_id, aggregate_id, aggregate_type, event_type, event_payload, occurred_at)
    VALUES (lpad(CAST(:id AS TEXT), 36, '0'), lpad(CAST(:id AS TEXT), 36, '0'), 'item', 'item.created', :payload, :now);
COMMIT;
