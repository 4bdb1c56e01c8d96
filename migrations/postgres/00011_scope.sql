-- +goose Up
-- The histories that have begun with a restore from a backup. floor is above every version that the history before may have given and that is
-- lost; announced: somebody has said that the database was restored, else a device has proven it.
CREATE TABLE epochs (
  epoch     TEXT PRIMARY KEY NOT NULL,
  began_at  BIGINT  NOT NULL,
  floor     BIGINT  NOT NULL,
  announced BOOLEAN NOT NULL
);

-- When a record left a feed, and up to which number a feed's departures are not kept any more.
ALTER TABLE departures ADD COLUMN at BIGINT NOT NULL DEFAULT 0;
UPDATE departures SET at = (extract(epoch FROM now()) * 1000000)::bigint;
CREATE INDEX departures_at ON departures (at);
ALTER TABLE feeds ADD COLUMN trimmed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE feeds ADD COLUMN trimmed_at BIGINT NOT NULL DEFAULT 0;

-- Records that were closed before there was a mark for it.
UPDATE records SET closed = true WHERE NOT removed AND NOT closed AND (
  collection = 'tasks' AND (body::jsonb) ->> 'state' IN ('done', 'cancelled')
  OR collection = 'inspections' AND (body::jsonb) ->> 'state' IN ('completed', 'cancelled')
  OR collection = 'documents' AND (body::jsonb) ->> 'state' IN ('issued', 'voided')
  OR collection = 'evidence' AND (body::jsonb) -> 'custody' ->> 'state' = 'held'
  OR collection = 'findings' AND (body::jsonb) ->> 'state' = 'closed'
  OR collection = 'conflicts' AND (body::jsonb) ->> 'state' = 'resolved'
  OR collection = 'deadletters' AND (body::jsonb) ->> 'state' <> 'open');

-- +goose Down
ALTER TABLE feeds DROP COLUMN trimmed_at;
ALTER TABLE feeds DROP COLUMN trimmed;
DROP INDEX departures_at;
ALTER TABLE departures DROP COLUMN at;
DROP TABLE epochs;
