-- Tokens of the API, each of a person.
CREATE TABLE tokens (
    hash      TEXT PRIMARY KEY, -- SHA-256 of the token, in hexadecimal: the database lets nobody in
    id        TEXT NOT NULL,    -- how the token begins, which its person knows it by
    person    BIGINT NOT NULL,  -- GitHub's number of the account
    login     TEXT NOT NULL,    -- the account's name when the token was made
    name      TEXT NOT NULL,
    pipelines TEXT NOT NULL,    -- names, a line each; empty: all that the person sees
    may       TEXT NOT NULL,    -- reads or commands
    made      BIGINT NOT NULL,
    expires   BIGINT NOT NULL,
    used      BIGINT NOT NULL   -- about when last; 0: never
);
CREATE INDEX tokens_person ON tokens (person);
CREATE INDEX tokens_expires ON tokens (expires);
