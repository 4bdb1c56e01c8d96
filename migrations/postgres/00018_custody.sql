-- +goose Up
-- Holds and disposals of a recording, and which disposals wait.
CREATE INDEX records_holds_evidence ON records (((body::jsonb) ->> 'evidence')) WHERE collection = 'holds';
CREATE INDEX records_disposals_evidence ON records (((body::jsonb) ->> 'evidence')) WHERE collection = 'disposals';
CREATE INDEX records_disposals_state ON records (((body::jsonb) ->> 'state'), id) WHERE collection = 'disposals';

-- What was disposed of is not missing.
DROP INDEX records_evidence_missing;
CREATE INDEX records_evidence_missing ON records (id)
  WHERE collection = 'evidence' AND NOT removed AND COALESCE((body::jsonb) #>> '{custody,state}', '') NOT IN ('held', 'disposing', 'disposed');

-- When the bytes of a recording were last read and hashed, and with what result. held: under a legal hold, or kept for ever.
CREATE TABLE checks (
  evidence   TEXT    PRIMARY KEY NOT NULL,
  held       BOOLEAN NOT NULL,
  sound      BOOLEAN NOT NULL,
  checked_at BIGINT  NOT NULL,
  claimed_at BIGINT  NOT NULL
);
CREATE INDEX checks_at ON checks (checked_at);
CREATE INDEX checks_held ON checks (checked_at) WHERE held;
INSERT INTO checks (evidence, held, sound, checked_at, claimed_at)
  SELECT id, false, true, 0, 0 FROM records WHERE collection = 'evidence' AND NOT removed AND COALESCE((body::jsonb) #>> '{custody,state}', '') = 'held';

-- +goose Down
DROP TABLE checks;
DROP INDEX records_evidence_missing;
CREATE INDEX records_evidence_missing ON records (id)
  WHERE collection = 'evidence' AND NOT removed AND COALESCE((body::jsonb) #>> '{custody,state}', '') <> 'held';
DROP INDEX records_disposals_state;
DROP INDEX records_disposals_evidence;
DROP INDEX records_holds_evidence;
