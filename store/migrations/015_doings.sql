-- What was done with the server itself, not with a pipeline: sign-ins, freezes, starts.
CREATE TABLE history_doings (
    at     BIGINT NOT NULL,
    id     TEXT NOT NULL,   -- drawn at random: two may happen in the same moment
    who    TEXT NOT NULL,
    via    TEXT NOT NULL,
    what   TEXT NOT NULL,
    answer TEXT NOT NULL,
    ok     BIGINT NOT NULL, -- 1: it was done
    PRIMARY KEY (at, id)
);
-- Marks of the settings of the last start, which tell that one has changed and nothing of its value.
CREATE TABLE settings_seen (
    name TEXT PRIMARY KEY,
    mark TEXT NOT NULL
);
