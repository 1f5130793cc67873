-- Comments that pipelines have heard of, by GitHub's number of the comment, which no two
-- repositories share: a redelivery does nothing. They are removed after some days.
CREATE TABLE seen_comments (
    id       BIGINT NOT NULL,
    name     TEXT NOT NULL, -- of the pipeline within its repository
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (id, name)
);
CREATE INDEX seen_comments_at ON seen_comments (seen_at);
