package server_test

import (
	"bytes"
	"context"
	"database/sql"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fieldwarden/fieldwarden/cmd/fieldwarden/server"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// tidied is a server whose feeds are tidied by its loop, on the clock of a bubble of synctest: an hour passes at once.
type tidied struct {
	*server.Core
	t    *testing.T
	file *sql.DB // the database, from beside the server
	log  bytes.Buffer
	stop context.CancelFunc
	over chan struct{} // closed when the loop has ended
}

// onTidied runs a test in a bubble. The server is opened outside of it: GORM leaves goroutines behind, which no bubble lets pass.
func onTidied(t *testing.T, fn func(w *tidied)) {
	t.Helper()
	w := &tidied{t: t}
	cfg := settings(t, "", map[string]string{"WINDOW": "24h", "DEPARTURES": "48h"})
	var err error
	w.Core, err = server.OpenOn(ctx, cfg, slog.New(slog.NewTextHandler(&w.log, nil)), server.Machine{})
	w.must(err)
	t.Cleanup(func() { w.must(w.Close()) })
	found, err := filepath.Glob(filepath.Join(cfg.Data, "*.db"))
	if err != nil || len(found) != 1 {
		t.Fatalf("databases %v, %v", found, err)
	}
	w.file, err = sql.Open("sqlite", "file:"+found[0])
	w.must(err)
	t.Cleanup(func() { w.must(w.file.Close()) })
	synctest.Test(t, func(t *testing.T) {
		running, stop := context.WithCancel(ctx)
		w.t, w.stop, w.over = t, stop, make(chan struct{})
		defer stop()
		go func() {
			w.TidyFeeds(running)
			close(w.over)
		}()
		fn(w)
	})
}

func (w *tidied) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// done makes a record whose work is done.
func (w *tidied) done() {
	w.t.Helper()
	w.must(w.Push.ApplyOwn(ctx, []push.ServerOp{{Collection: "tasks", Record: newID(), Action: record.Create,
		Patch: record.Object{"title": "已办结", "unit": street, "kind": "routine", "state": "cancelled"}}}))
}

// after lets hours pass, and counts what the feed shows and what is remembered to have left it.
func (w *tidied) after(hours int) (shown, departed int) {
	w.t.Helper()
	time.Sleep(time.Duration(hours) * time.Hour)
	synctest.Wait()
	page, _, err := w.DB.Changes(ctx, "unit/"+street, 0, 500)
	w.must(err)
	for _, c := range page {
		if c.Gone == "" {
			shown++
		}
	}
	w.must(w.file.QueryRow("SELECT COUNT(*) FROM departures").Scan(&departed))
	return shown, departed
}

func (w *tidied) wants(what string, hours, shown, departed int) {
	w.t.Helper()
	if s, d := w.after(hours); s != shown || d != departed {
		w.t.Errorf("%s: the feed shows %d and %d departures are remembered, want %d and %d", what, s, d, shown, departed)
	}
}

func (w *tidied) sql(statement string) {
	w.t.Helper()
	_, err := w.file.Exec(statement)
	w.must(err)
}

// TestFeedsAreTidied: every hour closed records leave the feeds and old departures are dropped; a store that fails costs a round and no more;
// and the loop ends when the server stops.
func TestFeedsAreTidied(t *testing.T) {
	onTidied(t, func(w *tidied) {
		w.must(w.Push.ApplyOwn(ctx, []push.ServerOp{{Collection: "units", Record: newID(), Action: record.Create,
			Patch: record.Object{"code": street, "name": "街道", "kind": "street"}}}))
		time.Sleep(time.Minute) // so that no round falls on the moment of an edit
		w.done()
		w.wants("a day old", 24, 1, 0)
		w.wants("older than the window", 1, 0, 1)
		w.wants("as old as departures are remembered", 48, 0, 1)
		w.wants("said to be dropped", 1, 0, 1)
		w.wants("said for an hour", 1, 0, 1)
		w.wants("said for two hours", 1, 0, 0)

		w.done()
		w.sql("ALTER TABLE departures RENAME TO lost")
		time.Sleep(30 * time.Hour)
		synctest.Wait()
		if n := strings.Count(w.log.String(), "feeds could not be tidied"); n != 36 {
			w.t.Errorf("%d complaints of thirty hours in which the window is over for six, want 36:\n%s", n, w.log.String())
		}
		w.sql("ALTER TABLE lost RENAME TO departures")
		w.wants("the store is back", 1, 0, 1)

		w.log.Reset()
		w.stop()
		synctest.Wait()
		select {
		case <-w.over:
		default:
			w.t.Error("the loop goes on after the stop")
		}
		w.done()
		w.wants("stopped", 100, 1, 1)
		if w.log.Len() > 0 {
			w.t.Errorf("after the stop: %s", w.log.String())
		}
	})
}

// TestAStopInTheMiddleOfARound is no complaint: what it has not done the next server does.
func TestAStopInTheMiddleOfARound(t *testing.T) {
	onTidied(t, func(w *tidied) {
		lock, err := w.file.BeginTx(ctx, nil)
		w.must(err)
		_, err = lock.Exec("UPDATE feeds SET head = head")
		w.must(err)
		time.Sleep(time.Hour + time.Millisecond) // the round waits for the lock
		w.stop()
		time.Sleep(time.Minute)
		synctest.Wait()
		select {
		case <-w.over:
		default:
			w.t.Error("the round waits for its store, though the server stops")
		}
		w.must(lock.Rollback())
		if w.log.Len() > 0 {
			w.t.Errorf("the stop is complained of: %s", w.log.String())
		}
	})
}
