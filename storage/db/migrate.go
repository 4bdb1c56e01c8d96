package db

import (
	"context"
	"fmt"
	"io/fs"
	"time"

	"github.com/google/uuid"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/fieldwarden/fieldwarden/migrations"
)

// Migration is one step of the schema, as people read it.
type Migration struct {
	Version   int64
	Name      string
	AppliedAt time.Time // zero while pending
}

// MigrateUp applies what is pending, and gives a new database its epoch. On PostgreSQL a session lock keeps replicas that
// start together apart.
func (d *DB) MigrateUp(ctx context.Context) ([]Migration, error) {
	p, err := d.provider()
	if err != nil {
		return nil, err
	}
	if _, err := p.Up(ctx); err != nil {
		return nil, fmt.Errorf("migrate up: %w", err)
	}
	if err := d.ensureEpoch(ctx); err != nil {
		return nil, err
	}
	if err := d.firstChanges(ctx); err != nil {
		return nil, fmt.Errorf("first changes: %w", err)
	}
	return d.MigrateStatus(ctx)
}

// MigrateDown takes the newest migration back.
func (d *DB) MigrateDown(ctx context.Context) ([]Migration, error) {
	p, err := d.provider()
	if err != nil {
		return nil, err
	}
	if _, err := p.Down(ctx); err != nil {
		return nil, fmt.Errorf("migrate down: %w", err)
	}
	return d.MigrateStatus(ctx)
}

// MigrateStatus lists all migrations.
func (d *DB) MigrateStatus(ctx context.Context) ([]Migration, error) {
	p, err := d.provider()
	if err != nil {
		return nil, err
	}
	found, err := p.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("migrate status: %w", err)
	}
	out := make([]Migration, len(found))
	for i, m := range found {
		out[i] = Migration{m.Source.Version, m.Source.Path, m.AppliedAt}
	}
	return out, nil
}

func (d *DB) provider() (*goose.Provider, error) {
	pool, err := d.write.DB()
	if err != nil {
		return nil, err
	}
	files, err := fs.Sub(migrations.Files, string(d.dialect))
	if err != nil {
		return nil, err
	}
	var options []goose.ProviderOption
	kind := goose.DialectSQLite3
	if d.dialect == postgreSQL {
		kind = goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker()
		if err != nil {
			return nil, err
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	return goose.NewProvider(kind, pool, files, options...)
}

// ensureEpoch names this history of the database, once.
func (d *DB) ensureEpoch(ctx context.Context) error {
	return d.transact(ctx, func(ctx context.Context, t *tx) error {
		return t.exec(ctx, "INSERT INTO meta (key, value) VALUES ('epoch', "+t.param(1)+") ON CONFLICT DO NOTHING", uuid.NewString())
	})
}

// Epoch implements pull.Reader.
func (d *DB) Epoch(ctx context.Context) (string, error) {
	var epoch string
	err := row(ctx, d.pool(), "SELECT value FROM meta WHERE key = 'epoch'").Scan(&epoch)
	return epoch, translate(err)
}
