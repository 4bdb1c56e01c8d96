-- +goose Up

CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE feeds (name TEXT PRIMARY KEY, head BIGINT NOT NULL);

-- Numbers of a feed become visible in order because writers lock the feed's row before they take one.
CREATE TABLE records (
  id         TEXT PRIMARY KEY,
  collection TEXT    NOT NULL,
  feed       TEXT    NOT NULL,
  seq        BIGINT  NOT NULL,
  version    BIGINT  NOT NULL,
  removed    BOOLEAN NOT NULL,
  op         TEXT    NOT NULL,
  body       TEXT    NOT NULL,
  updated_at BIGINT  NOT NULL
);
CREATE UNIQUE INDEX records_feed_seq ON records (feed, seq);
CREATE INDEX records_certificates_officer ON records (((body::jsonb) ->> 'officer')) WHERE collection = 'certificates';
CREATE INDEX records_certificates_number ON records (((body::jsonb) ->> 'number')) WHERE collection = 'certificates';
CREATE INDEX records_items_code ON records (((body::jsonb) ->> 'code')) WHERE collection = 'items';
CREATE INDEX records_units_code ON records (((body::jsonb) ->> 'code')) WHERE collection = 'units';
CREATE INDEX records_officers_unit ON records (((body::jsonb) ->> 'unit')) WHERE collection = 'officers';
CREATE INDEX records_documents_inspection ON records (((body::jsonb) ->> 'inspection')) WHERE collection = 'documents';
CREATE INDEX records_evidence_inspection ON records (((body::jsonb) ->> 'inspection')) WHERE collection = 'evidence';
CREATE INDEX records_blocks_device ON records (((body::jsonb) ->> 'device')) WHERE collection = 'blocks';
CREATE INDEX records_templates_kind ON records (((body::jsonb) ->> 'kind')) WHERE collection = 'templates';
CREATE INDEX records_findings_record ON records (((body::jsonb) ->> 'record')) WHERE collection = 'findings';
CREATE INDEX records_conflicts_record ON records (((body::jsonb) ->> 'record')) WHERE collection = 'conflicts';

CREATE TABLE revisions (
  record     TEXT    NOT NULL,
  version    BIGINT  NOT NULL,
  collection TEXT    NOT NULL,
  op         TEXT    NOT NULL,
  removed    BOOLEAN NOT NULL,
  body       TEXT    NOT NULL,
  at         BIGINT  NOT NULL,
  PRIMARY KEY (record, version)
);
CREATE UNIQUE INDEX revisions_op ON revisions (op);

CREATE TABLE departures (
  feed       TEXT   NOT NULL,
  seq        BIGINT NOT NULL,
  record     TEXT   NOT NULL,
  collection TEXT   NOT NULL,
  reason     TEXT   NOT NULL,
  PRIMARY KEY (feed, seq)
);
CREATE UNIQUE INDEX departures_record ON departures (feed, record);

CREATE TABLE pushes (
  id          TEXT PRIMARY KEY,
  device      TEXT   NOT NULL,
  first_seq   BIGINT NOT NULL,
  last_seq    BIGINT NOT NULL,
  head        TEXT   NOT NULL,
  signature   TEXT   NOT NULL,
  received_at BIGINT NOT NULL
);
CREATE INDEX pushes_device ON pushes (device, first_seq);

CREATE TABLE ops (
  id          TEXT PRIMARY KEY,
  device      TEXT,
  seq         BIGINT,
  push        TEXT,
  collection  TEXT   NOT NULL,
  record      TEXT   NOT NULL,
  action      TEXT   NOT NULL,
  author      TEXT   NOT NULL,
  occurred_at BIGINT NOT NULL,
  earliest    BIGINT NOT NULL,
  latest      BIGINT NOT NULL,
  received_at BIGINT NOT NULL,
  hash        TEXT   NOT NULL,
  status      TEXT   NOT NULL,
  outcome     TEXT   NOT NULL,
  text        TEXT   NOT NULL
);
CREATE UNIQUE INDEX ops_device_seq ON ops (device, seq) WHERE device IS NOT NULL;
CREATE INDEX ops_record ON ops (record);

CREATE TABLE numbers (
  series   TEXT   NOT NULL,
  n        BIGINT NOT NULL,
  document TEXT   NOT NULL,
  at       BIGINT NOT NULL,
  PRIMARY KEY (series, n)
);

CREATE TABLE series (name TEXT PRIMARY KEY, last BIGINT NOT NULL);

CREATE TABLE leases (
  id     TEXT PRIMARY KEY,
  series TEXT   NOT NULL,
  first  BIGINT NOT NULL,
  count  BIGINT NOT NULL,
  at     BIGINT NOT NULL
);

