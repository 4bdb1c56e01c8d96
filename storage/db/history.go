package db

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/fieldwarden/fieldwarden/sync/pull"
)

var _ pull.History = (*DB)(nil)

// Record implements pull.History.
func (d *DB) Record(ctx context.Context, collection, id string) (pull.Record, error) {
	r := pull.Record{Collection: collection, ID: id}
	query := "SELECT feed, version, removed, schema, body FROM records WHERE id = " + d.param(1) + " AND collection = " + d.param(2)
	err := row(ctx, d.pool(), query, id, collection).Scan(&r.Feed, &r.Version, &r.Removed, &r.Schema, &r.Body)
	return r, translate(err)
}

// Revisions implements pull.History. The op is joined by its record too: by its id alone, PostgreSQL reads all ops while it has
// no statistics yet.
func (d *DB) Revisions(ctx context.Context, id string) ([]pull.Revision, error) {
	var found []pull.Revision
	err := rows(ctx, d.pool(), func(r *sql.Rows) error {
		var v pull.Revision
		var device sql.NullString
		var occurred, received int64
		err := r.Scan(&v.Version, &v.Op, &v.Action, &v.Author, &device, &occurred, &received, &v.Status, &v.Collection, &v.Schema, &v.Body)
		v.Device, v.OccurredAt, v.ReceivedAt = device.String, moment(occurred), moment(received)
		found = append(found, v)
		return err
	}, `SELECT v.version, v.op, o.action, o.author, COALESCE(o.device, o.online), o.occurred_at, o.received_at, o.status, v.collection, v.schema, v.body
		FROM revisions v JOIN ops o ON o.id = v.op AND o.record = v.record WHERE v.record = `+d.param(1)+" ORDER BY v.version", id)
	return found, err
}

// Lookup implements pull.History.
func (d *DB) Lookup(ctx context.Context, collection, field, value string) ([]pull.Record, error) {
	t := tx{DB: d, conn: d.pool()}
	rows, err := t.Match(ctx, collection, field, value)
	out := make([]pull.Record, len(rows))
	for i, r := range rows {
		out[i] = pull.Record{Collection: r.Collection, ID: r.ID, Feed: r.Feed, Version: r.Version, Schema: r.Schema, Body: r.Body}
	}
	return out, err
}

// Waiting implements pull.History.
func (d *DB) Waiting(ctx context.Context, w pull.Waiting) ([]pull.Record, error) {
	if !plain(w.Collection) {
		return nil, fmt.Errorf("collection %q: not a plain name", w.Collection)
	}
	args := []any{w.State, w.After}
	reached := d.reached(w.Units, &args)
	if reached == "" {
		return nil, nil
	}
	var found []pull.Record
	err := rows(ctx, d.pool(), func(r *sql.Rows) error {
		rec := pull.Record{Collection: w.Collection}
		err := r.Scan(&rec.ID, &rec.Feed, &rec.Version, &rec.Schema, &rec.Body)
		found = append(found, rec)
		return err
	}, fmt.Sprintf("SELECT id, feed, version, schema, body FROM records WHERE collection = '%s' AND state = %s AND id > %s AND NOT removed AND (%s) ORDER BY id LIMIT %d",
		w.Collection, d.param(1), d.param(2), reached, w.Limit), args...)
	return found, err
}

// OpText implements pull.History.
func (d *DB) OpText(ctx context.Context, id string) (text []byte, err error) {
	err = row(ctx, d.pool(), "SELECT text FROM ops WHERE id = "+d.param(1), id).Scan(&text)
	return text, translate(err)
}
