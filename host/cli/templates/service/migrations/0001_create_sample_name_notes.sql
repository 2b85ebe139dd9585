CREATE TABLE sample_name_notes (
    id UUID NOT NULL PRIMARY KEY,
    text TEXT NOT NULL CONSTRAINT sample_name_notes_text_check CHECK (text <> ''),
    handled BOOLEAN NOT NULL
);
