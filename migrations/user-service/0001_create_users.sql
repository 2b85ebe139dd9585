-- Accounts, the roles that they hold, and the profiles that go with two of the roles.
--
-- Primary keys are named like unique constraints (`…_key`): SQLite reports a violated primary key as a unique one, and
-- a name is the same on every engine.

-- Who may use the application. Email and username are kept in lower case, which makes them unique whatever the case.
CREATE TABLE users (
    id UUID NOT NULL,
    email TEXT NOT NULL,
    username TEXT NOT NULL,
    -- Argon2id, as a PHC string.
    password_hash TEXT NOT NULL,
    full_name TEXT NOT NULL,
    phone TEXT,
    address TEXT,
    -- One of the active roles in user_roles, the first one given.
    primary_role TEXT,
    is_active BOOLEAN NOT NULL,
    -- Failed logins since the last good one or the last lock.
    failed_logins INTEGER NOT NULL,
    locked_until TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT users_id_key PRIMARY KEY (id),
    CONSTRAINT users_email_key UNIQUE (email),
    CONSTRAINT users_username_key UNIQUE (username),
    CONSTRAINT users_failed_logins_check CHECK (failed_logins >= 0),
    CONSTRAINT users_primary_role_check CHECK (primary_role IN (
        'customer', 'transcription_specialist', 'arrangement_specialist', 'recording_artist', 'service_coordinator',
        'system_admin'
    ))
);

-- Every role that a user holds or held; a revoked one stays with is_active = false.
CREATE TABLE user_roles (
    user_id UUID NOT NULL,
    role TEXT NOT NULL,
    assigned_at TIMESTAMPTZ NOT NULL,
    -- The administrator; NULL for self-registration and the first administrator.
    assigned_by UUID,
    is_active BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT user_roles_user_id_role_key PRIMARY KEY (user_id, role),
    CONSTRAINT user_roles_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT user_roles_role_check CHECK (role IN (
        'customer', 'transcription_specialist', 'arrangement_specialist', 'recording_artist', 'service_coordinator',
        'system_admin'
    ))
);

-- For the list of users by role, and for counting administrators.
CREATE INDEX user_roles_role_idx ON user_roles (role, user_id) WHERE is_active;

-- What is known of a user as a customer. Its id is the customer_id of other services.
CREATE TABLE customers (
    id UUID NOT NULL,
    user_id UUID NOT NULL,
    customer_type TEXT NOT NULL,
    company_name TEXT,
    tax_id TEXT,
    preferred_contact TEXT NOT NULL,
    notes TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT customers_id_key PRIMARY KEY (id),
    CONSTRAINT customers_user_id_key UNIQUE (user_id),
    CONSTRAINT customers_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT customers_customer_type_check CHECK (customer_type IN ('individual', 'business', 'organization')),
    CONSTRAINT customers_preferred_contact_check CHECK (preferred_contact IN ('email', 'phone', 'sms'))
);

-- What is known of a user as a coordinator. Its id is the coordinator_id of other services.
CREATE TABLE service_coordinators (
    id UUID NOT NULL,
    user_id UUID NOT NULL,
    department TEXT,
    max_concurrent_projects INTEGER NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT service_coordinators_id_key PRIMARY KEY (id),
    CONSTRAINT service_coordinators_user_id_key UNIQUE (user_id),
    CONSTRAINT service_coordinators_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT service_coordinators_max_concurrent_projects_check CHECK (max_concurrent_projects > 0)
);
