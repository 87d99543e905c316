-- Older nodes go on.
-- What was done to one account, the newest first, without reading all that was done to anybody.
CREATE INDEX audit_of_target ON audit (target, id);
