-- What insights need besides: see package insight. An /incident is about a release.
ALTER TABLE history_promotions ADD COLUMN urgent BIGINT NOT NULL DEFAULT 0; -- 1: it passed windows, freezes and soak
ALTER TABLE history_changes ADD COLUMN last_check TEXT NOT NULL DEFAULT '';
ALTER TABLE history_changes ADD COLUMN last_check_by BIGINT NOT NULL DEFAULT 0; -- microseconds
ALTER TABLE history_audit ADD COLUMN stage TEXT NOT NULL DEFAULT '';
ALTER TABLE history_audit ADD COLUMN sha BYTEA NOT NULL DEFAULT '';

-- Sums of the rows, which are kept longer than they are. They can be made of them anew.
CREATE TABLE history_days (
    pipeline INTEGER NOT NULL,
    day      INTEGER NOT NULL, -- since 1970-01-01, by the pipeline's clocks
    stage    TEXT NOT NULL,    -- empty: what belongs to none
    sums     BYTEA NOT NULL,   -- as insight.Sums packs them
    PRIMARY KEY (pipeline, day, stage)
);

-- The days of a pipeline added up by week, in one row: a fleet of ten thousand is added up of them.
CREATE TABLE history_weeks (
    pipeline INTEGER PRIMARY KEY,
    version  BIGINT NOT NULL, -- of the pipeline when they were made
    due      BIGINT NOT NULL, -- when they have to be made again, even if nothing changes; 0: never
    first    BIGINT NOT NULL, -- the first day of which there are rows
    recent   BYTEA NOT NULL,  -- the newest week first: its Monday, and its sums; of half a year
    older    BYTEA NOT NULL   -- the weeks before. Whoever does not ask for them does not read their pages
);
