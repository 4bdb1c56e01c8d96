-- +goose Up
-- Inspections by their state, and recordings of none.
CREATE INDEX records_inspections_state ON records ((body ->> 'state'), id) WHERE collection = 'inspections';
CREATE INDEX records_evidence_loose ON records (id)
  WHERE collection = 'evidence' AND NOT removed AND COALESCE(body ->> 'inspection', '') = '';

-- +goose Down
DROP INDEX records_evidence_loose;
DROP INDEX records_inspections_state;
