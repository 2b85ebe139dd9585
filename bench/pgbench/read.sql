-- As FIND in bench/src/native/item.rs: one of the rows that were there at first, by its key.
\set id random(1, :rows)
SELECT id, name, quantity, created_at FROM items WHERE id = CAST(lpad(CAST(:id AS TEXT), 32, '0') AS UUID);
