-- Sessions whose client knows from an ID token who its person is, until they are over: how the person
-- was authenticated, which the ID token of a refresh says again. Beside the sessions: every request
-- reads their rows, and none needs this.
CREATE TABLE openid_sessions (
  session BIGINT NOT NULL PRIMARY KEY,
  authenticated_at BIGINT,          -- absent: the session is older than this table
  authenticated_by INTEGER          -- AuthMethod
);
INSERT INTO openid_sessions (session)
  SELECT id FROM sessions WHERE ended = 0 AND (scope = 'openid' OR scope LIKE 'openid %');

ALTER TABLE authorization_codes ADD COLUMN authenticated_by INTEGER NOT NULL DEFAULT 1;
ALTER TABLE device_grants ADD COLUMN authenticated_by INTEGER NOT NULL DEFAULT 1;
