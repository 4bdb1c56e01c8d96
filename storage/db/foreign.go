package db

import (
	"context"

	"github.com/fieldwarden/fieldwarden/sync/pull"
)

// Current implements foreign.Reader.
func (d *DB) Current(ctx context.Context, ids []string) (map[string]pull.Record, error) {
	t := tx{DB: d, conn: d.pool()}
	found, err := t.Records(ctx, ids)
	out := make(map[string]pull.Record, len(found))
	for id, r := range found {
		out[id] = pull.Record{Collection: r.Collection, ID: r.ID, Feed: r.Feed, Version: r.Version, Removed: r.Removed, Body: r.Body}
	}
	return out, err
}
