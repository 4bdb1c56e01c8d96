package db

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
)

// bare opens an empty database of each dialect for tests of this package's own insides.
func bare(t *testing.T, fn func(t *testing.T, d *DB)) {
	t.Helper()
	open := func(t *testing.T, url string) *DB {
		d, err := Open(context.Background(), Config{URL: url, Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { d.Close() })
		return d
	}
	t.Run("sqlite", func(t *testing.T) { fn(t, open(t, "sqlite://"+filepath.Join(t.TempDir(), "test.db"))) })
	t.Run("postgres", func(t *testing.T) { fn(t, open(t, services.Postgres(t))) })
}

// eachDialect opens a migrated database of each dialect.
func eachDialect(t *testing.T, fn func(t *testing.T, d *DB)) {
	t.Helper()
	bare(t, func(t *testing.T, d *DB) {
		if _, err := d.MigrateUp(context.Background()); err != nil {
			t.Fatal(err)
		}
		fn(t, d)
	})
}

// texts reads one column of texts.
func texts(t *testing.T, d *DB, query string, args ...any) (found []string) {
	t.Helper()
	err := rows(context.Background(), d.pool(), func(r *sql.Rows) error {
		var s string
		err := r.Scan(&s)
		found = append(found, s)
		return err
	}, query, args...)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// tablesOf lists the tables, those of the migrations' own bookkeeping left out.
func tablesOf(t *testing.T, d *DB) []string {
	t.Helper()
	if d.dialect == postgreSQL {
		return texts(t, d, `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_name NOT LIKE 'goose%' ORDER BY 1`)
	}
	return texts(t, d, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'goose%' AND name NOT LIKE 'sqlite%' ORDER BY 1`)
}

// columnsOf lists a table's columns in order.
func columnsOf(t *testing.T, d *DB, table string) []string {
	t.Helper()
	if d.dialect == postgreSQL {
		return texts(t, d, `SELECT column_name FROM information_schema.columns WHERE table_name = $1 ORDER BY ordinal_position`, table)
	}
	return texts(t, d, `SELECT name FROM pragma_table_info(?)`, table)
}

// indexesOf lists the indexes that the migrations name.
func indexesOf(t *testing.T, d *DB) []string {
	t.Helper()
	if d.dialect == postgreSQL {
		return texts(t, d, `SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE '%_pkey' AND indexname NOT LIKE 'goose%' ORDER BY 1`)
	}
	return texts(t, d, `SELECT name FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite%' ORDER BY 1`)
}
