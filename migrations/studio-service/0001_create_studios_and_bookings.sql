-- Studios, what is in them, and who has them when.

-- A room that can be booked by the hour. Its row is also what bookings of it wait for in turn.
CREATE TABLE studios (
    id UUID NOT NULL,
    name TEXT NOT NULL,
    location TEXT NOT NULL,
    -- How many people it holds.
    capacity INTEGER NOT NULL,
    -- In minor units; everything that is paid in this studio is in its currency, which never changes.
    hourly_rate BIGINT NOT NULL,
    -- Added to each booking.
    admin_fee BIGINT NOT NULL,
    currency TEXT NOT NULL,
    -- Minutes after midnight on the studio's own clock; above 1440 it closes on the next day.
    opens_at_minute INTEGER NOT NULL,
    closes_at_minute INTEGER NOT NULL,
    -- How far its own clock is ahead of UTC.
    utc_offset_minutes INTEGER NOT NULL,
    description TEXT,
    is_active BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT studios_id_key PRIMARY KEY (id),
    CONSTRAINT studios_name_key UNIQUE (name),
    CONSTRAINT studios_capacity_check CHECK (capacity >= 1),
    CONSTRAINT studios_amounts_check CHECK (hourly_rate >= 0 AND admin_fee >= 0),
    CONSTRAINT studios_currency_check CHECK (currency IN ('VND', 'USD', 'EUR')),
    CONSTRAINT studios_opening_check CHECK (
        opens_at_minute BETWEEN 0 AND 1439
        AND closes_at_minute > opens_at_minute AND closes_at_minute <= opens_at_minute + 1440
    ),
    CONSTRAINT studios_utc_offset_minutes_check CHECK (utc_offset_minutes BETWEEN -720 AND 840)
);

-- What kinds of equipment there are.
CREATE TABLE equipment_categories (
    id UUID NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    is_active BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT equipment_categories_id_key PRIMARY KEY (id),
    CONSTRAINT equipment_categories_name_key UNIQUE (name)
);

-- A model of a microphone, an amplifier and so on; how many of it are where stands in studio_equipment.
CREATE TABLE equipment (
    id UUID NOT NULL,
    category_id UUID NOT NULL,
    name TEXT NOT NULL,
    brand TEXT NOT NULL,
    model TEXT NOT NULL,
    description TEXT,
    -- A JSON object of what the maker says of it.
    specifications JSONB NOT NULL,
    -- Of one piece, in minor units.
    purchase_price BIGINT,
    current_value BIGINT,
    currency TEXT NOT NULL,
    purchased_on DATE,
    is_active BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT equipment_id_key PRIMARY KEY (id),
    CONSTRAINT equipment_category_id_fkey FOREIGN KEY (category_id) REFERENCES equipment_categories (id),
    CONSTRAINT equipment_name_brand_model_key UNIQUE (name, brand, model),
    CONSTRAINT equipment_amounts_check CHECK (
        (purchase_price IS NULL OR purchase_price >= 0) AND (current_value IS NULL OR current_value >= 0)
    ),
    CONSTRAINT equipment_currency_check CHECK (currency IN ('VND', 'USD', 'EUR'))
);

-- For the equipment of a category.
CREATE INDEX equipment_category_id_idx ON equipment (category_id, id);

-- How many pieces of a model a studio has in one condition, and what one of them costs a session.
CREATE TABLE studio_equipment (
    id UUID NOT NULL,
    equipment_id UUID NOT NULL,
    studio_id UUID NOT NULL,
    quantity INTEGER NOT NULL,
    condition TEXT NOT NULL,
    -- Of one piece for one session, in minor units of the studio's currency.
    rental_fee BIGINT NOT NULL,
    is_available BOOLEAN NOT NULL,
    location_in_studio TEXT,
    last_maintained_on DATE,
    next_maintenance_on DATE,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT studio_equipment_id_key PRIMARY KEY (id),
    CONSTRAINT studio_equipment_equipment_id_fkey FOREIGN KEY (equipment_id) REFERENCES equipment (id),
    CONSTRAINT studio_equipment_studio_id_fkey FOREIGN KEY (studio_id) REFERENCES studios (id),
    CONSTRAINT studio_equipment_quantity_check CHECK (quantity >= 0),
    CONSTRAINT studio_equipment_condition_check CHECK (condition IN (
        'excellent', 'good', 'fair', 'poor', 'maintenance', 'out_of_order'
    )),
    CONSTRAINT studio_equipment_rental_fee_check CHECK (rental_fee >= 0)
);

