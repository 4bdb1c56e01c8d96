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
	p := d.param
	query := fmt.Sprintf(`
		SELECT coalesce(c.seq, 0), coalesce(c.collection, ''), coalesce(c.id, ''), coalesce(c.version, 0), coalesce(c.schema, 0), coalesce(c.body, ''), coalesce(c.reason, ''), f.head
		FROM feeds f LEFT JOIN (
			%[1]s
			UNION ALL
			SELECT * FROM (
				SELECT d.seq, d.collection, d.record, 0, 0, '', d.reason FROM departures d
				WHERE d.feed = %[2]s AND d.seq > %[3]s
					AND NOT EXISTS (SELECT 1 FROM records r WHERE r.id = d.record AND r.feed = d.feed AND r.seq > d.seq)
					AND NOT EXISTS (SELECT 1 FROM copies c WHERE c.record = d.record AND c.feed = d.feed AND c.seq > d.seq)
				ORDER BY d.seq LIMIT %[4]s) gone
			ORDER BY seq LIMIT %[5]s) c ON true
		WHERE f.name = %[6]s ORDER BY c.seq`, d.live(), p(5), p(6), p(7), p(8), p(9))
	page := newLines(feed, pull.PageOctets)
	var head uint64
	err := page.read(ctx, d.pool(), &head, query, feed, int64(after), int64(math.MaxInt64), limit, feed, int64(after), limit, limit, feed)
	return page.changes, head, err
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

// How much of a feed one statement of Each reads. The walk holds one such page, and neither a connection nor a transaction while fn
// works: fn may be waiting for a slow link.
const (
	walkLines  = 2000
	walkOctets = 1 << 20
)

// Each implements pull.Reader, page by page along the feed's index.
func (d *DB) Each(ctx context.Context, feed string, after, upTo uint64, fn func(pull.Change) error) error {
	query := fmt.Sprintf("%s ORDER BY seq LIMIT %d", d.live(), walkLines)
	page := newLines(feed, walkOctets)
	for {
		page.clear()
		if err := page.read(ctx, d.pool(), nil, query, feed, int64(after), int64(upTo), walkLines); err != nil {
			return err
		}
		for _, c := range page.changes {
			if err := fn(c); err != nil {
				return err
			}
			after = c.Seq
		}
		if len(page.changes) < walkLines && !page.full() {
			return nil
		}
	}
}

// Pick implements pull.Reader. The feed is compared in a form that no index has, so that the records are found by their ids: else
// both databases may read all of a feed for a few of its records.
func (d *DB) Pick(ctx context.Context, feed string, ids []string) ([]pull.Change, error) {
	_, arg := d.among("id", 2, ids)
	page := newLines(feed, pull.PageOctets)
	err := page.read(ctx, d.pool(), nil, d.liveAmong()+" ORDER BY seq", feed, arg)
	return page.changes, err
}

// Acked implements pull.Reader.
func (d *DB) Acked(ctx context.Context, device string) (uint64, error) {
	var seq uint64
	err := d.pool().QueryRowContext(ctx, "SELECT last_seq FROM devices WHERE id = "+d.param(1), device).Scan(&seq)
	if err == sql.ErrNoRows {
		return 0, nil
	}
	return seq, translate(err)
}
