-- +goose Up
-- In which form of its collection a body was written. Programs lift older ones when they read them: nothing is rewritten.
ALTER TABLE records ADD COLUMN schema BIGINT NOT NULL DEFAULT 1;
ALTER TABLE revisions ADD COLUMN schema BIGINT NOT NULL DEFAULT 1;

-- +goose Down
-- The programs before know one form of each collection: what was written in another must not be there any more.
ALTER TABLE revisions DROP COLUMN schema;
ALTER TABLE records DROP COLUMN schema;
