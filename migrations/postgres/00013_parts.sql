-- +goose Up
-- Uploads that bring a part of an evidence, and those that are joined from such: parts are the ids, set apart by spaces. metadata and joins are what the
-- client has said, to be told again. A part whose length is not declared yet has the length -1.
ALTER TABLE uploads ADD COLUMN part BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE uploads ADD COLUMN parts TEXT NOT NULL DEFAULT '';
ALTER TABLE uploads ADD COLUMN metadata TEXT NOT NULL DEFAULT '';
ALTER TABLE uploads ADD COLUMN joins TEXT NOT NULL DEFAULT '';
DROP INDEX uploads_live;
CREATE UNIQUE INDEX uploads_live ON uploads (evidence) WHERE state IN ('receiving', 'whole', 'held') AND NOT part;
CREATE INDEX uploads_parts ON uploads (evidence) WHERE part AND state = 'receiving';

-- +goose Down
-- What the older program does not know it would take for whole uploads. Their devices have no receipt, and bring the bytes again.
DELETE FROM uploads WHERE part;
UPDATE uploads SET state = 'ended' WHERE parts <> '' AND state = 'receiving';
DROP INDEX uploads_parts;
DROP INDEX uploads_live;
CREATE UNIQUE INDEX uploads_live ON uploads (evidence) WHERE state IN ('receiving', 'whole', 'held');
ALTER TABLE uploads DROP COLUMN joins;
ALTER TABLE uploads DROP COLUMN metadata;
ALTER TABLE uploads DROP COLUMN parts;
ALTER TABLE uploads DROP COLUMN part;
