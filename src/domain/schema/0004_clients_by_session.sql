-- Whether an open session names a client is asked for each one that may be cleaned up.
CREATE INDEX sessions_by_client ON sessions (client) WHERE client IS NOT NULL AND ended = 0;
