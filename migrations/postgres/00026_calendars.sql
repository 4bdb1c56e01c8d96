-- +goose Up
-- Notices on days off are looked up by their year.
CREATE INDEX records_calendars_year ON records (((body::jsonb) ->> 'year')) WHERE collection = 'calendars';

-- +goose Down
DROP INDEX records_calendars_year;
