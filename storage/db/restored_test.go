package db

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/sync/push"
)

// After a restore no number of the lost history is given out, neither of a series that the backup knew nor of one that came into
// being after it; and every number that is given to nobody stands in a lease that says why.
func TestNumbersOfALostHistory(t *testing.T) {
	eachDialect(t, func(t *testing.T, d *DB) {
		ctx := context.Background()
		lease := func(id, series string) uint64 {
			t.Helper()
			first, err := d.LeaseNumbers(ctx, id, series, 10)
			if err != nil {
				t.Fatal(err)
			}
			return first
		}
		lease("a", "a/k/2026")
		if _, _, err := d.BeginEpoch(ctx, "", "/2026", 0); err != nil {
			t.Fatal(err)
		}
		if first := lease("b", "a/k/2026"); first != 11 {
			t.Fatalf("without skipping the next lease begins at %d: this test would not see a number given out twice", first)
		}
		for round := range uint64(2) {
			if _, begun, err := d.BeginEpoch(ctx, "", "/2026", 100); err != nil || !begun {
				t.Fatal(begun, err)
			}
			if first := lease(fmt.Sprint("known", round), "a/k/2026"); first != 121+round*110 {
				t.Errorf("a known series goes on at %d", first)
			}
			if first := lease(fmt.Sprint("new", round), fmt.Sprintf("b/%d/2026", round)); first != 101+round*100 {
				t.Errorf("a new series begins at %d", first)
			}
		}
		if first := lease("next year", "a/k/2027"); first != 1 {
			t.Errorf("the next year begins at %d", first)
		}
		for _, series := range texts(t, d, "SELECT name FROM series") {
			var last, counted, runs int
			query := "SELECT s.last, SUM(l.count), MAX(l.first + l.count - 1) FROM series s JOIN leases l ON l.series = s.name WHERE s.name = " + d.param(1) + " GROUP BY s.last"
			if err := d.pool().QueryRowContext(ctx, query, series).Scan(&last, &counted, &runs); err != nil || counted != last || runs != last {
				t.Errorf("series %s: of %d numbers %d are accounted for, up to %d; %v", series, last, counted, runs, err)
			}
		}
		if n := len(texts(t, d, "SELECT id FROM leases WHERE id LIKE 'restored/%'")); n != 5 {
			t.Errorf("%d leases say that numbers were left out, want 5", n)
		}
	})
}

// However many devices prove at once that the database was restored, one epoch begins.
func TestOneEpochForOneRestore(t *testing.T) {
	eachDialect(t, func(t *testing.T, d *DB) {
		ctx := context.Background()
		was, err := d.Epoch(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var all sync.WaitGroup
		begun, names := 0, map[string]bool{}
		for range 8 {
			all.Go(func() {
				epoch, ok, err := d.BeginEpoch(ctx, was, "/2026", 10)
				mu.Lock()
				defer mu.Unlock()
				names[epoch] = true
				if ok {
					begun++
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		now, err := d.Epoch(ctx)
		if begun != 1 || len(names) != 1 || !names[now] || now == was || err != nil {
			t.Errorf("%d epochs have begun, called %v; now it is %s, %v", begun, names, now, err)
		}
		at, err := d.RestoredAt(ctx)
		if err != nil || time.Since(at).Abs() > time.Minute {
			t.Errorf("restored at %v, %v", at, err)
		}
	})
}

// A backup is the database as of one moment, whoever writes meanwhile; a file that is there is left alone.
func TestBackupOfSQLite(t *testing.T) {
	eachDialect(t, func(t *testing.T, d *DB) {
		ctx := context.Background()
		path := filepath.Join(t.TempDir(), "copy.db")
		err := d.Backup(ctx, path)
		if d.dialect == postgreSQL {
			if err == nil || !strings.Contains(err.Error(), "pg_dump") {
				t.Errorf("%v, want to be sent to pg_dump", err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Backup(ctx, path); err == nil {
			t.Error("a file was overwritten")
		}
		err = d.InTx(ctx, func(ctx context.Context, tx push.Tx) error {
			if _, err := tx.LockFeeds(ctx, []string{"unit/a"}, push.Wants{}); err != nil {
				return err
			}
			if err := d.Backup(ctx, path+"2"); err != nil {
				return err
			}
			return tx.Write(ctx, written("d"))
		})
		if err != nil {
			t.Fatal(err)
		}
		for file, want := range map[string]string{path: "0", path + "2": "0"} {
			copied, err := Open(ctx, Config{URL: "sqlite://" + file, Now: time.Now})
			if err != nil {
				t.Fatal(err)
			}
			if n := texts(t, copied, "SELECT CAST(count(*) AS TEXT) FROM ops")[0]; n != want {
				t.Errorf("%s holds %s ops, want %s", file, n, want)
			}
			copied.Close()
		}
	})
}
