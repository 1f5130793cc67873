-- What is kept of changes and promotions after their events are removed: see package
-- bot/history. Names that are SHAs or UUIDs are stored as their bytes, and frequent words
-- have codes: see history_rows.go.
CREATE TABLE history_pipelines ( -- a pipeline is in here once it has rows
    id     INTEGER PRIMARY KEY, -- counts up from 1
    repo   TEXT NOT NULL,
    name   TEXT NOT NULL,
    filled BIGINT NOT NULL,     -- 1: what was there before these tables is written, too
    UNIQUE (repo, name)
);

CREATE TABLE history_changes (
    pipeline     INTEGER NOT NULL,
    sha          BYTEA NOT NULL,
    seen_at      BIGINT NOT NULL,
    pushed_at    BIGINT NOT NULL, -- 0: no push brought it
    ended_at     BIGINT NOT NULL, -- 0: it is on its way
    build_began  BIGINT NOT NULL,
    build_ended  BIGINT NOT NULL,
    green_at     BIGINT NOT NULL,
    red_at       BIGINT NOT NULL,
    pull         BIGINT NOT NULL, -- 0: none, as far as known
    title        TEXT NOT NULL,
    author       TEXT NOT NULL,
    built        TEXT NOT NULL,
    built_of     BYTEA NOT NULL,
    app          TEXT NOT NULL,
    build_failed TEXT NOT NULL,
    red          TEXT NOT NULL,   -- a name a line
    classes      TEXT NOT NULL,   -- a name a line
    waits        TEXT NOT NULL,   -- a stage a line: its name, and each part's microseconds and name
    outcome      TEXT NOT NULL,
    by_what      TEXT NOT NULL,
    PRIMARY KEY (pipeline, sha)
);
CREATE INDEX history_changes_seen ON history_changes (pipeline, seen_at);

CREATE TABLE history_promotions (
    pipeline INTEGER NOT NULL,
    stage    TEXT NOT NULL,
    n        BIGINT NOT NULL, -- below 0: made by hand
    began    BIGINT NOT NULL,
    released BIGINT NOT NULL,
    proved   BIGINT NOT NULL,
    ended    BIGINT NOT NULL, -- 0: it is under way
    commits  BIGINT NOT NULL,
    pull     BIGINT NOT NULL, -- whose head it is; 0: it is a commit of the branch
    sha      BYTEA NOT NULL,
    artifact BYTEA NOT NULL,
    replaced BYTEA NOT NULL,
    kind     TEXT NOT NULL,
    who      TEXT NOT NULL,
    why      TEXT NOT NULL,
    result   TEXT NOT NULL,
    reason   TEXT NOT NULL,
    apps     TEXT NOT NULL, -- an app a line: its name, and the version of its release
    PRIMARY KEY (pipeline, stage, n)
);
CREATE INDEX history_promotions_began ON history_promotions (pipeline, began);

CREATE TABLE history_process (
    pipeline INTEGER NOT NULL,
    at       BIGINT NOT NULL,
    sha      BYTEA NOT NULL,
    config   TEXT NOT NULL, -- JSON
    PRIMARY KEY (pipeline, at)
);

CREATE TABLE history_audit (
    pipeline INTEGER NOT NULL,
    id       TEXT NOT NULL,
    at       BIGINT NOT NULL,
    pull     BIGINT NOT NULL,
    ok       BIGINT NOT NULL, -- 1: it was carried out
    who      TEXT NOT NULL,
    role     TEXT NOT NULL,
    via      TEXT NOT NULL,
    command  TEXT NOT NULL,
    answer   TEXT NOT NULL,
    PRIMARY KEY (pipeline, id)
);
CREATE INDEX history_audit_at ON history_audit (at);
