-- Older nodes go on.
-- As many live devices as an account may have at most, so that a sign-in need not count them. Each
-- new device raises it, whoever adds it; nothing lowers it but a count, for which it is time when
-- it reaches the maximum. Absent: not counted yet.
{{postgresql}}
ALTER TABLE users ADD COLUMN devices_at_most INTEGER;
ALTER TABLE users ALTER COLUMN devices_at_most SET DEFAULT 0;
-- A sign-in rewrites the row in place, as long as there is room on the page.
ALTER TABLE users SET (fillfactor = 85);
-- Who inserts either holds the account's row, and no account is ever removed: to look for it once
-- more costs a query each.
ALTER TABLE devices DROP CONSTRAINT devices_user_id_fkey;
ALTER TABLE sessions DROP CONSTRAINT sessions_user_id_fkey;
CREATE FUNCTION devices_one_more() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE users SET devices_at_most = devices_at_most + 1 WHERE id = NEW.user_id;
  RETURN NULL;
END $$;
CREATE TRIGGER devices_one_more AFTER INSERT ON devices
  FOR EACH ROW EXECUTE FUNCTION devices_one_more();
{{end}}
{{sqlite}}
ALTER TABLE users ADD COLUMN devices_at_most INTEGER DEFAULT 0;
UPDATE users SET devices_at_most = NULL
  WHERE id IN (SELECT user_id FROM devices WHERE deleted_at IS NULL);
CREATE TRIGGER devices_one_more AFTER INSERT ON devices BEGIN
  UPDATE users SET devices_at_most = devices_at_most + 1 WHERE id = NEW.user_id;
END;
{{end}}
