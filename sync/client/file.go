package client

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

//go:embed schema.sql
var schema string

// schemaVersion is bumped with every change of schema.sql that an existing file needs a step for.
const schemaVersion = 2

// openFile opens the local file, made on first use.
func openFile(ctx context.Context, dir string) (*sql.DB, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "device.db")
	if err := createPrivate(path); err != nil {
		return nil, err
	}
	options := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(10000)", "secure_delete(1)"}}
	db, err := sql.Open("sqlite", "file:"+path+"?"+options.Encode())
	if err != nil {
		return nil, err
	}
	// One connection: a handheld has one writer, and a transaction then never meets another.
	db.SetMaxOpenConns(1)
	if err := prepare(ctx, db); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// createPrivate makes the file before SQLite does, so that no moment shows it to others.
func createPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func prepare(ctx context.Context, db *sql.DB) error {
	var version int
	if err := db.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&version); err != nil {
		return err
	}
	if version > schemaVersion {
		return fmt.Errorf("the file is of version %d, this program knows %d: update the client", version, schemaVersion)
	}
	step := ""
	if version == 1 {
		step = fromVersion1
	}
	_, err := db.ExecContext(ctx, "BEGIN IMMEDIATE;"+schema+step+fmt.Sprintf("PRAGMA user_version = %d; COMMIT;", schemaVersion))
	return err
}

// fromVersion1 learns what files of version 1 did not say: then a record came by one feed, and feeds became whole together.
const fromVersion1 = `
INSERT INTO holds (id, feed, generation) SELECT id, feed, generation FROM records;
INSERT INTO feeds (name, whole) SELECT DISTINCT feed, (SELECT whole FROM device) FROM records;
`

// inTx runs one durable step: fn's nil commits. fn must not call the network, nor the database but by tx.
func (d *Device) inTx(ctx context.Context, fn func(tx *sql.Tx) error) error {
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := fn(tx); err != nil {
		_ = tx.Rollback() // err says more
		return err
	}
	return tx.Commit()
}

// reader is what both the database and a transaction can do.
type reader interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// each calls scan for every row of a query.
func each(ctx context.Context, from reader, scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := from.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func timeText(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
