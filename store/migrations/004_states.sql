-- A state is large, and changes with every event: most of the time it is enough to
-- save those. It is apart from what changes with it, so that it is not written along.
CREATE TABLE pipeline_states (
    repo  TEXT NOT NULL,
    name  TEXT NOT NULL,
    event BIGINT NOT NULL, -- the newest that is folded in; later ones are when it is loaded, and stay until then
    state TEXT NOT NULL, -- JSON
    PRIMARY KEY (repo, name)
);
INSERT INTO pipeline_states (repo, name, event, state) SELECT repo, name, last_event, state FROM pipelines;
ALTER TABLE pipelines DROP COLUMN state;
