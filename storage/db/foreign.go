package db

import (
	"context"
	"database/sql"
	"errors"

	"github.com/fieldwarden/fieldwarden/sync/push"
)

// Mark implements adapt.Marks.
func (d *DB) Mark(ctx context.Context, device string, n int64) (place []byte, ok bool, err error) {
	query := "SELECT place FROM marks WHERE device = " + d.param(1) + " AND n = " + d.param(2)
	err = row(ctx, d.pool(), query, device, n).Scan(&place)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	return place, err == nil, translate(err)
}

// keptMarks is how many of a device's newest marks are kept, besides the one it stands at: answers that were lost.
const keptMarks = 8

// AddMark implements adapt.Marks. The device's row is locked first, so that two pulls of one device do not take the same number.
func (d *DB) AddMark(ctx context.Context, device string, stands, least int64, place []byte) (n int64, err error) {
	err = d.transact(ctx, func(ctx context.Context, t *tx) error {
		if _, _, err := t.LockDevice(ctx, device, nil); err != nil {
			return err
		}
		var newest sql.NullInt64
		err := row(ctx, t.conn, "SELECT MAX(n) FROM marks WHERE device = "+t.param(1), device).Scan(&newest)
		if err != nil {
			return translate(err)
		}
		n = max(least, newest.Int64+1)
		if err := t.exec(ctx, "INSERT INTO marks (device, n, place) VALUES ("+t.marks(1, 3)+")", device, n, string(place)); err != nil {
			return err
		}
		return t.exec(ctx, "DELETE FROM marks WHERE device = "+t.param(1)+" AND n <> "+t.param(2)+
			" AND n NOT IN (SELECT n FROM marks WHERE device = "+t.param(3)+" ORDER BY n DESC LIMIT "+t.param(4)+")", device, stands, device, keptMarks)
	})
	return n, err
}

// SetMark implements adapt.Marks.
func (d *DB) SetMark(ctx context.Context, device string, n int64, place []byte) error {
	return d.transact(ctx, func(ctx context.Context, t *tx) error {
		return t.exec(ctx, "UPDATE marks SET place = "+t.param(1)+" WHERE device = "+t.param(2)+" AND n = "+t.param(3), string(place), device, n)
	})
}

// OnlineSince implements adapt.Reader.
func (d *DB) OnlineSince(ctx context.Context, device, author string, refs []push.Version) (map[string][]push.OwnOp, error) {
	t := tx{DB: d, conn: d.pool()}
	return t.OnlineSince(ctx, device, author, refs)
}
