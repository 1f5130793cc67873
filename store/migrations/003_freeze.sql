-- The operator's word over every pipeline: one row, once there was any.
CREATE TABLE operator_freeze (
    id      BIGINT PRIMARY KEY, -- always 1
    frozen  BIGINT NOT NULL,    -- 1: nothing is promoted; 0: it was ended
    by_whom TEXT NOT NULL,
    reason  TEXT NOT NULL,
    until   BIGINT NOT NULL,    -- when it ends by itself, 0 for never
    frozen_at BIGINT NOT NULL     -- goes up with every word
);
