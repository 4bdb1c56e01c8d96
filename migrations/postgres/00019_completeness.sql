-- +goose Up
-- Inspections by their state, and recordings of none.
CREATE INDEX records_inspections_state ON records (((body::jsonb) ->> 'state'), id) WHERE collection = 'inspections';
CREATE INDEX records_evidence_loose ON records (id)
  WHERE collection = 'evidence' AND NOT removed AND COALESCE((body::jsonb) ->> 'inspection', '') = '';

-- +goose Down
DROP INDEX records_evidence_loose;
DROP INDEX records_inspections_state;
