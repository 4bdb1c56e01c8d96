package db

import (
	"context"
	"database/sql"
	"fmt"
)

// listening finds the sessions that wait for notices of this database.
const listening = "FROM pg_stat_activity WHERE datname = current_database() AND query = 'LISTEN " + channel + "'"

// Listeners counts the replicas that listen.
func (d *DB) Listeners(ctx context.Context) (n int, err error) {
	err = row(ctx, d.pool(), "SELECT count(*) "+listening).Scan(&n)
	return n, err
}

// TerminateListeners cuts the lines of all replicas that listen.
func (d *DB) TerminateListeners(ctx context.Context) error {
	return rows(ctx, d.pool(), func(r *sql.Rows) error {
		var done bool
		return r.Scan(&done)
	}, "SELECT pg_terminate_backend(pid) "+listening)
}

// FillFeeds makes many feeds.
func (d *DB) FillFeeds(ctx context.Context, n int) error {
	query := fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)
		INSERT INTO feeds (name, head) SELECT 'device/01a212c4-50a5-7e11-9a1b-' || i, i FROM n`, n)
	return d.write.WithContext(ctx).Exec(query).Error
}
