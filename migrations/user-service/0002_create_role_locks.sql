-- One row for each role of which a number has to stay: whoever takes such a role away changes its row first, and so is
-- alone. (The rows in user_roles would not do: statements that change several of them meet in different orders.)
CREATE TABLE role_locks (
    role TEXT NOT NULL,
    CONSTRAINT role_locks_role_key PRIMARY KEY (role)
);

INSERT INTO role_locks (role) VALUES ('system_admin');
