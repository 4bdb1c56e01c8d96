-- +goose Up
-- Links by which somebody outside may see one recording. The token is kept as its hash; who asked for what is in the records of custody.
CREATE TABLE shares (
    id         text PRIMARY KEY,
    token_hash text NOT NULL, -- SHA-256, hex
    evidence   text NOT NULL,
    derivative text NOT NULL DEFAULT '', -- shown in place of the original
    unit       text NOT NULL,
    name       text NOT NULL, -- of the outsider
    organ      text NOT NULL, -- that he belongs to
    reason     text NOT NULL,
    created_by text NOT NULL, -- officer
    created_at integer NOT NULL,
    expires_at integer NOT NULL,
    max_views  integer NOT NULL,
    views      integer NOT NULL DEFAULT 0,
    revoked_at integer NOT NULL DEFAULT 0,
    CHECK (views >= 0 AND views <= max_views)
);
CREATE UNIQUE INDEX shares_token ON shares (token_hash);
CREATE INDEX shares_evidence ON shares (evidence);

-- +goose Down
DROP TABLE shares;
