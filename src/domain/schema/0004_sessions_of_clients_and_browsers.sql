-- Whether an open session names a client is asked for each one that may be cleaned up.
CREATE INDEX sessions_by_client ON sessions (client) WHERE client IS NOT NULL AND ended = 0;

-- The browser session by which an app on the same machine was let in. Absent: by none, or another
-- machine's.
ALTER TABLE sessions ADD COLUMN browser_session BIGINT;
