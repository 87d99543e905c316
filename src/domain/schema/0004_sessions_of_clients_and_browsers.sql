-- Whether an open session names a client is asked for each one that may be cleaned up.
CREATE INDEX sessions_by_client ON sessions (client) WHERE client IS NOT NULL AND ended < 2;

-- The browser session by which an app on the same machine was let in. Absent: by none, or another
-- machine's.
ALTER TABLE sessions ADD COLUMN browser_session BIGINT;

-- What a browser has begun to give is void when the password is changed there.
CREATE INDEX authorization_codes_of_browser ON authorization_codes (browser_session)
  WHERE session IS NULL;
CREATE INDEX device_grants_of_browser ON device_grants (browser_session)
  WHERE browser_session IS NOT NULL AND session IS NULL;
CREATE INDEX login_tokens_of_browser ON login_tokens (browser_session)
  WHERE browser_session IS NOT NULL;

CREATE INDEX browser_sessions_by_age ON browser_sessions (created_at);
