-- +goose Up
-- Which op claimed a number: it says who did so, and on which device. Claims of before do not say.
ALTER TABLE numbers ADD COLUMN op TEXT NOT NULL DEFAULT '';

-- Claims of numbers that were another's already. It must never be; what a bad device has done is kept for the account.
CREATE TABLE number_doubles (
  series   TEXT   NOT NULL,
  n        BIGINT NOT NULL,
  document TEXT   NOT NULL,
  at       BIGINT NOT NULL,
  op       TEXT   NOT NULL,
  PRIMARY KEY (series, n, document)
);
-- +goose StatementBegin
CREATE TRIGGER number_doubles_no_update BEFORE UPDATE ON number_doubles BEGIN SELECT RAISE(ABORT, 'table number_doubles is append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER number_doubles_no_delete BEFORE DELETE ON number_doubles BEGIN SELECT RAISE(ABORT, 'table number_doubles is append-only'); END;
-- +goose StatementEnd

-- The account of a series goes through its leases in their order.
CREATE UNIQUE INDEX leases_series ON leases (series, first);

-- +goose Down
DROP INDEX leases_series;
DROP TABLE number_doubles;
ALTER TABLE numbers DROP COLUMN op;
