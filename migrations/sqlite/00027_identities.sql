-- +goose Up
-- How rows of identity came to be as they are: accounts, devices, who has signed in where, signing keys, floors of series. The newest change of a row says what
-- stands in it, secrets as digests; every change has its leaf in the ledger. kind and id name the row, n counts its changes from 1; by_whom is an officer, or server.
CREATE TABLE identity_changes (
  kind    TEXT   NOT NULL,
  id      TEXT   NOT NULL,
  n       BIGINT NOT NULL,
  at      BIGINT NOT NULL,
  act     TEXT   NOT NULL,
  by_whom TEXT   NOT NULL,
  state   TEXT   NOT NULL,
  PRIMARY KEY (kind, id, n)
);
-- +goose StatementBegin
CREATE TRIGGER identity_changes_no_update BEFORE UPDATE ON identity_changes BEGIN SELECT RAISE(ABORT, 'table identity_changes is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER identity_changes_no_delete BEFORE DELETE ON identity_changes BEGIN SELECT RAISE(ABORT, 'table identity_changes is append-only'); END;
-- +goose StatementEnd

-- What was there before gets its leaf now, in the order in which it came. The first changes of identities are written by the program: see firstChanges.
INSERT INTO ledger_queue (kind, ref) SELECT kind, ref FROM (
  SELECT 'fork' AS kind, device || '/' || CAST(seq AS TEXT) || '/' || hash AS ref, received_at AS at FROM forks
  UNION ALL SELECT 'decision', device || '/' || CAST(at AS TEXT), at FROM device_decisions
  UNION ALL SELECT 'lease', id, at FROM leases
  UNION ALL SELECT 'epoch', epoch, began_at FROM epochs WHERE NOT EXISTS (SELECT 1 FROM leaves WHERE kind = 'epoch' AND ref = epoch)
    AND NOT EXISTS (SELECT 1 FROM ledger_queue WHERE kind = 'epoch' AND ref = epoch)
  UNION ALL SELECT 'history', epoch, began_at FROM epochs
) ORDER BY at, kind, ref;

-- +goose Down
-- Leaves stay: the program before says of each that what it is about is missing, and this one does if it is put back.
DELETE FROM ledger_queue WHERE kind IN ('fork', 'decision', 'lease', 'history', 'change');
DROP TABLE identity_changes;
