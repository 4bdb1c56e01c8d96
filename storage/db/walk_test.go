package db

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// walkBody is a body by its number: most are small; each fortieth is as large as half a page, each hundredth larger than one.
func walkBody(n int) []byte {
	size := 100
	switch {
	case n%100 == 0:
		size = walkOctets + 1000
	case n%40 == 0:
		size = walkOctets / 2
	}
	return append(fmt.Appendf(nil, `{"n":%d,"pad":"`, n), append(bytes.Repeat([]byte{'a' + byte(n%26)}, size), `"}`...)...)
}

// fillForWalk writes records of a feed.
func fillForWalk(t *testing.T, d *DB, n int) {
	t.Helper()
	rows := make([]push.Row, n)
	for i := range rows {
		rows[i] = push.Row{ID: fmt.Sprint("r", i+1), Collection: "tasks", Feed: "unit/a", Seq: uint64(i + 1), Version: 1, Op: fmt.Sprint("op ", i), Body: walkBody(i + 1)}
	}
	err := d.InTx(context.Background(), func(ctx context.Context, tx push.Tx) error {
		if _, err := tx.LockFeeds(ctx, []string{"unit/a"}, push.Wants{}); err != nil {
			return err
		}
		return tx.Write(ctx, &push.Batch{Records: rows, Heads: map[string]uint64{"unit/a": uint64(n)}, At: time.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// inUse counts the connections that are read by, as soon as there are none or after a while.
func inUse(t *testing.T, d *DB) (n int) {
	t.Helper()
	pool, err := d.read.DB()
	if err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		if n = pool.Stats().InUse; n == 0 {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	return n
}

// mustBeStill fails unless nothing is being read at this moment.
func mustBeStill(t *testing.T, d *DB, when string) {
	t.Helper()
	pool, err := d.read.DB()
	if err != nil {
		t.Fatal(err)
	}
	if n := pool.Stats().InUse; n != 0 {
		t.Errorf("%s: %d connections are in use", when, n)
	}
}

// The bodies of a page are in memory that the page after the next has again: each must be whole while it is told of.
func TestAWalkOverBodiesOfAllSizes(t *testing.T) {
	const n = 1700
	eachDialect(t, func(t *testing.T, d *DB) {
		fillForWalk(t, d, n)
		seen := 0
		err := d.Each(context.Background(), "unit/a", 0, n, func(c pull.Change) error {
			if seen++; int(c.Seq) != seen || !bytes.Equal(c.Body, walkBody(seen)) {
				return fmt.Errorf("line %d has seq %d and %d octets", seen, c.Seq, len(c.Body))
			}
			return nil
		})
		if err != nil || seen != n {
			t.Errorf("%d of %d lines, %v", seen, n, err)
		}
		mustBeStill(t, d, "after a walk")
	})
}

// Whoever waits for a slow link holds nothing of the database, though the next page is read meanwhile.
func TestAWalkThatWaitsHoldsNothing(t *testing.T) {
	const n = 1700
	eachDialect(t, func(t *testing.T, d *DB) {
		fillForWalk(t, d, n)
		waited := 0
		err := d.Each(context.Background(), "unit/a", 0, n, func(c pull.Change) error {
			if c.Seq%50 == 1 {
				if waited++; inUse(t, d) != 0 {
					t.Errorf("at line %d a connection is held", c.Seq)
				}
				if open := d.openTransactions(t); open != 0 {
					t.Errorf("at line %d %d transactions are open", c.Seq, open)
				}
			}
			return nil
		})
		if err != nil || waited < n/50 {
			t.Errorf("waited %d times, %v", waited, err)
		}
	})
}

// However a walk ends, what it has begun has ended too.
func TestAWalkLeavesNothingBehind(t *testing.T) {
	const n = 1700
	eachDialect(t, func(t *testing.T, d *DB) {
		fillForWalk(t, d, n)
		stop := errors.New("enough")
		for at := uint64(1); at <= 600; at += 37 {
			if err := d.Each(context.Background(), "unit/a", 0, n, func(c pull.Change) error {
				if c.Seq == at {
					return stop
				}
				return nil
			}); err != stop {
				t.Errorf("stopped at %d: %v", at, err)
			}
			mustBeStill(t, d, fmt.Sprintf("stopped at %d", at))

			ctx, cancel := context.WithCancel(context.Background())
			last := uint64(0)
			err := d.Each(ctx, "unit/a", 0, n, func(c pull.Change) error {
				if last = c.Seq; c.Seq == at {
					cancel()
				}
				return nil
			})
			if cancel(); err == nil || last == n {
				t.Errorf("given up at %d: went to %d, %v", at, last, err)
			}
			mustBeStill(t, d, fmt.Sprintf("given up at %d", at))

			func() {
				defer func() {
					if p := recover(); p != "worse" {
						t.Errorf("panic %v", p)
					}
					mustBeStill(t, d, fmt.Sprintf("panicked at %d", at))
				}()
				_ = d.Each(context.Background(), "unit/a", 0, n, func(c pull.Change) error {
					if c.Seq == at {
						panic("worse")
					}
					return nil
				})
			}()
		}
	})
}

// A failure of the page that is read ahead is the walk's, once the lines before it are told.
func TestAWalkWhoseNextPageFails(t *testing.T) {
	const n = 1700
	eachDialect(t, func(t *testing.T, d *DB) {
		fillForWalk(t, d, n)
		told := 0
		err := d.Each(context.Background(), "unit/a", 0, n, func(c pull.Change) error {
			if told++; told == 1 {
				inUse(t, d)
				must(t, d, "ALTER TABLE records RENAME TO elsewhere")
			}
			return nil
		})
		if err == nil || told == 0 || told == n {
			t.Errorf("%d lines told, %v", told, err)
		}
		mustBeStill(t, d, "failed")
	})
}

// A statement asks for about as many lines as a page holds, whatever their size, and never for so few that trips are what it spends.
func TestAWalkAsksForWhatItTakes(t *testing.T) {
	for _, c := range []struct{ size, want int }{{20, walkMost}, {700, walkOctets/700 + 1}, {100_000, walkFewest}} {
		page := newLines("unit/a", walkOctets)
		for !page.full() {
			page.seq++
			page.body = strings.Repeat("x", c.size)
			page.take()
		}
		w := &walk{}
		if w.fit(page); w.lines < c.want-1 || w.lines > c.want+1 {
			t.Errorf("bodies of %d octets: %d lines, want %d", c.size, w.lines, c.want)
		}
	}
}
