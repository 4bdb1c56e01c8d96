-- +goose Up
-- Uploads whose bytes a docking station brings straight to the object store, past the spool.
ALTER TABLE uploads ADD COLUMN docked BOOLEAN NOT NULL DEFAULT false;

-- +goose Down
-- The older program would look for their bytes in a spool. No device has a receipt for them.
UPDATE uploads SET state = 'ended' WHERE docked AND state IN ('receiving', 'whole');
ALTER TABLE uploads DROP COLUMN docked;
