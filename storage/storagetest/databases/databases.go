// Package databases opens fresh, migrated databases for tests: every test of a store runs on each of them.
package databases

import (
	"context"
	"errors"
	"net/url"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
)

// Each runs the test on SQLite and on PostgreSQL, each with a database of its own.
func Each(t *testing.T, fn func(t *testing.T, d *db.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, SQLite(t, time.Now)) })
	t.Run("postgres", func(t *testing.T) { fn(t, Postgres(t, time.Now)) })
}

// SQLite opens a fresh SQLite database.
func SQLite(t testing.TB, now func() time.Time) *db.DB {
	t.Helper()
	// A subtest whose name comes again has a '#' in its folder, which would end the path of a URL: all of them had one database.
	at := url.URL{Scheme: "sqlite", Path: filepath.Join(t.TempDir(), "test.db")}
	return open(t, at.String(), now)
}

// Postgres opens a fresh PostgreSQL database: a copy of one that the process has migrated once, so that a test costs no
// migration.
func Postgres(t testing.TB, now func() time.Time) *db.DB {
	t.Helper()
	template.once.Do(func() {
		template.url = services.Postgres(t)
		template.err = migrate(template.url)
	})
	if template.url == "" {
		services.Postgres(t) // skips or fails this test for the same reason as the first
	}
	if template.err != nil {
		t.Fatal(template.err)
	}
	return open(t, services.CopyPostgres(t, template.url), now)
}

// template is the migrated database that others are copied from; nobody stays connected to it.
var template struct {
	once sync.Once
	url  string
	err  error
}

func migrate(url string) error {
	ctx := context.Background()
	d, err := db.Open(ctx, db.Config{URL: url, Now: time.Now})
	if err != nil {
		return err
	}
	_, err = d.MigrateUp(ctx)
	return errors.Join(err, d.Close())
}

func open(t testing.TB, url string, now func() time.Time) *db.DB {
	t.Helper()
	ctx := context.Background()
	d, err := db.Open(ctx, db.Config{URL: url, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	if _, err := d.MigrateUp(ctx); err != nil {
		t.Fatal(err)
	}
	return d
}
