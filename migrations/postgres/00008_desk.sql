-- +goose Up
-- What waits on a desk, by its state.
CREATE INDEX records_findings_state ON records (((body::jsonb) ->> 'state'), id) WHERE collection = 'findings';
CREATE INDEX records_conflicts_state ON records (((body::jsonb) ->> 'state'), id) WHERE collection = 'conflicts';
CREATE INDEX records_deadletters_state ON records (((body::jsonb) ->> 'state'), id) WHERE collection = 'deadletters';

-- +goose Down
DROP INDEX records_deadletters_state;
DROP INDEX records_conflicts_state;
DROP INDEX records_findings_state;