-- For what a studio has.
CREATE INDEX studio_equipment_studio_id_idx ON studio_equipment (studio_id, id);

-- For where a model is.
CREATE INDEX studio_equipment_equipment_id_idx ON studio_equipment (equipment_id, id);

-- A session in a studio. The customer and the coordinator are user-service's profiles; the users behind them stand beside
-- them, since a profile belongs to one user for ever.
CREATE TABLE studio_bookings (
    id UUID NOT NULL,
    customer_id UUID NOT NULL,
    customer_user_id UUID NOT NULL,
    studio_id UUID NOT NULL,
    -- What it is for: a project with its request, a request alone, or neither.
    project_id UUID,
    request_id UUID,
    -- Who sees that project or request through.
    coordinator_user_id UUID,
    session_type TEXT NOT NULL,
    starts_at TIMESTAMPTZ NOT NULL,
    ends_at TIMESTAMPTZ NOT NULL,
    status TEXT NOT NULL,
    -- How it was billed when it was booked; later changes of rates and fees leave it alone.
    billing_step_minutes INTEGER NOT NULL,
    min_billing_minutes INTEGER NOT NULL,
    studio_rate BIGINT NOT NULL,
    billable_minutes INTEGER NOT NULL,
    studio_fee BIGINT NOT NULL,
    artist_fee BIGINT NOT NULL,
    admin_fee BIGINT NOT NULL,
    equipment_fee BIGINT NOT NULL,
    total_cost BIGINT NOT NULL,
    currency TEXT NOT NULL,
    purpose TEXT,
    special_instructions TEXT,
    -- Until when a pending booking keeps others out; NULL once it is confirmed.
    hold_expires_at TIMESTAMPTZ,
    -- The fewest days before starts_at that people were reminded at; NULL before the first reminder.
    reminded_days_left INTEGER,
    -- The user who booked, and the key under which they may send it again.
    created_by UUID NOT NULL,
    idempotency_key TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT studio_bookings_id_key PRIMARY KEY (id),
    CONSTRAINT studio_bookings_studio_id_fkey FOREIGN KEY (studio_id) REFERENCES studios (id),
    -- What is sent again is booked once.
    CONSTRAINT studio_bookings_created_by_idempotency_key_key UNIQUE (created_by, idempotency_key),
    CONSTRAINT studio_bookings_session_type_check CHECK (session_type IN (
        'self_recording', 'artist_assisted', 'hybrid'
    )),
    CONSTRAINT studio_bookings_status_check CHECK (status IN (
        'pending', 'confirmed', 'in_progress', 'completed', 'cancelled', 'no_show'
    )),
    CONSTRAINT studio_bookings_time_check CHECK (starts_at < ends_at),
    CONSTRAINT studio_bookings_project_check CHECK (project_id IS NULL OR request_id IS NOT NULL),
    CONSTRAINT studio_bookings_hold_check CHECK (status <> 'pending' OR hold_expires_at IS NOT NULL),
    CONSTRAINT studio_bookings_minutes_check CHECK (
        billing_step_minutes > 0 AND min_billing_minutes > 0 AND billable_minutes >= min_billing_minutes
    ),
    CONSTRAINT studio_bookings_amounts_check CHECK (
        studio_rate >= 0 AND studio_fee >= 0 AND artist_fee >= 0 AND admin_fee >= 0 AND equipment_fee >= 0
        AND total_cost = studio_fee + artist_fee + admin_fee + equipment_fee
    ),
    CONSTRAINT studio_bookings_currency_check CHECK (currency IN ('VND', 'USD', 'EUR'))
);

