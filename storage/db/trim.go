package db

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Trimmed implements pull.Reader.
func (d *DB) Trimmed(ctx context.Context) (map[string]uint64, error) {
	trimmed := map[string]uint64{}
	err := rows(ctx, d.pool(), func(r *sql.Rows) error {
		var feed string
		var seq uint64
		err := r.Scan(&feed, &seq)
		trimmed[feed] = seq
		return err
	}, "SELECT name, trimmed FROM feeds WHERE trimmed > 0")
	return trimmed, err
}

// trimAtOnce is how many departures one transaction drops.
const trimAtOnce = 2000

// TrimDepartures drops departures that are older than a moment, and returns how many. It is done in two steps: feeds first say up to
// where they will be trimmed, and what they say is done by a call that finds it said for at least as long as wait. Whoever reads a feed
// may therefore believe for so long what he has read of [DB.Trimmed]. It may run beside itself.
func (d *DB) TrimDepartures(ctx context.Context, before time.Time, wait time.Duration) (n int, err error) {
	for {
		dropped, err := d.dropTrimmed(ctx, wait)
		n += dropped
		if err != nil || dropped < trimAtOnce {
			if err == nil {
				err = d.sayTrimmed(ctx, before)
			}
			return n, err
		}
	}
}

func (d *DB) dropTrimmed(ctx context.Context, wait time.Duration) (n int, err error) {
	query := fmt.Sprintf(`DELETE FROM departures WHERE (feed, seq) IN (SELECT d.feed, d.seq FROM feeds f JOIN departures d ON d.feed = f.name AND d.seq <= f.trimmed
		WHERE f.trimmed > 0 AND f.trimmed_at <= %s LIMIT %d)`, d.param(1), trimAtOnce)
	err = d.transact(ctx, func(ctx context.Context, t *tx) error {
		done, err := t.conn.ExecContext(ctx, query, micros(t.now().Add(-wait)))
		if err != nil {
			return err
		}
		dropped, err := done.RowsAffected()
		n = int(dropped)
		return err
	})
	return n, err
}

// sayTrimmed moves on up to where feeds will be trimmed, of those in which what was said before has been done.
func (d *DB) sayTrimmed(ctx context.Context, before time.Time) error {
	cuts := map[string]int64{}
	err := rows(ctx, d.pool(), func(r *sql.Rows) error {
		var feed string
		var seq int64
		err := r.Scan(&feed, &seq)
		cuts[feed] = seq
		return err
	}, "SELECT feed, MAX(seq) FROM departures WHERE at < "+d.param(1)+" GROUP BY feed", micros(before))
	if err != nil {
		return err
	}
	for feed, seq := range cuts {
		err := d.transact(ctx, func(ctx context.Context, t *tx) error {
			return t.exec(ctx, "UPDATE feeds SET trimmed = "+t.param(1)+", trimmed_at = "+t.param(2)+" WHERE name = "+t.param(3)+" AND trimmed < "+t.param(4)+
				" AND NOT EXISTS (SELECT 1 FROM departures d WHERE d.feed = feeds.name AND d.seq <= feeds.trimmed)", seq, micros(t.now()), feed, seq)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
