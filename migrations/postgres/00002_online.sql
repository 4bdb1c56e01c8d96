-- +goose Up
-- The device through which a signed-in person wrote an op online: such an op is in no device's sequence.
ALTER TABLE ops ADD COLUMN online TEXT;

-- +goose Down
ALTER TABLE ops DROP COLUMN online;
