package db

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

func onPostgres(t *testing.T) *DB {
	t.Helper()
	d, err := Open(context.Background(), Config{URL: services.Postgres(t), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	if _, err := d.MigrateUp(context.Background()); err != nil {
		t.Fatal(err)
	}
	return d
}

// note makes a row of meta: any row will do.
func (t *tx) note(key string) statement {
	return statement{query: "INSERT INTO meta (key, value) VALUES (" + t.param(1) + ", 'x')", args: []any{key}}
}

// mustBeClean fails when a transaction has left rows, or keeps a connection.
func mustBeClean(t *testing.T, d *DB) {
	t.Helper()
	if kept := texts(t, d, "SELECT key FROM meta WHERE key <> 'epoch'"); len(kept) != 0 {
		t.Errorf("left %v", kept)
	}
	pool, err := d.write.DB()
	if err != nil {
		t.Fatal(err)
	}
	if n := pool.Stats().InUse; n != 0 {
		t.Errorf("%d connections are still in use", n)
	}
	if open := d.openTransactions(t); open != 0 {
		t.Errorf("%d transactions are still open", open)
	}
}

// openTransactions counts those of others. A connection that was given up takes its server process a moment to notice.
func (d *DB) openTransactions(t *testing.T) (open int) {
	if d.dialect == sqLite {
		return 0
	}
	for range 600 {
		open = len(texts(t, d, `SELECT pid::text FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid()
			AND backend_type = 'client backend'`))
		if open == 0 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	return open
}

// However a transaction fails, and wherever in a trip, it tells the first cause, leaves no trace and gives its connection back.
func TestFailedTransactionsLeaveNothing(t *testing.T) {
	other := errors.New("fn has failed")
	ways := map[string]struct {
		fn   func(context.Context, *tx) error
		want error // nil is any
	}{
		"fn": {func(ctx context.Context, t *tx) error {
			return errors.Join(t.exec(ctx, t.note("a").query, "a"), t.together(ctx, t.note("b")), t.last(ctx, t.note("c")), other)
		}, other},
		"before its first statement": {func(context.Context, *tx) error { return other }, other},
		"in a statement that goes alone": {func(ctx context.Context, t *tx) error {
			return errors.Join(t.together(ctx, t.note("a")), t.exec(ctx, t.note("a").query, "a"))
		}, nil},
		"in the midst of a trip": {func(ctx context.Context, t *tx) error {
			return t.together(ctx, t.note("a"), t.note("b"), t.note("a"), t.note("c"))
		}, nil},
		"in a statement that cannot be prepared": {func(ctx context.Context, t *tx) error {
			return t.together(ctx, t.note("a"), statement{query: "SELEKT 1"})
		}, nil},
		"in what travels with the commit": {func(ctx context.Context, t *tx) error { return t.last(ctx, t.note("a"), t.note("a")) }, nil},
		"in reading a row": {func(ctx context.Context, t *tx) error {
			return t.together(ctx, t.note("a"), statement{query: "SELECT key FROM meta", scan: func(scanner) error { return other }}, t.note("b"))
		}, other},
	}
	eachDialect(t, func(t *testing.T, d *DB) {
		for name, way := range ways {
			err := d.transact(context.Background(), way.fn)
			if err == nil || way.want != nil && !errors.Is(err, way.want) {
				t.Errorf("%s: %v, want %v", name, err, way.want)
			}
			mustBeClean(t, d)
		}
	})
}

// A panic in the middle is no exception.
func TestPanicsLeaveNothing(t *testing.T) {
	eachDialect(t, func(t *testing.T, d *DB) {
		func() {
			defer func() {
				if recover() != "by a defect" {
					t.Error("the panic was swallowed")
				}
			}()
			_ = d.transact(context.Background(), func(ctx context.Context, t *tx) error {
				if err := t.together(ctx, t.note("a")); err != nil {
					return err
				}
				panic("by a defect")
			})
		}()
		mustBeClean(t, d)
	})
}

// What travels with the commit fails with the same faults as what goes alone, and PostgreSQL's request to run the transaction again is
// heard there too.
func TestCommitTellsFaults(t *testing.T) {
	eachDialect(t, func(t *testing.T, d *DB) {
		ctx := context.Background()
		op := push.OpRow{Op: record.Op{ID: "same"}, Text: []byte("{}")}
		write := func(ctx context.Context, tx push.Tx) error {
			return tx.Write(ctx, &push.Batch{Ops: []push.OpRow{op}, Heads: map[string]uint64{}, At: d.now()})
		}
		if err := d.InTx(ctx, write); err != nil {
			t.Fatal(err)
		}
		if err := d.InTx(ctx, write); !errors.Is(err, fault.New(fault.ReplayDiffers)) {
			t.Errorf("an op twice: %v", err)
		}
	})
	d, runs := onPostgres(t), 0
	err := d.transact(context.Background(), func(ctx context.Context, t *tx) error {
		if runs++; runs < 3 {
			return t.last(ctx, t.note("a"), statement{query: "DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$"})
		}
		return t.last(ctx, t.note("a"))
	})
	if err != nil || runs != 3 {
		t.Errorf("%v after %d runs", err, runs)
	}
}

// A caller who goes away, in a statement or between two, leaves nothing and takes no connection along.
func TestCallersGoAway(t *testing.T) {
	d := onPostgres(t)
	sleep := statement{query: "SELECT pg_sleep(600)", scan: func(scanner) error { return nil }}
	for name, fn := range map[string]func(context.Context, *tx) error{
		"in a statement that goes alone": func(ctx context.Context, t *tx) error {
			return errors.Join(t.together(ctx, t.note("a")), t.alone(ctx, sleep))
		},
		"in a trip":            func(ctx context.Context, t *tx) error { return t.together(ctx, t.note("a"), sleep, t.note("b")) },
		"in the commit's trip": func(ctx context.Context, t *tx) error { return t.last(ctx, t.note("a"), sleep, t.note("b")) },
	} {
		ctx, gone := context.WithCancel(context.Background())
		go func() {
			defer gone()
			for len(texts(t, d, "SELECT pid::text FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'")) == 0 {
				time.Sleep(time.Millisecond)
			}
		}()
		if err := d.transact(ctx, fn); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
		mustBeClean(t, d)
	}
	ctx, gone := context.WithCancel(context.Background())
	err := d.transact(ctx, func(ctx context.Context, t *tx) error {
		if err := t.together(ctx, t.note("a")); err != nil {
			return err
		}
		gone()
		return t.together(ctx, t.note("b"))
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("between two: %v", err)
	}
	mustBeClean(t, d)
}

// Whoever goes on after a failed statement on PostgreSQL has a transaction that cannot commit: that is never told as success.
func TestNoCommitAfterAFailure(t *testing.T) {
	d := onPostgres(t)
	err := d.transact(context.Background(), func(ctx context.Context, t *tx) error {
		if err := t.together(ctx, t.note("a")); err != nil {
			return err
		}
		_ = t.exec(ctx, "SELEKT 1")
		return nil
	})
	if !errors.Is(err, errRolledBack) {
		t.Errorf("%v", err)
	}
	mustBeClean(t, d)
}

// What waits goes ahead of the next statement, whichever way that is run; if it fails, that is what the transaction fails with.
func TestWhatWaitsGoesFirst(t *testing.T) {
	d := onPostgres(t)
	ctx := context.Background()
	seen := "SELECT count(*) FROM meta WHERE key LIKE 'a%'"
	ways := map[string]func(context.Context, *tx) (int, error){
		"row": func(ctx context.Context, t *tx) (n int, err error) {
			err = t.conn.QueryRowContext(ctx, seen).Scan(&n)
			return n, err
		},
		"rows": func(ctx context.Context, t *tx) (n int, err error) {
			err = t.alone(ctx, statement{query: seen, scan: func(r scanner) error { return r.Scan(&n) }})
			return n, err
		},
		"trip": func(ctx context.Context, t *tx) (n int, err error) {
			err = t.together(ctx, statement{query: seen, scan: func(r scanner) error { return r.Scan(&n) }})
			return n, err
		},
		"prepared": func(ctx context.Context, t *tx) (n int, err error) {
			stmt, err := t.conn.PrepareContext(ctx, seen)
			if err != nil {
				return 0, err
			}
			defer stmt.Close()
			err = stmt.QueryRowContext(ctx).Scan(&n)
			return n, err
		},
		"exec": func(ctx context.Context, t *tx) (int, error) {
			res, err := t.conn.ExecContext(ctx, "DELETE FROM meta WHERE key LIKE 'a%'")
			if err != nil {
				return 0, err
			}
			n, err := res.RowsAffected()
			return int(n), err
		},
	}
	for name, way := range ways {
		other := errors.New("seen, and not to be kept")
		err := d.transact(ctx, func(ctx context.Context, tx *tx) error {
			if err := tx.last(ctx, tx.note("a1"), tx.note("a2")); err != nil {
				return err
			}
			if n, err := way(ctx, tx); n != 2 || err != nil {
				t.Errorf("%s sees %d of 2: %v", name, n, err)
			}
			return other
		})
		if !errors.Is(err, other) {
			t.Errorf("%s: %v", name, err)
		}
		account := statement{query: "INSERT INTO accounts (id, name, officer, password_hash, disabled_at) VALUES ($1, 'same', '', '', 0)"}
		err = d.transact(ctx, func(ctx context.Context, tx *tx) error {
			for _, id := range []string{"1", "2"} {
				account.args = []any{id}
				if err := tx.last(ctx, account); err != nil {
					return err
				}
			}
			_, err := way(ctx, tx)
			return err
		})
		if !errors.Is(err, fault.New(fault.AccountExists)) {
			t.Errorf("%s after a failure of what waited: %v", name, err)
		}
		mustBeClean(t, d)
	}
}
