-- The pipelines whose repository's number nobody has told: with every repository that is
-- heard of for the first time they are looked for by installation.
CREATE INDEX pipelines_unnumbered ON pipelines (installation, repo) WHERE repo_id = 0;
