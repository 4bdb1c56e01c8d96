package db

import (
	"context"
	"database/sql"
	"errors"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/ledger"
	"github.com/fieldwarden/fieldwarden/sync/papers"
)

var _ papers.Numbers = (*DB)(nil)

// LeaseNumbers implements papers.Numbers. The row of the series is locked first, so that leases of one series queue up and a
// repeated one sees the first.
func (d *DB) LeaseNumbers(ctx context.Context, lease, series string, count int) (first uint64, err error) {
	err = d.transact(ctx, func(ctx context.Context, t *tx) error {
		query := "INSERT INTO series (name, last) VALUES (" + t.marks(1, 2) + ") ON CONFLICT (name) DO UPDATE SET last = series.last RETURNING last"
		var last uint64
		if err := row(ctx, t.conn, query, series, 0).Scan(&last); err != nil {
			return translate(err)
		}
		var of string
		var size int
		err = row(ctx, t.conn, "SELECT series, first, count FROM leases WHERE id = "+t.param(1), lease).Scan(&of, &first, &size)
		switch {
		case err == nil && (of != series || size != count):
			return fault.New(fault.IdempotencyReused)
		case !errors.Is(err, sql.ErrNoRows):
			return translate(err)
		}
		if last == 0 {
			if last, err = t.firstOf(ctx, series); err != nil {
				return err
			}
		}
		first = last + 1
		if err := t.exec(ctx, "UPDATE series SET last = last + "+t.param(1)+" WHERE name = "+t.param(2), count, series); err != nil {
			return err
		}
		return t.keepLease(ctx, lease, series, first, int64(count))
	})
	return first, err
}

func (t *tx) keepLease(ctx context.Context, lease, series string, first uint64, count int64) error {
	return t.together(ctx, statement{query: "INSERT INTO leases (id, series, first, count, at) VALUES (" + t.marks(1, 5) + ")",
		args: []any{lease, series, int64(first), count, micros(t.now())}}, t.queueLeaf(ledger.Lease, lease))
}
