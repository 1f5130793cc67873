-- The end of what failed builds and releases wrote, without secrets. There are few, and the
-- rows of a pipeline are found by its number, so that one index suffices besides.
CREATE TABLE history_output (
    pipeline    INTEGER NOT NULL,
    app         TEXT NOT NULL,
    id          TEXT NOT NULL,   -- the platform's, of the build or the release
    at          BIGINT NOT NULL,
    fingerprint BIGINT NOT NULL, -- of the error; 0: unknown
    sha         BYTEA NOT NULL,  -- that was built; empty: a release
    stage       TEXT NOT NULL,   -- of the release; empty: a build
    n           BIGINT NOT NULL, -- of the release's promotion
    cut         BIGINT NOT NULL, -- 1: something was written before
    error       TEXT NOT NULL,
    text        BYTEA NOT NULL,  -- gzip
    PRIMARY KEY (pipeline, app, id)
);
CREATE INDEX history_output_at ON history_output (at);
