-- Sessions of people who have signed in to the pages, or are about to.
CREATE TABLE sessions (
    token   TEXT PRIMARY KEY, -- a hash of what the cookie has
    person  BIGINT NOT NULL,  -- GitHub's number of the account; 0: not signed in yet
    data    BYTEA NOT NULL,   -- encrypted: the database alone lets nobody in
    expires BIGINT NOT NULL
);
CREATE INDEX sessions_expires ON sessions (expires);
CREATE INDEX sessions_person ON sessions (person);
