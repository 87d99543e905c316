-- What others have to be told: written with its cause, delivered after it. docs/formats/database.md
-- explains the columns, domain/outbox/outbox.h the rules.

-- The order of the ids is the order of delivery within a lane. No REFERENCES: an item would lock
-- the user's row, which others lock first.
CREATE TABLE outbox (
  id {{auto_id}},
  consumer TEXT NOT NULL,           -- which code delivers it
  destination TEXT NOT NULL,        -- to whom; empty: the consumer has one
  user_id BIGINT NOT NULL,
  kind TEXT NOT NULL,
  payload TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX outbox_of_lane ON outbox (consumer, destination, user_id, id);
CREATE INDEX outbox_by_age ON outbox (consumer, id);

-- One row while a user has items for a destination: they are delivered one after another.
CREATE TABLE outbox_lanes (
  consumer TEXT NOT NULL,
  destination TEXT NOT NULL,
  user_id BIGINT NOT NULL,
  due_at BIGINT NOT NULL,           -- of the first item
  failures INTEGER NOT NULL DEFAULT 0, -- of the first item
  claim BIGINT,                     -- who delivers it now; another one after each item
  PRIMARY KEY (consumer, destination, user_id)
);
CREATE INDEX outbox_lanes_new ON outbox_lanes (consumer, due_at)
  WHERE claim IS NULL AND failures = 0;
CREATE INDEX outbox_lanes_failed ON outbox_lanes (consumer, due_at)
  WHERE claim IS NULL AND failures > 0;
CREATE INDEX outbox_lanes_claimed ON outbox_lanes (consumer) WHERE claim IS NOT NULL;
