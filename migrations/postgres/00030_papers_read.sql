-- +goose Up
-- What is read again at night is a recording or a paper: a row is named by its collection too. Papers that were made before begin as never read.
ALTER TABLE checks RENAME TO checks_of_recordings;
ALTER TABLE checks_of_recordings DROP CONSTRAINT checks_pkey;
DROP INDEX checks_at;
DROP INDEX checks_held;
DROP INDEX checks_unread;
CREATE TABLE checks (
  collection   TEXT    NOT NULL,
  record       TEXT    NOT NULL,
  held         BOOLEAN NOT NULL,
  sound        BOOLEAN NOT NULL,
  checked_at   BIGINT  NOT NULL,
  claimed_at   BIGINT  NOT NULL,
  tried_at     BIGINT  NOT NULL DEFAULT 0,
  unread       BIGINT  NOT NULL DEFAULT 0,
  unread_since BIGINT  NOT NULL DEFAULT 0,
  unread_at    BIGINT  NOT NULL DEFAULT 0,
  PRIMARY KEY (collection, record)
);
INSERT INTO checks (collection, record, held, sound, checked_at, claimed_at, tried_at, unread, unread_since, unread_at)
  SELECT 'evidence', evidence, held, sound, checked_at, claimed_at, tried_at, unread, unread_since, unread_at FROM checks_of_recordings;
INSERT INTO checks (collection, record, held, sound, checked_at, claimed_at)
  SELECT 'documents', id, false, true, 0, 0 FROM records WHERE collection = 'documents' AND NOT removed
    AND COALESCE((body::jsonb) #>> '{rendered,key}', (body::jsonb) #>> '{rendered,issued,key}') IS NOT NULL;
DROP TABLE checks_of_recordings;
CREATE INDEX checks_at ON checks (tried_at);
CREATE INDEX checks_held ON checks (tried_at) WHERE held;
CREATE INDEX checks_unread ON checks (unread_at) WHERE unread > 0;

-- +goose Down
ALTER TABLE checks RENAME TO checks_of_all;
ALTER TABLE checks_of_all DROP CONSTRAINT checks_pkey;
DROP INDEX checks_at;
DROP INDEX checks_held;
DROP INDEX checks_unread;
CREATE TABLE checks (
  evidence     TEXT    PRIMARY KEY NOT NULL,
  held         BOOLEAN NOT NULL,
  sound        BOOLEAN NOT NULL,
  checked_at   BIGINT  NOT NULL,
  claimed_at   BIGINT  NOT NULL,
  tried_at     BIGINT  NOT NULL DEFAULT 0,
  unread       BIGINT  NOT NULL DEFAULT 0,
  unread_since BIGINT  NOT NULL DEFAULT 0,
  unread_at    BIGINT  NOT NULL DEFAULT 0
);
INSERT INTO checks (evidence, held, sound, checked_at, claimed_at, tried_at, unread, unread_since, unread_at)
  SELECT record, held, sound, checked_at, claimed_at, tried_at, unread, unread_since, unread_at FROM checks_of_all WHERE collection = 'evidence';
DROP TABLE checks_of_all;
CREATE INDEX checks_at ON checks (tried_at);
CREATE INDEX checks_held ON checks (tried_at) WHERE held;
CREATE INDEX checks_unread ON checks (unread_at) WHERE unread > 0;
