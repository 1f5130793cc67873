-- A repository is known by its number, which GitHub never gives to another one.
-- Where each of those is that have pipelines.
CREATE TABLE repositories (
    id        BIGINT PRIMARY KEY,
    name      TEXT NOT NULL UNIQUE, -- owner/name in lower case
    full_name TEXT NOT NULL         -- as it is spelled, and as pipelines have it
);
-- Which repository may come under a name. A name that was another's is kept, so that
-- nobody inherits what belonged to that.
CREATE TABLE repository_names (
    name    TEXT PRIMARY KEY, -- owner/name in lower case
    id      BIGINT NOT NULL,
    since   BIGINT NOT NULL,
    by_whom TEXT NOT NULL     -- the operator who said so; empty: it was the first to come
);
-- Those that came under somebody else's name and were refused.
CREATE TABLE repository_refusals (
    name      TEXT NOT NULL,
    id        BIGINT NOT NULL,
    full_name TEXT NOT NULL,
    known     BIGINT NOT NULL, -- whose name it is
    first_at  BIGINT NOT NULL,
    last_at   BIGINT NOT NULL,
    facts     TEXT NOT NULL,   -- JSON: what there is to do once the operator has confirmed it
    PRIMARY KEY (name, id)
);
ALTER TABLE pipelines ADD COLUMN repo_id BIGINT NOT NULL DEFAULT 0; -- 0: of before, and not heard of since

-- The operators' accounts, by login: the number is never another's, the login may be.
CREATE TABLE operators (
    login   TEXT PRIMARY KEY, -- in lower case
    id      BIGINT NOT NULL,
    since   BIGINT NOT NULL,
    by_whom TEXT NOT NULL     -- who confirmed it; empty: it was the first that was seen
);
-- Accounts that came with an operator's login and were refused.
CREATE TABLE operator_refusals (
    login    TEXT NOT NULL,
    id       BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    PRIMARY KEY (login, id)
);
