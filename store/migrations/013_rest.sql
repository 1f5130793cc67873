-- What there is to say of a pipeline at rest, so that a list of pipelines does not read
-- their states: see history.Rest. It is right if rest_at is the pipeline's version, and
-- unknown otherwise. Empty: it is not at rest.
ALTER TABLE pipelines ADD COLUMN rest TEXT NOT NULL DEFAULT '';
ALTER TABLE pipelines ADD COLUMN rest_at BIGINT NOT NULL DEFAULT 0;
