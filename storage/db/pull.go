package db

import (
	"context"
	"database/sql"
	"fmt"
	"math"

	"gorm.io/gorm"

	"github.com/fieldwarden/fieldwarden/sync/pull"
)

var _ pull.Reader = (*DB)(nil)

// pool is GORM's pool for reading; it prepares each statement once.
func (d *DB) pool() gorm.ConnPool { return d.read.Statement.ConnPool }

// Changes implements pull.Reader. One statement sees one snapshot, so page and head belong together. A departure is left out
// when the record has come back to the feed since.
func (d *DB) Changes(ctx context.Context, feed string, after uint64, limit int) ([]pull.Change, uint64, error) {
	gone := goneLines + fmt.Sprintf("d.feed = %s AND d.seq > %s AND d.seq <= %s", d.nth(1), d.nth(2), d.nth(3))
	query := headLine + "name = " + d.nth(1) + " UNION ALL " + d.live() + " UNION ALL " + d.inOrder(gone, "d.seq") + " ORDER BY seq LIMIT " + d.nth(4) + " + 1"
	page := newLines(feed, pull.PageOctets)
	err := page.read(ctx, d.pool(), query, feed, int64(after), int64(math.MaxInt64), limit)
	return page.changes, page.head, err
}

// Heads implements pull.Reader.
func (d *DB) Heads(ctx context.Context, feeds []string) (map[string]uint64, error) {
	heads := make(map[string]uint64, len(feeds))
	for _, feed := range feeds {
		heads[feed] = 0
	}
	where, arg := d.among("name", 1, feeds)
	err := rows(ctx, d.pool(), func(r *sql.Rows) error {
		var name string
		var head uint64
		if err := r.Scan(&name, &head); err != nil {
			return err
		}
		heads[name] = head
		return nil
	}, "SELECT name, head FROM feeds WHERE "+where, arg)
	return heads, err
}

// Pick implements pull.Reader. The feed is compared in a form that no index has, so that the records are found by their ids: else
// both databases may read all of a feed for a few of its records.
func (d *DB) Pick(ctx context.Context, feed string, ids []string) ([]pull.Change, error) {
	_, arg := d.among("id", 2, ids)
	page := newLines(feed, pull.PageOctets)
	err := page.read(ctx, d.pool(), d.liveAmong()+" ORDER BY seq", feed, arg)
	return page.changes, err
}

// Acked implements pull.Reader.
func (d *DB) Acked(ctx context.Context, device string) (uint64, error) {
	var seq uint64
	err := row(ctx, d.pool(), "SELECT last_seq FROM devices WHERE id = "+d.param(1), device).Scan(&seq)
	if err == sql.ErrNoRows {
		return 0, nil
	}
	return seq, translate(err)
}
