-- The keys by which identity providers know this server (SAML), where the configuration has none.

CREATE TABLE provider_keys (
  provider TEXT NOT NULL PRIMARY KEY,  -- its id in the configuration
  certificate TEXT NOT NULL,           -- DER, as base64
  sealed TEXT NOT NULL,                -- the private key, sealed with a server key
  server_key INTEGER NOT NULL,         -- which that is
  created_at BIGINT NOT NULL
);
