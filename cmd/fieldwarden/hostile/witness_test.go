package hostile

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx", to look into the database past the server
	_ "modernc.org/sqlite"             // and "sqlite"
)

// witness tells whether anything was committed since it last looked, by a connection of its own, past every service.
type witness struct {
	pool  *sql.DB
	query string
	last  string
}

// watch begins to watch the world's database. SQLite counts what others commit; of PostgreSQL every row of every table is read.
func (w *world) watch() (x witness) {
	w.Helper()
	var err error
	if w.url == "" {
		x.pool, err = sql.Open("sqlite", "file:"+w.data+"/fieldwarden.db?_pragma=busy_timeout(10000)")
		x.query = "PRAGMA data_version"
	} else {
		x.pool, err = sql.Open("pgx", w.url)
	}
	w.must(err)
	x.pool.SetMaxOpenConns(1) // data_version is of one connection
	x.pool.SetMaxIdleConns(1)
	if w.url != "" {
		x.query = w.everything(x.pool)
	}
	x.changed(w)
	return x
}

// everything is a query that comes to something else when any row of any table changes.
func (w *world) everything(pool *sql.DB) string {
	w.Helper()
	rows, err := pool.QueryContext(ctx, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
	w.must(err)
	var parts []string
	for rows.Next() {
		var table string
		w.must(rows.Scan(&table))
		parts = append(parts, fmt.Sprintf("(SELECT coalesce(md5(string_agg(t::text, ',' ORDER BY t::text)), '') FROM %q t)", table))
	}
	w.must(rows.Err())
	return "SELECT concat_ws(' ', " + strings.Join(parts, ", ") + ")"
}

// changed reports whether anything was committed since it was last asked.
func (x *witness) changed(w *world) bool {
	w.Helper()
	now := ""
	w.must(x.pool.QueryRowContext(context.Background(), x.query).Scan(&now))
	changed := now != x.last
	x.last = now
	return changed
}

// forks counts what is kept beside the chains. A world that has any is renewed before the next request, so they are of this one.
func (x *witness) forks(w *world) (n int) {
	w.Helper()
	w.must(x.pool.QueryRowContext(context.Background(), "SELECT count(*) FROM forks").Scan(&n))
	return n
}

func (x *witness) close() {
	if x.pool != nil {
		x.pool.Close()
		x.pool = nil
	}
}
