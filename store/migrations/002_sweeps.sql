-- When to look for what webhooks have not told, 0 for never. A pipeline of
-- before is looked at soon; its installation is filled in by its next commit.
ALTER TABLE pipelines ADD COLUMN sweep_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE pipelines ADD COLUMN installation BIGINT NOT NULL DEFAULT 0;
UPDATE pipelines SET sweep_at = 1;
CREATE INDEX pipelines_sweep ON pipelines (sweep_at, installation) WHERE sweep_at > 0;

CREATE INDEX deliveries_failed ON deliveries (received_at) WHERE outcome = 'failed';

-- Since when the instance is there; the advisory lock that it holds, and when
-- the server that gave it the lock was started. 0: an older version's instance.
ALTER TABLE instances ADD COLUMN since BIGINT NOT NULL DEFAULT 0;
ALTER TABLE instances ADD COLUMN lock_key BIGINT NOT NULL DEFAULT 0;
ALTER TABLE instances ADD COLUMN server_at BIGINT NOT NULL DEFAULT 0;
