-- When somebody first signed in with a client: one with which nobody has goes within a day. Of those
-- that are there already nobody knows; they have their month.
ALTER TABLE oauth_clients ADD COLUMN signed_in_at BIGINT;
UPDATE oauth_clients SET signed_in_at = used_at;

-- When a session last named the text, to the hour: a text that none names goes.
ALTER TABLE user_agents ADD COLUMN used_at BIGINT NOT NULL DEFAULT 0;

-- Of codes that were redeemed an account keeps its newest.
CREATE INDEX authorization_codes_redeemed ON authorization_codes (user_id, expires_at)
  WHERE session IS NOT NULL;
