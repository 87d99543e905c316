-- One row: the server name that the Matrix IDs of this database end in.
CREATE TABLE server (
  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
  name TEXT NOT NULL
);

-- Sessions of a device that later sign-ins have long taken over: their rows are gone, and this is
-- what is left of them. A session with a device has the low bits of the device's key in its id, so
-- that a token without a row leads to the device that it may have been of.
ALTER TABLE devices ADD COLUMN folded_bits INTEGER;
ALTER TABLE devices ADD COLUMN folded_from BIGINT;
ALTER TABLE devices ADD COLUMN folded_to BIGINT;
CREATE INDEX devices_folded ON devices (folded_bits) WHERE folded_bits IS NOT NULL;

-- In the order of their ids: a sign-in looks at the oldest ones of the device.
DROP INDEX sessions_soft;
CREATE INDEX sessions_soft ON sessions (device, id) WHERE ended = 1;
