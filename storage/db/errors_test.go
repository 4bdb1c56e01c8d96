package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// Each SQLSTATE that a caller can act on becomes a fault; others stay what they are, defects of ours.
func TestSQLStates(t *testing.T) {
	cases := []struct {
		err  error
		want fault.Code // "" stays as it is
	}{
		{&pgconn.PgError{Code: "23505", ConstraintName: "accounts_name"}, fault.AccountExists},
		{&pgconn.PgError{Code: "23505", ConstraintName: "devices_thumbprint"}, fault.KeyTaken},
		{&pgconn.PgError{Code: "23505", ConstraintName: "ops_pkey"}, fault.ReplayDiffers},
		{&pgconn.PgError{Code: "23505", ConstraintName: "records_feed_seq"}, ""},
		{&pgconn.PgError{Code: "53100"}, fault.StorageFull},
		{&pgconn.PgError{Code: "53300"}, fault.TemporarilyDown}, // too many connections
		{&pgconn.PgError{Code: "08006"}, fault.TemporarilyDown}, // connection failure
		{&pgconn.PgError{Code: "57P01"}, fault.TemporarilyDown}, // the server is being stopped
		{&pgconn.PgError{Code: "40001"}, fault.TemporarilyDown}, // serialization failure, after the last try
		{&pgconn.PgError{Code: "40P01"}, fault.TemporarilyDown}, // deadlock, after the last try
		{&pgconn.PgError{Code: "42601"}, ""},                    // syntax error
		{&pgconn.PgError{Code: "42501"}, ""},                    // append-only
		{gorm.ErrRecordNotFound, fault.NotFound},
		{sql.ErrNoRows, fault.NotFound},
		{context.Canceled, ""},
		{context.DeadlineExceeded, ""},
		{errors.New("dial tcp: connection refused"), fault.TemporarilyDown},
	}
	for _, c := range cases {
		for _, err := range []error{c.err, fmt.Errorf("deep inside: %w", c.err)} {
			got := translate(err)
			if !errors.Is(got, c.err) {
				t.Errorf("%v lost its cause: %v", c.err, got)
			}
			var f *fault.Error
			if errors.As(got, &f) != (c.want != "") || f != nil && f.Code != c.want {
				t.Errorf("%v became %v, want %q", c.err, got, c.want)
			}
		}
	}
	if translate(nil) != nil {
		t.Error("no error became one")
	}
}

// What SQLite itself answers to the same breaches.
func TestSQLiteCodes(t *testing.T) {
	d := lite(t)
	ctx := context.Background()
	account := "INSERT INTO accounts (id, name, officer, password_hash, disabled_at) VALUES (?, 'same', '', '', 0)"
	try := func(query string, args ...any) error {
		return d.transact(ctx, func(ctx context.Context, t *tx) error { return t.exec(ctx, query, args...) })
	}
	if err := try(account, "a"); err != nil {
		t.Fatal(err)
	}
	if err := try(account, "b"); !errors.Is(err, fault.New(fault.AccountExists)) {
		t.Errorf("a name twice: %v", err)
	}
	if err := try("INSERT INTO meta (key, value) VALUES ('epoch', 'another')"); err == nil || errors.As(err, new(*fault.Error)) {
		t.Errorf("a breach that no caller can cause: %v", err)
	}
}

func lite(t *testing.T) *DB {
	t.Helper()
	d, err := Open(context.Background(), Config{URL: "sqlite://" + t.TempDir() + "/test.db", Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	if _, err := d.MigrateUp(context.Background()); err != nil {
		t.Fatal(err)
	}
	return d
}

// The database may ask for a transaction to be run again; what is then seen is one run.
func TestTransactionsAreRunAgain(t *testing.T) {
	d := lite(t)
	runs := 0
	again := func(n int) func(context.Context, *tx) error {
		return func(ctx context.Context, t *tx) error {
			if err := t.exec(ctx, "INSERT INTO meta (key, value) VALUES (?, 'x')", fmt.Sprint(runs)); err != nil {
				return err
			}
			if runs++; runs < n {
				return translate(&pgconn.PgError{Code: "40001"})
			}
			return nil
		}
	}
	if err := d.transact(context.Background(), again(3)); err != nil || runs != 3 {
		t.Errorf("%v after %d runs", err, runs)
	}
	if kept := texts(t, d, "SELECT key FROM meta WHERE key <> 'epoch'"); len(kept) != 1 || kept[0] != "2" {
		t.Errorf("kept the runs %v, want the last alone", kept)
	}
	if err := d.transact(context.Background(), func(ctx context.Context, t *tx) error { return t.exec(ctx, "DELETE FROM meta") }); err != nil {
		t.Fatal(err)
	}
	runs = 0
	if err := d.transact(context.Background(), again(100)); !errors.Is(err, fault.New(fault.TemporarilyDown)) || runs != attempts {
		t.Errorf("%v after %d runs", err, runs)
	}
	other := errors.New("no reason to try again")
	runs = 0
	if err := d.transact(context.Background(), func(context.Context, *tx) error { runs++; return other }); !errors.Is(err, other) || runs != 1 {
		t.Errorf("%v after %d runs", err, runs)
	}
}

// A URL that cannot be used is told without the password in it.
func TestOpenNeverTellsThePassword(t *testing.T) {
	for _, url := range []string{
		"postgres://u:hush@127.0.0.1:1/db?connect_timeout=1", "postgres://u:hush@[::1", "mysql://u:hush@h/db", "postgres://u:hush@h/db?sslmode=never",
	} {
		_, err := Open(context.Background(), Config{URL: url, Now: time.Now})
		if err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", url, err)
		}
	}
}
