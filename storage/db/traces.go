package db

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/sync/pull"
)

// Among implements pull.History.
func (d *DB) Among(ctx context.Context, collection string, ids []string) ([]pull.Record, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	where, arg := d.among("id", 1, ids)
	return d.some(ctx, collection, "SELECT id, feed, version, schema, body, updated_at FROM records WHERE "+where+" AND collection = "+d.param(2)+" AND NOT removed ORDER BY id",
		func(int64, string) {}, arg, collection)
}

// touchedPage is how many records one statement of Touched reads: papers with their signatures are some tens of kilobytes each.
const touchedPage = 200

// Touched implements pull.History, along the index over feed, last change and id that the collection has.
func (d *DB) Touched(ctx context.Context, t pull.Touched, fn func(pull.Record) error) error {
	if !plain(t.Collection) {
		return fmt.Errorf("collection %q: not a plain name", t.Collection)
	}
	query := fmt.Sprintf("SELECT id, feed, version, schema, body, updated_at FROM records WHERE collection = '%s' AND feed = %s AND (updated_at, id) > (%s, %s) AND NOT removed ORDER BY updated_at, id LIMIT %d",
		t.Collection, d.param(1), d.param(2), d.param(3), touchedPage)
	at, id := micros(t.Since), ""
	for {
		page, err := d.some(ctx, t.Collection, query, func(a int64, i string) { at, id = a, i }, t.Feed, at, id)
		if err != nil {
			return err
		}
		for _, r := range page {
			if err := fn(r); err != nil {
				return err
			}
		}
		if len(page) < touchedPage {
			return nil
		}
	}
}

// some reads the records of a collection that a query gives, and tells of each when it was last changed.
func (d *DB) some(ctx context.Context, collection, query string, tell func(at int64, id string), args ...any) (found []pull.Record, err error) {
	err = rows(ctx, d.pool(), func(r *sql.Rows) error {
		rec, at := pull.Record{Collection: collection}, int64(0)
		err := r.Scan(&rec.ID, &rec.Feed, &rec.Version, &rec.Schema, &rec.Body, &at)
		tell(at, rec.ID)
		found = append(found, rec)
		return err
	}, query, args...)
	return found, err
}

// Began implements pull.History: by the first versions, which are written with the clock of last changes.
func (d *DB) Began(ctx context.Context, ids []string) (time.Time, error) {
	where, arg := d.among("record", 1, ids)
	var at sql.NullInt64
	err := row(ctx, d.pool(), "SELECT MIN(at) FROM revisions WHERE "+where+" AND version = 1", arg).Scan(&at)
	return moment(at.Int64), translate(err)
}
