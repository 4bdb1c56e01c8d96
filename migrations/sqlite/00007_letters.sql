-- +goose Up
-- The dead letters about a record: a letter's decision finds what was held with it.
CREATE INDEX records_deadletters_record ON records (body ->> 'record') WHERE collection = 'deadletters';

-- +goose Down
DROP INDEX records_deadletters_record;
