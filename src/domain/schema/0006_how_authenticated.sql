-- By what the person in a browser was last authenticated (AuthMethod): a password, until now.
ALTER TABLE browser_sessions ADD COLUMN authenticated_by INTEGER NOT NULL DEFAULT 1;
