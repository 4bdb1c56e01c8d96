-- +goose Up
-- The processes that share this database. id is that of a spool: it moves with the disk that the bytes are on. url is where the others reach the
-- process, seen_at when it last said that it lives.
CREATE TABLE replicas (
  id      TEXT PRIMARY KEY NOT NULL,
  url     TEXT   NOT NULL,
  seen_at BIGINT NOT NULL
);
-- Whose spool has the bytes; '': that of the only process there was.
ALTER TABLE uploads ADD COLUMN owner TEXT NOT NULL DEFAULT '';

-- +goose Down
-- Programs before know one process. Where there were several their uploads begin anew: no device has a receipt for them.
ALTER TABLE uploads DROP COLUMN owner;
DROP TABLE replicas;
