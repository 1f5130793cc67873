-- Both databases run this file. Times are microseconds since 1970, 0 for none.
-- BYTEA means nothing to SQLite, which then keeps the bytes as they are.

CREATE TABLE deliveries (
    guid         TEXT PRIMARY KEY,
    event        TEXT NOT NULL,
    body         BYTEA NOT NULL, -- emptied once it was processed
    received_at  BIGINT NOT NULL,
    processed_at BIGINT NOT NULL DEFAULT 0,
    outcome      TEXT NOT NULL DEFAULT '', -- empty while it waits, else processed or failed
    reason       TEXT NOT NULL DEFAULT '', -- why the last attempt failed
    attempts     BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX deliveries_received ON deliveries (received_at);

CREATE TABLE pipelines (
    repo       TEXT NOT NULL, -- owner/name
    name       TEXT NOT NULL, -- empty for the only pipeline of a repository
    version    BIGINT NOT NULL,
    state      TEXT NOT NULL, -- JSON
    wake_at    BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    last_event BIGINT NOT NULL, -- seq of its newest event
    PRIMARY KEY (repo, name)
);
CREATE INDEX pipelines_wake ON pipelines (wake_at) WHERE wake_at > 0;

CREATE TABLE pipeline_apps (
    platform TEXT NOT NULL,
    app      TEXT NOT NULL,
    repo     TEXT NOT NULL,
    name     TEXT NOT NULL,
    PRIMARY KEY (platform, app, repo, name)
);
CREATE INDEX pipeline_apps_pipeline ON pipeline_apps (repo, name);

CREATE TABLE events (
    repo  TEXT NOT NULL,
    name  TEXT NOT NULL,
    seq   BIGINT NOT NULL, -- counts up per pipeline
    at    BIGINT NOT NULL,
    kind  TEXT NOT NULL, -- the name of the fact's type
    event TEXT NOT NULL, -- JSON
    PRIMARY KEY (repo, name, seq)
);
CREATE INDEX events_at ON events (at);

-- Who works on jobs right now. SQLite has one process and leaves it empty.
CREATE TABLE instances (
    id      TEXT PRIMARY KEY, -- as River writes it into a job's attempted_by
    seen_at BIGINT NOT NULL -- by the database's clock
);
