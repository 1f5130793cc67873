-- Where each pipeline stands in the queues of the prepare apps that it builds on. A row
-- changes only while its app's row in build_queue_apps is locked.
CREATE TABLE build_queue (
    platform TEXT NOT NULL,
    app      TEXT NOT NULL,
    repo     TEXT NOT NULL,
    name     TEXT NOT NULL,
    entry    TEXT NOT NULL, -- JSON
    PRIMARY KEY (platform, app, repo, name)
);
CREATE INDEX build_queue_pipeline ON build_queue (repo, name);

CREATE TABLE build_queue_apps (
    platform TEXT NOT NULL,
    app      TEXT NOT NULL,
    moves    BIGINT NOT NULL, -- counts changes of the queue
    PRIMARY KEY (platform, app)
);
