package db_test

import (
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/sync/upload"
)

// each runs a suite on both databases, each case on a fresh one.
func each(t *testing.T, suite func(*testing.T, func(*testing.T) storagetest.Database)) {
	t.Run("sqlite", func(t *testing.T) {
		suite(t, func(t *testing.T) storagetest.Database { return databases.SQLite(t, time.Now) })
	})
	t.Run("postgres", func(t *testing.T) {
		suite(t, func(t *testing.T) storagetest.Database { return databases.Postgres(t, time.Now) })
	})
}

func TestWrites(t *testing.T) { each(t, storagetest.Writes) }
func TestReads(t *testing.T)  { each(t, storagetest.Reads) }

func TestQueue(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		storagetest.Queue(t, func(t *testing.T, now func() time.Time) storagetest.Database { return databases.SQLite(t, now) })
	})
	t.Run("postgres", func(t *testing.T) {
		storagetest.Queue(t, func(t *testing.T, now func() time.Time) storagetest.Database { return databases.Postgres(t, now) })
	})
}

func TestUploads(t *testing.T) {
	each(t, func(t *testing.T, open func(*testing.T) storagetest.Database) {
		storagetest.Uploads(t, func(t *testing.T) (upload.Store, storagetest.Database) {
			d := open(t)
			return db.Uploads{DB: d.(*db.DB)}, d
		})
	})
}
