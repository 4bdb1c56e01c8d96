-- +goose Up
-- The state that a body tells, beside it: an index over the text had to read the whole body again for every new version.
ALTER TABLE records ADD COLUMN state TEXT NOT NULL DEFAULT '';
UPDATE records SET state = body ->> 'state' WHERE json_type(body, '$.state') = 'text';
DROP INDEX records_findings_state;
DROP INDEX records_conflicts_state;
DROP INDEX records_deadletters_state;
DROP INDEX records_disposals_state;
DROP INDEX records_inspections_state;
CREATE INDEX records_findings_state ON records (state, id) WHERE collection = 'findings';
CREATE INDEX records_conflicts_state ON records (state, id) WHERE collection = 'conflicts';
CREATE INDEX records_deadletters_state ON records (state, id) WHERE collection = 'deadletters';
CREATE INDEX records_disposals_state ON records (state, id) WHERE collection = 'disposals';
CREATE INDEX records_inspections_state ON records (state, id) WHERE collection = 'inspections';

-- +goose Down
DROP INDEX records_findings_state;
DROP INDEX records_conflicts_state;
DROP INDEX records_deadletters_state;
DROP INDEX records_disposals_state;
DROP INDEX records_inspections_state;
CREATE INDEX records_findings_state ON records ((body ->> 'state'), id) WHERE collection = 'findings';
CREATE INDEX records_conflicts_state ON records ((body ->> 'state'), id) WHERE collection = 'conflicts';
CREATE INDEX records_deadletters_state ON records ((body ->> 'state'), id) WHERE collection = 'deadletters';
CREATE INDEX records_disposals_state ON records ((body ->> 'state'), id) WHERE collection = 'disposals';
CREATE INDEX records_inspections_state ON records ((body ->> 'state'), id) WHERE collection = 'inspections';
ALTER TABLE records DROP COLUMN state;
