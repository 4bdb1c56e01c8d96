-- +goose Up
-- Acts of custody leave the feeds that handhelds pull for some that nobody pulls: audit/<code> beside unit/<code>. Handhelds are told that they
-- are gone, as of every record that moves.
INSERT INTO departures (feed, seq, record, collection, reason, at)
  SELECT r.feed, f.head + row_number() OVER (PARTITION BY r.feed ORDER BY r.seq), r.id, r.collection, 'moved', (extract(epoch FROM now()) * 1000000)::bigint
  FROM records r JOIN feeds f ON f.name = r.feed WHERE r.collection = 'custody' AND NOT r.removed AND NOT r.aside AND r.feed LIKE 'unit/%'
  ON CONFLICT (feed, record) DO UPDATE SET seq = excluded.seq, reason = excluded.reason, at = excluded.at;
UPDATE feeds SET head = head + (SELECT count(*) FROM records r WHERE r.feed = feeds.name AND r.collection = 'custody' AND NOT r.removed AND NOT r.aside)
  WHERE name IN (SELECT feed FROM records WHERE collection = 'custody' AND feed LIKE 'unit/%');
INSERT INTO feeds (name, head)
  SELECT 'audit/' || substr(feed, 6), count(*) FROM records WHERE collection = 'custody' AND feed LIKE 'unit/%' GROUP BY feed
  ON CONFLICT (name) DO UPDATE SET head = feeds.head + excluded.head;
UPDATE records SET feed = moving.feed, seq = moving.seq, closed = false, aside = false FROM (
  SELECT r.id, f.name AS feed, f.head - count(*) OVER (PARTITION BY r.feed) + row_number() OVER (PARTITION BY r.feed ORDER BY r.seq, r.id) AS seq
  FROM records r JOIN feeds f ON f.name = 'audit/' || substr(r.feed, 6) WHERE r.collection = 'custody' AND r.feed LIKE 'unit/%') AS moving
  WHERE records.id = moving.id;

-- +goose Down
DELETE FROM departures WHERE collection = 'custody';
INSERT INTO feeds (name, head)
  SELECT 'unit/' || substr(feed, 7), count(*) FROM records WHERE collection = 'custody' AND feed LIKE 'audit/%' GROUP BY feed
  ON CONFLICT (name) DO UPDATE SET head = feeds.head + excluded.head;
UPDATE records SET feed = moving.feed, seq = moving.seq, closed = NOT removed FROM (
  SELECT r.id, f.name AS feed, f.head - count(*) OVER (PARTITION BY r.feed) + row_number() OVER (PARTITION BY r.feed ORDER BY r.seq, r.id) AS seq
  FROM records r JOIN feeds f ON f.name = 'unit/' || substr(r.feed, 7) WHERE r.collection = 'custody' AND r.feed LIKE 'audit/%') AS moving
  WHERE records.id = moving.id;
DELETE FROM feeds WHERE name LIKE 'audit/%';
