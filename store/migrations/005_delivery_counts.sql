-- How many webhooks came, and when the last one did: also of those that are
-- answered and not stored. A row for each event and day.
CREATE TABLE delivery_counts (
    day     BIGINT NOT NULL, -- its first moment, in UTC
    event   TEXT NOT NULL,   -- as the sender names it
    total   BIGINT NOT NULL, -- deliveries that were signed
    last_at BIGINT NOT NULL,
    PRIMARY KEY (day, event)
);
