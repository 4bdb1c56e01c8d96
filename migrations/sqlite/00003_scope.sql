-- +goose Up
-- The feeds of the units below one are a range of names, compared as octets.
CREATE INDEX feeds_below ON feeds (name);

-- +goose Down
DROP INDEX feeds_below;
