-- When the account of a device was last unlocked; under a lock nobody could use it. Null: never.
ALTER TABLE devices ADD COLUMN unlocked_at BIGINT;
