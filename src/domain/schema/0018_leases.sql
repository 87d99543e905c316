-- Older nodes go on.
-- What one node at a time does for all. A holder changes its number every few seconds: one that
-- stands unchanged is of a node that is gone.
CREATE TABLE leases (
  name TEXT NOT NULL PRIMARY KEY,
  holder BIGINT NOT NULL
);
