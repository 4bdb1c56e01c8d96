package db

import (
	"context"
	"database/sql"
	"fmt"

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
		SELECT f.head, c.seq, c.collection, c.id, c.version, c.body, c.reason FROM feeds f LEFT JOIN (
			SELECT * FROM (
				SELECT seq, collection, id, version, body, '' AS reason FROM records
				WHERE feed = %[1]s AND seq > %[2]s AND NOT removed ORDER BY seq LIMIT %[3]s) live
			UNION ALL
			SELECT * FROM (
				SELECT d.seq, d.collection, d.record, 0, '', d.reason FROM departures d
				WHERE d.feed = %[4]s AND d.seq > %[5]s AND NOT EXISTS (
					SELECT 1 FROM records r WHERE r.id = d.record AND r.feed = d.feed AND r.seq > d.seq)
				ORDER BY d.seq LIMIT %[6]s) gone
			ORDER BY seq LIMIT %[7]s) c ON true
		WHERE f.name = %[8]s ORDER BY c.seq`, p(1), p(2), p(3), p(4), p(5), p(6), p(7), p(8))
	var page []pull.Change
	var head uint64
	err := rows(ctx, d.pool(), func(r *sql.Rows) error {
		var seq, version sql.NullInt64
		var collection, id, reason sql.NullString
		var body []byte
		if err := r.Scan(&head, &seq, &collection, &id, &version, &body, &reason); err != nil || !seq.Valid {
			return err
		}
		c := pull.Change{Feed: feed, Seq: uint64(seq.Int64), Collection: collection.String, ID: id.String,
			Version: uint64(version.Int64), Gone: reason.String}
		if c.Gone == "" {
			c.Body = body
		}
		page = append(page, c)
		return nil
	}, query, feed, int64(after), limit, feed, int64(after), limit, limit, feed)
	return page, head, err
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

// eachPage is how many records one statement of Each reads: the walk holds one page and no open transaction.
const eachPage = 500

// Each implements pull.Reader, page by page along the feed's index.
func (d *DB) Each(ctx context.Context, feed string, after, upTo uint64, fn func(pull.Change) error) error {
	query := fmt.Sprintf(`SELECT seq, collection, id, version, body FROM records
		WHERE feed = %s AND seq > %s AND seq <= %s AND NOT removed ORDER BY seq LIMIT %d`, d.param(1), d.param(2), d.param(3), eachPage)
	for {
		n := 0
		err := rows(ctx, d.pool(), func(r *sql.Rows) error {
			c := pull.Change{Feed: feed}
			var body sql.RawBytes
			if err := r.Scan(&c.Seq, &c.Collection, &c.ID, &c.Version, &body); err != nil {
				return err
			}
			c.Body = body
			after, n = c.Seq, n+1
			return fn(c)
		}, query, feed, int64(after), int64(upTo))
		if err != nil || n < eachPage {
			return err
		}
	}
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
