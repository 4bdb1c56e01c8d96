package db

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/fieldwarden/fieldwarden/sync/custody"
)

var _ custody.Checks = (*DB)(nil)

// KeepCheck implements custody.Checks.
func (d *DB) KeepCheck(ctx context.Context, of custody.Item, held bool, since time.Time) error {
	return d.transact(ctx, func(ctx context.Context, t *tx) error {
		return t.exec(ctx, "INSERT INTO checks (collection, record, held, sound, checked_at, claimed_at, tried_at) VALUES ("+t.marks(1, 7)+
			") ON CONFLICT (collection, record) DO UPDATE SET held = excluded.held", of.Collection, of.ID, held, true, micros(since), 0, micros(since))
	})
}

// DropCheck implements custody.Checks.
func (d *DB) DropCheck(ctx context.Context, of custody.Item) error {
	return d.transact(ctx, func(ctx context.Context, t *tx) error {
		return t.exec(ctx, "DELETE FROM checks WHERE collection = "+t.param(1)+" AND record = "+t.param(2), of.Collection, of.ID)
	})
}

// DueChecks implements custody.Checks.
func (d *DB) DueChecks(ctx context.Context, w custody.Due) (items []custody.Item, err error) {
	which, order, skip := "", "tried_at", ""
	switch {
	case w.Held:
		which = "held AND "
	case w.Unread:
		which, order = "unread > 0 AND ", "unread_at"
	}
	if d.dialect == postgreSQL {
		skip = " FOR UPDATE SKIP LOCKED"
	}
	tried := map[custody.Item]int64{}
	err = d.transact(ctx, func(ctx context.Context, t *tx) error {
		clear(tried)
		return rows(ctx, t.conn, func(r *sql.Rows) error {
			var of custody.Item
			var at int64
			err := r.Scan(&of.Collection, &of.ID, &at)
			tried[of] = at
			return err
		}, "UPDATE checks SET claimed_at = "+t.param(1)+" WHERE (collection, record) IN (SELECT collection, record FROM checks WHERE "+which+order+" < "+t.param(2)+
			" AND unread_at < "+t.param(3)+" AND claimed_at < "+t.param(4)+" ORDER BY "+order+" LIMIT "+t.param(5)+skip+") RETURNING collection, record, "+order,
			micros(w.Now), micros(w.Before), micros(w.Before), micros(w.Stale), w.Limit)
	})
	items = slices.SortedFunc(maps.Keys(tried), func(a, b custody.Item) int { return cmp.Or(cmp.Compare(tried[a], tried[b]), cmp.Compare(a.ID, b.ID)) })
	return items, err // an update tells its rows in any order
}

// Checked implements custody.Checks.
func (d *DB) Checked(ctx context.Context, of custody.Item, sound bool, at time.Time) error {
	return d.transact(ctx, func(ctx context.Context, t *tx) error {
		return t.exec(ctx, "UPDATE checks SET sound = "+t.param(1)+", checked_at = "+t.param(2)+", tried_at = "+t.param(3)+
			", claimed_at = 0, unread = 0, unread_since = 0, unread_at = 0 WHERE collection = "+t.param(4)+" AND record = "+t.param(5), sound, micros(at), micros(at), of.Collection, of.ID)
	})
}

// Unread implements custody.Checks.
func (d *DB) Unread(ctx context.Context, of custody.Item, at time.Time, turn bool) (c custody.Check, err error) {
	err = d.transact(ctx, func(ctx context.Context, t *tx) error {
		now := micros(at)
		err := t.exec(ctx, "UPDATE checks SET unread = unread + 1, unread_since = CASE WHEN unread = 0 THEN "+t.param(1)+" ELSE unread_since END, unread_at = "+t.param(2)+
			", claimed_at = 0, tried_at = CASE WHEN "+t.param(3)+" THEN "+t.param(4)+" ELSE tried_at END WHERE collection = "+t.param(5)+" AND record = "+t.param(6),
			now, now, turn, now, of.Collection, of.ID)
		if err == nil {
			c, _, err = t.lastCheck(ctx, of)
		}
		return err
	})
	return c, err
}

// LastCheck implements custody.Checks.
func (d *DB) LastCheck(ctx context.Context, of custody.Item) (custody.Check, bool, error) {
	return lastCheck(ctx, d, d.pool(), of)
}

func (t *tx) lastCheck(ctx context.Context, of custody.Item) (custody.Check, bool, error) {
	return lastCheck(ctx, t.DB, t.conn, of)
}

func lastCheck(ctx context.Context, d *DB, conn gorm.ConnPool, of custody.Item) (c custody.Check, ok bool, err error) {
	var at, since int64
	err = row(ctx, conn, "SELECT held, sound, checked_at, unread, unread_since FROM checks WHERE collection = "+d.param(1)+" AND record = "+d.param(2), of.Collection, of.ID).
		Scan(&c.Held, &c.Sound, &at, &c.Unread, &since)
	if errors.Is(err, sql.ErrNoRows) {
		return c, false, nil
	}
	if at > 0 {
		c.At = moment(at)
	}
	if since > 0 {
		c.UnreadSince = moment(since)
	}
	return c, err == nil, translate(err)
}

// CountChecks implements custody.Checks.
func (d *DB) CountChecks(ctx context.Context) (n int, err error) {
	err = row(ctx, d.pool(), "SELECT count(*) FROM checks").Scan(&n)
	return n, translate(err)
}
