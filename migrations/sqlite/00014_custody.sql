-- +goose Up
-- What was done with a recording.
CREATE INDEX records_custody_evidence ON records (body ->> 'evidence') WHERE collection = 'custody';

-- +goose Down
DROP INDEX records_custody_evidence;
