package db_test

import (
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/storage/storagetest"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
)

func TestIdentities(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		storagetest.Identities(t, func(t *testing.T) people.Identities { return databases.SQLite(t, time.Now) })
	})
	t.Run("postgres", func(t *testing.T) {
		storagetest.Identities(t, func(t *testing.T) people.Identities { return databases.Postgres(t, time.Now) })
	})
}
