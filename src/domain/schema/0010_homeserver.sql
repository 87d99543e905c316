-- Devices that are being made at the homeserver for a sign-in: written before they are made, removed
-- by the commit of that sign-in. What is left over came to nothing, and is taken back there.
CREATE TABLE homeserver_devices (
  id {{id}},
  localpart TEXT NOT NULL,
  device_id TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX homeserver_devices_by_name ON homeserver_devices (localpart, device_id);
CREATE INDEX homeserver_devices_by_age ON homeserver_devices (created_at);

-- Users that were made at the homeserver for a registration which has not come to an account here.
-- Nobody has used them: whoever registers the name gets it.
CREATE TABLE homeserver_names (
  localpart TEXT NOT NULL PRIMARY KEY,
  created_at BIGINT NOT NULL
);
