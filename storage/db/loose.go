package db

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/fieldwarden/fieldwarden/sync/pull"
)

// loose is the condition of the partial index of evidence that belongs to no inspection, word for word.
var loose = map[dialect]string{
	postgreSQL: `collection = 'evidence' AND NOT removed AND COALESCE((body::jsonb) ->> 'inspection', '') = ''`,
	sqLite:     `collection = 'evidence' AND NOT removed AND COALESCE(body ->> 'inspection', '') = ''`,
}

// Loose implements custody.Board.
func (d *DB) Loose(ctx context.Context, units []string, after string, limit int) (found []pull.Record, err error) {
	args := []any{after}
	reached := d.reached(units, &args)
	if reached == "" {
		return nil, nil
	}
	err = rows(ctx, d.pool(), func(r *sql.Rows) error {
		rec := pull.Record{Collection: "evidence"}
		err := r.Scan(&rec.ID, &rec.Feed, &rec.Version, &rec.Schema, &rec.Body)
		found = append(found, rec)
		return err
	}, fmt.Sprintf("SELECT id, feed, version, schema, body FROM records WHERE %s AND id > %s AND (%s) ORDER BY id LIMIT %d", loose[d.dialect], d.param(1), reached, limit), args...)
	return found, err
}

// reached is the condition that a record is in the feed of one of the units or of one below. Codes of units below begin with the unit's, and
// so do the names of their feeds.
func (d *DB) reached(units []string, args *[]any) string {
	parts := make([]string, len(units))
	for i, unit := range units {
		feed := "unit/" + unit
		parts[i] = fmt.Sprintf("substr(feed, 1, %d) = %s", len([]rune(feed)), d.param(len(*args)+1))
		*args = append(*args, feed)
	}
	return strings.Join(parts, " OR ")
}
