-- +goose Up
-- The feeds of the units below one are a range of names, compared as octets.
CREATE INDEX feeds_below ON feeds (name text_pattern_ops);

-- closed: the body says that the work is done. aside: it has left its feed until somebody edits it.
ALTER TABLE records ADD COLUMN closed BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE records ADD COLUMN aside BOOLEAN NOT NULL DEFAULT false;
UPDATE records SET closed = true WHERE NOT removed AND (
  collection = 'tasks' AND (body::jsonb) ->> 'state' IN ('done', 'cancelled')
  OR collection = 'inspections' AND (body::jsonb) ->> 'state' IN ('completed', 'cancelled')
  OR collection = 'documents' AND (body::jsonb) ->> 'state' IN ('issued', 'voided')
  OR collection = 'evidence' AND (body::jsonb) -> 'custody' ->> 'state' = 'held'
  OR collection = 'findings' AND (body::jsonb) ->> 'state' = 'closed'
  OR collection = 'conflicts' AND (body::jsonb) ->> 'state' = 'resolved');
CREATE INDEX records_closing ON records (updated_at) WHERE closed AND NOT aside;

-- What a feed shows is read along its numbers, without stepping over all that was ever closed.
DROP INDEX records_feed_seq;
CREATE UNIQUE INDEX records_feed_seq ON records (feed, seq) WHERE NOT removed AND NOT aside;

-- The feeds of partner units in which a record is besides its own, each with its number there.
CREATE TABLE copies (
  feed   TEXT   NOT NULL,
  seq    BIGINT NOT NULL,
  record TEXT   NOT NULL,
  PRIMARY KEY (feed, seq)
);
CREATE UNIQUE INDEX copies_record ON copies (record, feed);

-- +goose Down
DROP TABLE copies;
DROP INDEX records_feed_seq;
CREATE UNIQUE INDEX records_feed_seq ON records (feed, seq);
DROP INDEX records_closing;
DELETE FROM departures WHERE reason = 'closed';
ALTER TABLE records DROP COLUMN aside;
ALTER TABLE records DROP COLUMN closed;
DROP INDEX feeds_below;
