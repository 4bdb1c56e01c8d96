package db

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/fieldwarden/fieldwarden/sync/upload"
)

var _ upload.Replicas = Uploads{}

// Beat implements upload.Replicas.
func (d Uploads) Beat(ctx context.Context, r upload.Replica) error {
	return d.transact(ctx, func(ctx context.Context, t *tx) error {
		return t.exec(ctx, "INSERT INTO replicas (id, url, seen_at) VALUES ("+t.marks(1, 3)+") ON CONFLICT (id) DO UPDATE SET url = excluded.url, seen_at = excluded.seen_at",
			r.ID, r.URL, micros(r.SeenAt))
	})
}

// Seen implements upload.Replicas.
func (d Uploads) Seen(ctx context.Context, id string) (upload.Replica, error) {
	r, at := upload.Replica{ID: id}, int64(0)
	err := row(ctx, d.pool(), "SELECT url, seen_at FROM replicas WHERE id = "+d.param(1), id).Scan(&r.URL, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return r, nil
	}
	r.SeenAt = moment(at)
	return r, translate(err)
}

// Living implements upload.Replicas.
func (d Uploads) Living(ctx context.Context, after time.Time) (all []upload.Replica, err error) {
	err = rows(ctx, d.pool(), func(found *sql.Rows) error {
		var r upload.Replica
		var at int64
		err := found.Scan(&r.ID, &r.URL, &at)
		r.SeenAt = moment(at)
		all = append(all, r)
		return err
	}, "SELECT id, url, seen_at FROM replicas WHERE seen_at > "+d.param(1)+" ORDER BY id", micros(after))
	return all, err
}

// Under implements upload.Replicas.
func (d Uploads) Under(ctx context.Context, evidence string) ([]upload.Upload, error) {
	var found []uploadRow
	err := d.read.WithContext(ctx).Where("evidence = ? AND state IN ('receiving', 'whole')", evidence).Order("id").Find(&found).Error
	return uploadsFromRows(found), translate(err)
}

// Adopt implements upload.Replicas.
func (d Uploads) Adopt(ctx context.Context, id, from, to, forget string) (adopted bool, err error) {
	err = d.transact(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.change(ctx, "UPDATE uploads SET owner = "+t.param(1)+", state = 'receiving' WHERE id = "+t.param(2)+" AND owner = "+t.param(3)+
			" AND state IN ('receiving', 'whole')", to, id, from)
		if adopted = n == 1; err != nil || !adopted {
			return err
		}
		return t.enqueue(ctx, forget, id)
	})
	return adopted, err
}
