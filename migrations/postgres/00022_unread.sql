-- +goose Up
-- When a recording was last tried, whatever came of it; how often in a row it could not be read, since when, and when last.
ALTER TABLE checks ADD COLUMN tried_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE checks ADD COLUMN unread BIGINT NOT NULL DEFAULT 0;
ALTER TABLE checks ADD COLUMN unread_since BIGINT NOT NULL DEFAULT 0;
ALTER TABLE checks ADD COLUMN unread_at BIGINT NOT NULL DEFAULT 0;
UPDATE checks SET tried_at = checked_at;
DROP INDEX checks_at;
DROP INDEX checks_held;
CREATE INDEX checks_at ON checks (tried_at);
CREATE INDEX checks_held ON checks (tried_at) WHERE held;
CREATE INDEX checks_unread ON checks (unread_at) WHERE unread > 0;

-- +goose Down
DROP INDEX checks_unread;
DROP INDEX checks_held;
DROP INDEX checks_at;
CREATE INDEX checks_at ON checks (checked_at);
CREATE INDEX checks_held ON checks (checked_at) WHERE held;
ALTER TABLE checks DROP COLUMN unread_at;
ALTER TABLE checks DROP COLUMN unread_since;
ALTER TABLE checks DROP COLUMN unread;
ALTER TABLE checks DROP COLUMN tried_at;
