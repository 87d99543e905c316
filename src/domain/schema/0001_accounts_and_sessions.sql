-- Times are milliseconds since the epoch, booleans 0/1. docs/formats/database.md explains the
-- columns; docs/formats/sessions.md the rules that read them.

CREATE TABLE users (
  id {{id}},
  localpart TEXT NOT NULL,
  password_hash TEXT,               -- PHC string; absent: no password
  admin INTEGER NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  locked_at BIGINT,
  suspended_at BIGINT,
  deactivated_at BIGINT
);
CREATE UNIQUE INDEX users_by_localpart ON users (localpart);

-- A device outlives its sessions: a new sign-in to it keeps the row. A deleted one stays until
-- its ended sessions are purged.
CREATE TABLE devices (
  id {{id}},
  user_id BIGINT NOT NULL REFERENCES users (id),
  device_id TEXT NOT NULL,
  display_name TEXT,
  deleted_at BIGINT
);
CREATE UNIQUE INDEX devices_by_name ON devices (user_id, device_id) WHERE deleted_at IS NULL;
CREATE INDEX devices_deleted ON devices (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX devices_deleted_of_user ON devices (user_id) WHERE deleted_at IS NOT NULL;

-- One row is one session and all of its tokens. device and user_agent carry no REFERENCES:
-- purging a device would need an index over every session, and a live one should be in one only.
CREATE TABLE sessions (
  id {{id}},
  user_id BIGINT NOT NULL REFERENCES users (id),
  device BIGINT,
  device_id TEXT,                   -- as the client knows it; here too, to spare the lookup a join
  client TEXT,                      -- OAuth 2.0 client; absent: the legacy API
  scope TEXT,                       -- absent: the whole Client-Server API (legacy)
  refreshes INTEGER NOT NULL,       -- 1: the client was given a refresh token
  nonce TEXT NOT NULL,              -- 128 random bits, base64url
  created_at BIGINT NOT NULL,
  seen INTEGER NOT NULL,
  seen_at BIGINT NOT NULL,
  issued INTEGER NOT NULL,
  previous_issued_at BIGINT NOT NULL,
  seen_issued_at BIGINT NOT NULL,
  issued_at BIGINT NOT NULL,
  last_active_at BIGINT NOT NULL,
  address TEXT,
  user_agent BIGINT,
  ended INTEGER NOT NULL DEFAULT 0, -- 0 live, 1 softly, 2 for good
  end_reason INTEGER,
  ended_at BIGINT
);
CREATE UNIQUE INDEX sessions_live ON sessions (device) WHERE ended = 0;
CREATE INDEX sessions_soft ON sessions (device) WHERE ended = 1;
CREATE INDEX sessions_over ON sessions (device) WHERE ended = 2;

-- Each distinct text once; the id is derived from the text.
CREATE TABLE user_agents (
  id {{id}},
  text TEXT NOT NULL
);

-- One row: the newest time at which some node was alive with this database.
CREATE TABLE heartbeat (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  at BIGINT NOT NULL
);

-- Spans of time whose sessions may be missing from this database (a restored backup).
CREATE TABLE gaps (
  from_at BIGINT NOT NULL,
  to_at BIGINT NOT NULL,
  noted_at BIGINT NOT NULL
);

-- Which server keys ever signed tokens. The keys themselves are in a file, never here.
CREATE TABLE server_keys (
  id INTEGER NOT NULL PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  lost_at BIGINT
);
