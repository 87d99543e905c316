-- Older nodes go on.
-- How far the walk through all sessions has come that finds which user agents are still named. One
-- row while it is under way, with the id 1.
CREATE TABLE user_agents_walk (
  id BIGINT NOT NULL PRIMARY KEY,
  began_at BIGINT NOT NULL,
  reached BIGINT NOT NULL  -- the id of a session
);
