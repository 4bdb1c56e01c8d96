-- +goose Up
-- Where devices with WatermelonDB stand: the library keeps a number and nothing else, so the server keeps what the number means.
CREATE TABLE marks (
  device TEXT   NOT NULL,
  n      BIGINT NOT NULL,
  place  TEXT   NOT NULL,
  PRIMARY KEY (device, n)
);

-- +goose Down
DROP TABLE marks;
