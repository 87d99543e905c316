-- A refresh rewrites its row in place, as long as there is room on the page: then no index changes.
{{postgresql}}
ALTER TABLE sessions SET (fillfactor = 85);
{{end}}

-- What is over beyond an account's newest, in their order: whoever signs out looks for it.
DROP INDEX devices_deleted_of_user;
CREATE INDEX devices_deleted_of_user ON devices (user_id, deleted_at, id) WHERE deleted_at IS NOT NULL;
