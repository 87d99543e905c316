-- What an identity provider wants to see again when its person signs out there too: sealed with a
-- server key, the id of which stands before it.
ALTER TABLE provider_sessions ADD COLUMN hint TEXT;
