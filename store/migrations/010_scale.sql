-- When the operator's newest word was said that has reached every pipeline, so that a
-- start need not read all of them.
ALTER TABLE operator_freeze ADD COLUMN passed_at BIGINT NOT NULL DEFAULT 0;

-- River's, of its PostgreSQL tables, for queries that we never make. Each version of a job
-- has to be written into both.
DROP INDEX IF EXISTS river_job_args_index;
DROP INDEX IF EXISTS river_job_metadata_index;
