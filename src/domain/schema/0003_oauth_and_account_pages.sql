-- OAuth 2.0 and the pages on which people manage their account. docs/formats/database.md explains
-- the columns. Of codes, cookies and links only hashes are kept.

-- How the person signed in: domain/sessions/record.h. Absent: before this was noted.
ALTER TABLE sessions ADD COLUMN method INTEGER;
-- Sessions without a Matrix scope have no device, by which the others are found.
CREATE INDEX sessions_without_device ON sessions (user_id) WHERE device IS NULL;

ALTER TABLE users ADD COLUMN display_name TEXT;

-- Clients that registered themselves (RFC 7591). Those of the configuration are not here.
CREATE TABLE oauth_clients (
  id TEXT NOT NULL PRIMARY KEY,     -- client_id
  digest TEXT NOT NULL,             -- SHA-256 of the metadata: who registers the same is the same
  metadata TEXT NOT NULL,           -- JSON, as accepted
  created_at BIGINT NOT NULL,
  used_at BIGINT NOT NULL           -- by a registration, or a sign-in with it
);
CREATE UNIQUE INDEX oauth_clients_by_digest ON oauth_clients (digest);
CREATE INDEX oauth_clients_by_use ON oauth_clients (used_at);

-- A browser in which a person is signed in to these pages.
CREATE TABLE browser_sessions (
  id {{id}},
  hash TEXT NOT NULL,               -- of the cookie
  user_id BIGINT NOT NULL REFERENCES users (id),
  created_at BIGINT NOT NULL,
  authenticated_at BIGINT NOT NULL, -- when the password was last given
  last_active_at BIGINT NOT NULL,
  address TEXT,
  user_agent TEXT
);
CREATE UNIQUE INDEX browser_sessions_by_hash ON browser_sessions (hash);
CREATE INDEX browser_sessions_of_user ON browser_sessions (user_id);
CREATE INDEX browser_sessions_by_use ON browser_sessions (last_active_at);

-- Of a login token that was made on a page (m.login.sso): it dies with that browser session, and
-- `session` is 0.
ALTER TABLE login_tokens ADD COLUMN browser_session BIGINT;

-- Authorization codes (RFC 6749 section 4.1). A redeemed one stays until it expires: when it is
-- shown again, what it gave ends.
CREATE TABLE authorization_codes (
  hash TEXT NOT NULL PRIMARY KEY,
  client TEXT NOT NULL,
  user_id BIGINT NOT NULL REFERENCES users (id),
  browser_session BIGINT NOT NULL,
  redirect_uri TEXT NOT NULL,
  scope TEXT NOT NULL,
  code_challenge TEXT NOT NULL,     -- S256 (RFC 7636)
  nonce TEXT,                       -- OpenID Connect Core section 3.1.2.1
  authenticated_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  session BIGINT                    -- that it gave
);
CREATE INDEX authorization_codes_by_expiry ON authorization_codes (expires_at);

-- Device authorization (RFC 8628), from the request to the tokens.
CREATE TABLE device_grants (
  hash TEXT NOT NULL PRIMARY KEY,   -- of the device code
  user_code TEXT NOT NULL,          -- its hash
  client TEXT NOT NULL,
  scope TEXT NOT NULL,
  address TEXT,                     -- of the device that asks
  user_agent TEXT,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  decision INTEGER NOT NULL DEFAULT 0, -- 0 none yet, 1 granted, 2 denied
  user_id BIGINT,
  browser_session BIGINT,
  authenticated_at BIGINT,
  session BIGINT                    -- that it gave
);
CREATE UNIQUE INDEX device_grants_by_user_code ON device_grants (user_code);
CREATE INDEX device_grants_by_expiry ON device_grants (expires_at);

-- Keys that sign ID tokens. The private part is sealed with a server key, which is in a file.
CREATE TABLE signing_keys (
  id TEXT NOT NULL PRIMARY KEY,     -- kid
  algorithm TEXT NOT NULL,          -- RS256 or ES256
  public_jwk TEXT NOT NULL,
  sealed TEXT NOT NULL,
  server_key INTEGER NOT NULL,      -- that sealed it
  created_at BIGINT NOT NULL,
  retired_at BIGINT                 -- signs no more, is still published
);

-- Assertions with which clients authenticated (RFC 7523), until they expire: each is good once.
CREATE TABLE used_assertions (
  hash TEXT NOT NULL PRIMARY KEY,   -- of client_id and jti
  expires_at BIGINT NOT NULL
);
CREATE INDEX used_assertions_by_expiry ON used_assertions (expires_at);

-- One-use links with which a person sets a new password.
CREATE TABLE recovery_links (
  hash TEXT NOT NULL PRIMARY KEY,
  user_id BIGINT NOT NULL REFERENCES users (id),
  created_at BIGINT NOT NULL,       -- so that a clock set back prolongs nothing
  expires_at BIGINT NOT NULL
);
CREATE INDEX recovery_links_of_user ON recovery_links (user_id);
CREATE INDEX recovery_links_by_expiry ON recovery_links (expires_at);
