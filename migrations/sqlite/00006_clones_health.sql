-- +goose Up
-- A device that has sent two different ops under one number is set aside until a person decides; 0: it is not.
ALTER TABLE devices ADD COLUMN set_aside_at BIGINT NOT NULL DEFAULT 0;

-- What a device sent beside its chain, verbatim, each op once, with the signature of the push in which it came first.
CREATE TABLE forks (
  device      TEXT   NOT NULL,
  hash        TEXT   NOT NULL,
  seq         BIGINT NOT NULL,
  op          TEXT   NOT NULL,
  text        TEXT   NOT NULL,
  head        TEXT   NOT NULL,
  signature   TEXT   NOT NULL,
  received_at BIGINT NOT NULL,
  PRIMARY KEY (device, seq, hash)
);

-- What people have decided about devices that were set aside.
CREATE TABLE device_decisions (
  device   TEXT   NOT NULL,
  at       BIGINT NOT NULL,
  officer  TEXT   NOT NULL,
  decision TEXT   NOT NULL,
  reason   TEXT   NOT NULL,
  PRIMARY KEY (device, at)
);

-- How a device is: when it was last heard of, and what it last told of itself. Zero and empty: it has not.
CREATE TABLE device_health (
  device        TEXT PRIMARY KEY,
  contact_at    BIGINT NOT NULL,
  reported_at   BIGINT NOT NULL,
  unsent        BIGINT NOT NULL,
  oldest_unsent BIGINT NOT NULL,
  app_version   TEXT   NOT NULL
);

CREATE INDEX ops_unmet ON ops (device, status) WHERE status IN ('rejected', 'held');

-- +goose StatementBegin
CREATE TRIGGER forks_no_update BEFORE UPDATE ON forks BEGIN SELECT RAISE(ABORT, 'table forks is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER forks_no_delete BEFORE DELETE ON forks BEGIN SELECT RAISE(ABORT, 'table forks is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER device_decisions_no_update BEFORE UPDATE ON device_decisions BEGIN SELECT RAISE(ABORT, 'table device_decisions is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER device_decisions_no_delete BEFORE DELETE ON device_decisions BEGIN SELECT RAISE(ABORT, 'table device_decisions is append-only'); END;
-- +goose StatementEnd

-- +goose Down
DROP INDEX ops_unmet;
DROP TABLE device_health;
DROP TABLE device_decisions;
DROP TABLE forks;
ALTER TABLE devices DROP COLUMN set_aside_at;
