-- Identity providers: who of their people is which account's, who is on the way to one, and which
-- browsers were signed in by one.

CREATE TABLE provider_links (
  provider TEXT NOT NULL,           -- its id in the configuration
  subject TEXT NOT NULL,            -- who it is there
  user_id BIGINT NOT NULL REFERENCES users (id),
  created_at BIGINT NOT NULL,
  used_at BIGINT,
  PRIMARY KEY (provider, subject)
);
CREATE INDEX provider_links_of_user ON provider_links (user_id);

CREATE TABLE provider_attempts (
  hash TEXT NOT NULL PRIMARY KEY,   -- of the state
  provider TEXT NOT NULL,
  purpose INTEGER NOT NULL,
  browser TEXT NOT NULL,            -- hash of the cookie of the browser that was sent away
  user_id BIGINT,                   -- for whom; absent: a sign-in
  kept TEXT NOT NULL,               -- sealed with the state: where to go on, what the provider has to know, who came back
  begun_at BIGINT NOT NULL,
  arrived_at BIGINT,                -- when somebody came back: nobody does again
  expires_at BIGINT NOT NULL
);
CREATE INDEX provider_attempts_by_expiry ON provider_attempts (expires_at);

CREATE TABLE provider_sessions (
  browser_session BIGINT NOT NULL PRIMARY KEY,  -- that it signed in; it outlives that
  provider TEXT NOT NULL,
  subject TEXT NOT NULL,
  name TEXT NOT NULL,               -- sid, SessionIndex, ticket; empty: none
  user_id BIGINT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX provider_sessions_by_name ON provider_sessions (provider, name) WHERE name <> '';
CREATE INDEX provider_sessions_by_subject ON provider_sessions (provider, subject);
CREATE INDEX provider_sessions_of_user ON provider_sessions (user_id);
CREATE INDEX provider_sessions_by_age ON provider_sessions (created_at);

-- The apps that a browser has let in, to be ended with it.
CREATE INDEX sessions_of_browser ON sessions (browser_session)
  WHERE browser_session IS NOT NULL AND ended = 0;

CREATE TABLE provider_logouts (
  hash TEXT NOT NULL PRIMARY KEY,   -- of what a provider has said was over: it counts once
  expires_at BIGINT NOT NULL
);
CREATE INDEX provider_logouts_by_expiry ON provider_logouts (expires_at);
