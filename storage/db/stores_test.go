package db_test

import (
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/storage/storagetest"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
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
