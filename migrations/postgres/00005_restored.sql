-- +goose Up
-- Where a series of numbers begins that comes into being after a restore from a backup: its first numbers may have been given
-- out by the history that is lost. A series is meant by how its name ends, which is the year.
CREATE TABLE series_floors (suffix TEXT PRIMARY KEY, last BIGINT NOT NULL);

-- Recordings that are announced and whose bytes the server does not hold; and those of one digest.
CREATE INDEX records_evidence_missing ON records (id)
  WHERE collection = 'evidence' AND NOT removed AND COALESCE((body::jsonb) #>> '{custody,state}', '') <> 'held';
CREATE INDEX records_evidence_sha256 ON records (((body::jsonb) ->> 'sha256')) WHERE collection = 'evidence';

-- +goose Down
DROP INDEX records_evidence_sha256;
DROP INDEX records_evidence_missing;
DROP TABLE series_floors;
