-- What the rest of the legacy Client-Server API needs. docs/formats/database.md explains the columns.

ALTER TABLE users ADD COLUMN erased_at BIGINT;

-- E-mail addresses and phone numbers by which people sign in, in canonical form.
CREATE TABLE threepids (
  medium TEXT NOT NULL,
  address TEXT NOT NULL,
  user_id BIGINT NOT NULL REFERENCES users (id),
  added_at BIGINT NOT NULL,
  PRIMARY KEY (medium, address)
);
CREATE INDEX threepids_of_user ON threepids (user_id);

-- Which documents a person has agreed to at registration, and in which version.
CREATE TABLE accepted_terms (
  user_id BIGINT NOT NULL REFERENCES users (id),
  policy TEXT NOT NULL,
  version TEXT NOT NULL,
  accepted_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, policy, version)
);

-- Invitations to register. Only the hash of the token is kept.
CREATE TABLE registration_tokens (
  id {{id}},
  hash TEXT NOT NULL,
  name TEXT NOT NULL,
  uses_allowed INTEGER,             -- absent: any number
  used INTEGER NOT NULL DEFAULT 0,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  revoked_at BIGINT
);
CREATE UNIQUE INDEX registration_tokens_by_hash ON registration_tokens (hash);

-- User-interactive authentication under way: one row from the challenge to the request it lets
-- through. What it is bound to, and which stages are passed.
CREATE TABLE auth_sessions (
  hash TEXT NOT NULL PRIMARY KEY,   -- of the session ID
  operation TEXT NOT NULL,          -- "POST /account/password"
  user_id BIGINT,                   -- absent: registration
  body TEXT NOT NULL,               -- SHA-256 of the request's body without auth
  completed TEXT NOT NULL,          -- stages, separated by spaces
  registration_token BIGINT,        -- held until the session is used or expires
  expires_at BIGINT NOT NULL
);
CREATE INDEX auth_sessions_by_expiry ON auth_sessions (expires_at);
CREATE INDEX auth_sessions_holding ON auth_sessions (registration_token)
  WHERE registration_token IS NOT NULL;

-- Login tokens (POST /login/get_token) that were not used yet.
CREATE TABLE login_tokens (
  hash TEXT NOT NULL PRIMARY KEY,
  session BIGINT NOT NULL,          -- whose client asked for it; it dies with that session
  expires_at BIGINT NOT NULL
);
CREATE INDEX login_tokens_by_expiry ON login_tokens (expires_at);

-- What administrators did: who, whence, when, to whom.
CREATE TABLE audit (
  id {{id}},
  at BIGINT NOT NULL,
  actor TEXT NOT NULL,
  address TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  detail TEXT NOT NULL
);
