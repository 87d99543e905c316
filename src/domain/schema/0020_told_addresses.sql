-- Which address a provider last said that somebody has, as a hash: one that the person has taken
-- away does not come back, and one that is another by now is replaced.
ALTER TABLE provider_links ADD COLUMN email_hash TEXT;
-- Older nodes go on.