-- For what keeps a studio at some time.
CREATE INDEX studio_bookings_studio_id_idx ON studio_bookings (studio_id, ends_at)
    WHERE status IN ('pending', 'confirmed', 'in_progress');

-- For the bookings of a customer, newest first.
CREATE INDEX studio_bookings_customer_user_id_idx ON studio_bookings (customer_user_id, id);

-- For the bookings of a coordinator, and for those that no one coordinates.
CREATE INDEX studio_bookings_coordinator_user_id_idx ON studio_bookings (coordinator_user_id, id);

-- For what was booked for a request, and for the projects of requests.
CREATE INDEX studio_bookings_request_id_idx ON studio_bookings (request_id, id);

-- For what was booked for a project.
CREATE INDEX studio_bookings_project_id_idx ON studio_bookings (project_id, id);

-- For finding holds that have expired.
CREATE INDEX studio_bookings_hold_expires_at_idx ON studio_bookings (hold_expires_at) WHERE status = 'pending';

-- For reminders, and for finding those who did not come.
CREATE INDEX studio_bookings_starts_at_idx ON studio_bookings (starts_at) WHERE status = 'confirmed';

-- Who sings and plays in a session.
CREATE TABLE booking_artists (
    id UUID NOT NULL,
    booking_id UUID NOT NULL,
    -- specialist-service's profile, and the user behind it.
    specialist_id UUID NOT NULL,
    specialist_user_id UUID NOT NULL,
    role TEXT NOT NULL,
    -- specialist-service's skill; NULL for a voice, or whatever the artist plays.
    instrument_skill_id UUID,
    -- For the session, in minor units of the booking's currency; 0 for a second part of the same artist.
    fee BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT booking_artists_id_key PRIMARY KEY (id),
    CONSTRAINT booking_artists_booking_id_fkey FOREIGN KEY (booking_id) REFERENCES studio_bookings (id),
    CONSTRAINT booking_artists_role_check CHECK (role IN ('vocalist', 'instrumentalist', 'both')),
    CONSTRAINT booking_artists_fee_check CHECK (fee >= 0)
);

-- An artist has one part an instrument, and one without: a plain key would let any number of NULLs be, so the booking's own id,
-- which is no skill's, stands for none.
CREATE UNIQUE INDEX booking_artists_part_key
    ON booking_artists (booking_id, specialist_id, COALESCE(instrument_skill_id, booking_id));

-- For whether an artist is in another session.
CREATE INDEX booking_artists_specialist_id_idx ON booking_artists (specialist_id, booking_id);

-- For the sessions that an artist takes part in.
CREATE INDEX booking_artists_specialist_user_id_idx ON booking_artists (specialist_user_id, booking_id);

-- What of a studio's equipment is wanted in a session.
CREATE TABLE booking_required_equipment (
    id UUID NOT NULL,
    booking_id UUID NOT NULL,
    studio_equipment_id UUID NOT NULL,
    quantity INTEGER NOT NULL,
    -- Of one piece, in minor units of the booking's currency, as it was when it was booked.
    rental_fee BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT booking_required_equipment_id_key PRIMARY KEY (id),
    CONSTRAINT booking_required_equipment_booking_id_fkey FOREIGN KEY (booking_id) REFERENCES studio_bookings (id),
    CONSTRAINT booking_required_equipment_studio_equipment_id_fkey
        FOREIGN KEY (studio_equipment_id) REFERENCES studio_equipment (id),
    CONSTRAINT booking_required_equipment_booking_id_studio_equipment_id_key UNIQUE (booking_id, studio_equipment_id),
    CONSTRAINT booking_required_equipment_quantity_check CHECK (quantity >= 1),
    CONSTRAINT booking_required_equipment_rental_fee_check CHECK (rental_fee >= 0)
);

-- For what is lent of a piece of equipment.
CREATE INDEX booking_required_equipment_studio_equipment_id_idx ON booking_required_equipment (studio_equipment_id);
