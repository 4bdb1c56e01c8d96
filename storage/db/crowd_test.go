package db

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// crowded opens a SQLite database with a table of names.
func crowded(t *testing.T) *DB {
	t.Helper()
	d, err := Open(t.Context(), Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "x.db"), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	d.crowd.add(t, d, "CREATE TABLE names (name text PRIMARY KEY)")
	return d
}

func (c *crowd) add(t *testing.T, d *DB, query string) {
	t.Helper()
	if err := d.transact(t.Context(), func(ctx context.Context, x *tx) error { return x.exec(ctx, query) }); err != nil {
		t.Fatal(err)
	}
}

// TestCrowd: what comes while a transaction runs is done together after it. One that fails, or whose time is over, fails alone.
func TestCrowd(t *testing.T) {
	d := crowded(t)
	over, cancel := context.WithCancel(t.Context())
	inside, finish := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		err := d.withOthers(t.Context(), func(ctx context.Context, x *tx) error {
			close(inside)
			<-finish
			return x.exec(ctx, "INSERT INTO names VALUES ('first')")
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-inside
	errs := make([]error, 40)
	runs := make([]int, 40) // of each function
	together := 0           // the most names that one transaction has written before it ended
	for n := range errs {
		all.Go(func() {
			ctx := t.Context()
			if n == 3 {
				ctx = over
			}
			errs[n] = d.withOthers(ctx, func(ctx context.Context, x *tx) error {
				runs[n]++
				if n == 5 {
					return fault.New(fault.UploadParts)
				}
				err := x.exec(ctx, fmt.Sprintf("INSERT INTO names VALUES ('%d')", n))
				var before int
				if err == nil {
					err = x.conn.QueryRowContext(ctx, "SELECT count(*) FROM names").Scan(&before)
				}
				together = max(together, before)
				return err
			})
		})
	}
	for waiting := 0; waiting < len(errs); time.Sleep(time.Millisecond) {
		d.crowd.mu.Lock()
		waiting = len(d.crowd.waiting)
		d.crowd.mu.Unlock()
	}
	cancel()
	close(finish)
	all.Wait()
	for n, err := range errs {
		switch {
		case n == 3 && !errors.Is(err, context.Canceled), n == 5 && !errors.Is(err, fault.New(fault.UploadParts)), n != 3 && n != 5 && err != nil:
			t.Errorf("%d: %v", n, err)
		}
	}
	var names []string
	if err := d.read.Raw("SELECT name FROM names").Scan(&names).Error; err != nil || len(names) != 39 {
		t.Errorf("%d names of 39 are kept: %s, %v", len(names), strings.Join(names, " "), err)
	}
}

// TestCrowdShares: fifty that come while the disk is busy are two transactions.
func TestCrowdShares(t *testing.T) {
	d := crowded(t)
	inside, finish := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	seen := map[*tx]bool{}
	want := func(wait bool) {
		all.Go(func() {
			err := d.withOthers(t.Context(), func(_ context.Context, x *tx) error {
				seen[x] = true
				if wait {
					close(inside)
					<-finish
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	want(true)
	<-inside
	for range 50 {
		want(false)
	}
	for waiting := 0; waiting < 50; time.Sleep(time.Millisecond) {
		d.crowd.mu.Lock()
		waiting = len(d.crowd.waiting)
		d.crowd.mu.Unlock()
	}
	close(finish)
	all.Wait()
	if len(seen) != 2 {
		t.Errorf("%d transactions", len(seen))
	}
}

// TestCrowdAfterAPanic: the others are told an error, and the next can go on.
func TestCrowdAfterAPanic(t *testing.T) {
	d := crowded(t)
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is swallowed")
			}
		}()
		_ = d.withOthers(t.Context(), func(context.Context, *tx) error { panic("x") })
	}()
	if err := d.withOthers(t.Context(), func(context.Context, *tx) error { return nil }); err != nil {
		t.Error(err)
	}
}
