-- +goose Up
-- What waits for its leaf in the ledger, in order: a push, an op without a device's chain, the enrolment of a device, a key of the ledger, an epoch.
CREATE TABLE ledger_queue (
  id   INTEGER PRIMARY KEY NOT NULL,
  kind TEXT NOT NULL,
  ref  TEXT NOT NULL
);

-- The ledger itself: leaves by number, the hashes of the tree in the order in which they become known, what was signed about it, and
-- what others say about that. kind and ref of a leaf say of which row it is; the leaf itself has pseudonyms only.
CREATE TABLE leaves (
  n    BIGINT PRIMARY KEY NOT NULL,
  kind TEXT NOT NULL,
  ref  TEXT NOT NULL,
  text TEXT NOT NULL
);
CREATE UNIQUE INDEX leaves_ref ON leaves (kind, ref);
CREATE TABLE hashes (i BIGINT PRIMARY KEY NOT NULL, hash TEXT NOT NULL);
CREATE TABLE checkpoints (
  n    BIGINT PRIMARY KEY NOT NULL,
  size BIGINT NOT NULL,
  at   BIGINT NOT NULL,
  note TEXT   NOT NULL
);
CREATE UNIQUE INDEX checkpoints_size ON checkpoints (size);
CREATE TABLE stamps (
  checkpoint BIGINT NOT NULL,
  kind       TEXT   NOT NULL,
  signer     TEXT   NOT NULL,
  at         BIGINT NOT NULL,
  data       BLOB NOT NULL,
  PRIMARY KEY (checkpoint, kind, signer)
);

-- What was there before the ledger gets its leaves too: in the order in which it came.
INSERT INTO ledger_queue (kind, ref) SELECT 'device', id FROM devices ORDER BY enrolled_at, id;
INSERT INTO ledger_queue (kind, ref) SELECT kind, ref FROM (
  SELECT 'push' AS kind, id AS ref, received_at AS at FROM pushes UNION ALL SELECT 'op', id, received_at FROM ops WHERE push IS NULL
) ORDER BY at, kind, ref;

-- +goose StatementBegin
CREATE TRIGGER leaves_no_update BEFORE UPDATE ON leaves BEGIN SELECT RAISE(ABORT, 'table leaves is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER leaves_no_delete BEFORE DELETE ON leaves BEGIN SELECT RAISE(ABORT, 'table leaves is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER hashes_no_update BEFORE UPDATE ON hashes BEGIN SELECT RAISE(ABORT, 'table hashes is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER hashes_no_delete BEFORE DELETE ON hashes BEGIN SELECT RAISE(ABORT, 'table hashes is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER checkpoints_no_update BEFORE UPDATE ON checkpoints BEGIN SELECT RAISE(ABORT, 'table checkpoints is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER checkpoints_no_delete BEFORE DELETE ON checkpoints BEGIN SELECT RAISE(ABORT, 'table checkpoints is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER stamps_no_update BEFORE UPDATE ON stamps BEGIN SELECT RAISE(ABORT, 'table stamps is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER stamps_no_delete BEFORE DELETE ON stamps BEGIN SELECT RAISE(ABORT, 'table stamps is append-only'); END;
-- +goose StatementEnd

-- +goose Down
DROP TABLE stamps;
DROP TABLE checkpoints;
DROP TABLE hashes;
DROP TABLE leaves;
DROP TABLE ledger_queue;
