-- Older nodes go on.
-- The nodes that serve from this database, each with what it has to agree in with the others
-- (docs/operating/cluster.md).
CREATE TABLE nodes (
  name TEXT NOT NULL PRIMARY KEY,
  revision BIGINT NOT NULL,
  started_at BIGINT NOT NULL,
  seen_at BIGINT NOT NULL,
  settings TEXT NOT NULL
);
