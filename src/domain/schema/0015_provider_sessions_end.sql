-- When a provider last said that somebody of its people has signed out; it may never say so.
ALTER TABLE provider_links ADD COLUMN logout_at BIGINT;

-- When a browser is signed out at the latest, where the provider that signed it in has such a
-- limit.
ALTER TABLE browser_sessions ADD COLUMN ends_at BIGINT;
