-- Who works for the studio, what they can do, and what they let others hear.

-- A specialist. What user-service knows of the user stands beside it as a copy, which its events keep right.
CREATE TABLE specialists (
    id UUID NOT NULL,
    user_id UUID NOT NULL,
    -- Copies: the name, whether the account can be used, and which of the roles of specialists the user holds.
    full_name TEXT NOT NULL,
    is_account_active BOOLEAN NOT NULL,
    is_transcriber BOOLEAN NOT NULL,
    is_arranger BOOLEAN NOT NULL,
    is_recording_artist BOOLEAN NOT NULL,
    specialization TEXT NOT NULL,
    experience_years INTEGER NOT NULL,
    -- In minor units.
    hourly_rate BIGINT NOT NULL,
    currency TEXT NOT NULL,
    max_concurrent_tasks INTEGER NOT NULL,
    portfolio_url TEXT,
    -- All stars together, so that the mean is exact.
    rating_sum BIGINT NOT NULL,
    rating_count INTEGER NOT NULL,
    -- The mean, in basis points of a star; 0 without a rating.
    rating_bp INTEGER NOT NULL,
    total_projects INTEGER NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT specialists_id_key PRIMARY KEY (id),
    -- One profile a user; also for finding it by the user.
    CONSTRAINT specialists_user_id_key UNIQUE (user_id),
    CONSTRAINT specialists_specialization_check CHECK (specialization IN (
        'transcription', 'arrangement', 'recording', 'mixing', 'mastering'
    )),
    CONSTRAINT specialists_experience_years_check CHECK (experience_years >= 0),
    CONSTRAINT specialists_hourly_rate_check CHECK (hourly_rate >= 0),
    CONSTRAINT specialists_currency_check CHECK (currency IN ('VND', 'USD', 'EUR')),
    CONSTRAINT specialists_max_concurrent_tasks_check CHECK (max_concurrent_tasks > 0),
    CONSTRAINT specialists_rating_check CHECK (
        rating_count >= 0 AND rating_sum >= rating_count AND rating_sum <= rating_count * 5
        AND rating_bp BETWEEN 0 AND 50000
    ),
    CONSTRAINT specialists_total_projects_check CHECK (total_projects >= 0)
);

-- For the list of specialists of one kind.
CREATE INDEX specialists_specialization_idx ON specialists (specialization, id);

-- What skills are sorted into.
CREATE TABLE skill_categories (
    id UUID NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    -- Only an active category has active skills.
    is_active BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT skill_categories_id_key PRIMARY KEY (id),
    CONSTRAINT skill_categories_name_key UNIQUE (name)
);

-- What a specialist can have learnt. A skill is never deleted, so that what refers to it stays.
CREATE TABLE skills (
    id UUID NOT NULL,
    category_id UUID NOT NULL,
    name TEXT NOT NULL,
    description TEXT,
    -- Whether it can be chosen.
    is_active BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT skills_id_key PRIMARY KEY (id),
    CONSTRAINT skills_name_key UNIQUE (name),
    CONSTRAINT skills_category_id_fkey FOREIGN KEY (category_id) REFERENCES skill_categories (id)
);

-- For the skills of a category.
CREATE INDEX skills_category_id_idx ON skills (category_id, id);

-- Who can do what, and how well.
CREATE TABLE specialist_skills (
    specialist_id UUID NOT NULL,
    skill_id UUID NOT NULL,
    proficiency TEXT NOT NULL,
    years_experience INTEGER NOT NULL,
    last_used_at TIMESTAMPTZ,
    is_certified BOOLEAN NOT NULL,
    certification_details TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT specialist_skills_specialist_id_skill_id_key PRIMARY KEY (specialist_id, skill_id),
    CONSTRAINT specialist_skills_specialist_id_fkey FOREIGN KEY (specialist_id) REFERENCES specialists (id),
    CONSTRAINT specialist_skills_skill_id_fkey FOREIGN KEY (skill_id) REFERENCES skills (id),
    CONSTRAINT specialist_skills_proficiency_check CHECK (proficiency IN (
        'beginner', 'intermediate', 'advanced', 'expert'
    )),
    CONSTRAINT specialist_skills_years_experience_check CHECK (years_experience >= 0),
    CONSTRAINT specialist_skills_certification_check CHECK (is_certified OR certification_details IS NULL)
);

-- For the specialists who have a skill.
CREATE INDEX specialist_skills_skill_id_idx ON specialist_skills (skill_id, specialist_id);

-- What a specialist lets others hear: a file of file-service, or an address elsewhere.
CREATE TABLE artist_demos (
    id UUID NOT NULL,
    specialist_id UUID NOT NULL,
    role TEXT NOT NULL,
    title TEXT NOT NULL,
    description TEXT,
    instrument_skill_id UUID,
    vocal_range TEXT,
    genre TEXT,
    file_id UUID,
    preview_url TEXT,
    is_public BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT artist_demos_id_key PRIMARY KEY (id),
    CONSTRAINT artist_demos_specialist_id_fkey FOREIGN KEY (specialist_id) REFERENCES specialists (id),
    CONSTRAINT artist_demos_instrument_skill_id_fkey FOREIGN KEY (instrument_skill_id) REFERENCES skills (id),
    CONSTRAINT artist_demos_role_check CHECK (role IN ('vocalist', 'instrumentalist', 'both')),
    -- Singers have a range, and players an instrument.
    CONSTRAINT artist_demos_part_check CHECK (
        (role <> 'vocalist' OR instrument_skill_id IS NULL) AND (role <> 'instrumentalist' OR vocal_range IS NULL)
    ),
    CONSTRAINT artist_demos_recording_check CHECK (
        (file_id IS NULL AND preview_url IS NOT NULL) OR (file_id IS NOT NULL AND preview_url IS NULL)
    )
);

-- For a specialist's demos.
CREATE INDEX artist_demos_specialist_id_idx ON artist_demos (specialist_id, id);

-- For hiding the demos of a file that was deleted.
CREATE INDEX artist_demos_file_id_idx ON artist_demos (file_id) WHERE file_id IS NOT NULL;