CREATE TABLE jobs (
  id          TEXT PRIMARY KEY,
  kind        TEXT    NOT NULL,
  key         TEXT    NOT NULL,
  due         BIGINT  NOT NULL,
  lease_until BIGINT  NOT NULL,
  attempts    BIGINT  NOT NULL,
  dead        BOOLEAN NOT NULL,
  reason      TEXT    NOT NULL,
  created_at  BIGINT  NOT NULL
);
CREATE UNIQUE INDEX jobs_kind_key ON jobs (kind, key);
CREATE INDEX jobs_due ON jobs (due) WHERE NOT dead;

CREATE TABLE uploads (
  id         TEXT PRIMARY KEY,
  evidence   TEXT   NOT NULL,
  device     TEXT   NOT NULL,
  unit       TEXT   NOT NULL,
  length     BIGINT NOT NULL,
  sha256     TEXT   NOT NULL,
  state      TEXT   NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX uploads_live ON uploads (evidence) WHERE state IN ('receiving', 'whole', 'held');
CREATE INDEX uploads_expiring ON uploads (expires_at) WHERE state = 'receiving';

CREATE TABLE accounts (
  id            TEXT PRIMARY KEY,
  name          TEXT   NOT NULL,
  officer       TEXT   NOT NULL,
  password_hash TEXT   NOT NULL,
  disabled_at   BIGINT NOT NULL
);
CREATE UNIQUE INDEX accounts_name ON accounts (name);

-- Tries to sign in since the last right password, whether the name exists or not. device is '' for all devices on which the
-- person has never signed in; the others count for themselves.
CREATE TABLE sign_in_tries (
  name        TEXT   NOT NULL, -- keyed digest: people type passwords into the wrong field
  device      TEXT   NOT NULL,
  failures    BIGINT NOT NULL,
  next_try_at BIGINT NOT NULL,
  PRIMARY KEY (name, device)
);

CREATE TABLE devices (
  id          TEXT PRIMARY KEY,
  name        TEXT   NOT NULL,
  unit        TEXT   NOT NULL,
  public_key  BYTEA NOT NULL,
  thumbprint  TEXT   NOT NULL,
  enrolled_at BIGINT NOT NULL,
  revoked_at  BIGINT NOT NULL,
  last_seq    BIGINT NOT NULL,
  head_hash   TEXT   NOT NULL
);
CREATE UNIQUE INDEX devices_thumbprint ON devices (thumbprint);

CREATE TABLE device_officers (
  device  TEXT NOT NULL,
  officer TEXT NOT NULL,
  PRIMARY KEY (device, officer)
);

CREATE TABLE enrolment_codes (
  digest     TEXT PRIMARY KEY,
  unit       TEXT   NOT NULL,
  created_by TEXT   NOT NULL,
  expires_at BIGINT NOT NULL,
  used_by    TEXT   NOT NULL
);

CREATE TABLE families (
  id         TEXT PRIMARY KEY,
  account    TEXT   NOT NULL,
  officer    TEXT   NOT NULL,
  device     TEXT   NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  ended_at   BIGINT NOT NULL,
  end_reason TEXT   NOT NULL
);
CREATE INDEX families_device ON families (device);
CREATE INDEX families_account ON families (account);

CREATE TABLE refresh_tokens (
  digest     TEXT PRIMARY KEY,
  family     TEXT   NOT NULL,
  expires_at BIGINT NOT NULL,
  used_at    BIGINT NOT NULL,
  successor  TEXT   NOT NULL
);
CREATE INDEX refresh_tokens_family ON refresh_tokens (family);

CREATE TABLE signing_keys (
  id         TEXT PRIMARY KEY,
  use        TEXT   NOT NULL,
  public     BYTEA NOT NULL,
  sealed     BYTEA NOT NULL,
  created_at BIGINT NOT NULL,
  retired_at BIGINT NOT NULL
);

-- Append-only tables refuse change whoever asks; the application's role has no right to it either.
-- +goose StatementBegin
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'table % is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
-- +goose StatementEnd
CREATE TRIGGER revisions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON revisions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ops_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ops FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER pushes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON pushes FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER numbers_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON numbers FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER leases_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON leases FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- +goose Down
DROP TABLE signing_keys;
DROP TABLE refresh_tokens;
DROP TABLE families;
DROP TABLE enrolment_codes;
DROP TABLE device_officers;
DROP TABLE devices;
DROP TABLE sign_in_tries;
DROP TABLE accounts;
DROP TABLE uploads;
DROP TABLE jobs;
DROP TABLE leases;
DROP TABLE series;
DROP TABLE numbers;
DROP TABLE ops;
DROP TABLE pushes;
DROP TABLE departures;
DROP TABLE revisions;
DROP TABLE records;
DROP TABLE feeds;
DROP TABLE meta;
DROP FUNCTION refuse_change();
