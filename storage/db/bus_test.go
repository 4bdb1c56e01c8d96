package db_test

import (
	"context"
	"log/slog"
	"maps"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/sync/live"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// move commits the next number of a feed, and tells nobody.
func move(t *testing.T, d *db.DB, feed string) live.News {
	t.Helper()
	var heads map[string]uint64
	err := d.InTx(t.Context(), func(ctx context.Context, tx push.Tx) error {
		locked, err := tx.LockFeeds(ctx, []string{feed}, push.Wants{})
		if err != nil {
			return err
		}
		heads = locked.Heads
		heads[feed]++
		return tx.Write(ctx, &push.Batch{Heads: heads, At: time.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
	return live.News{Heads: heads}
}

func TestAllHeadsAreThoseOfTheFeeds(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		move(t, d, "unit/1")
		move(t, d, "unit/1")
		move(t, d, "ref/1")
		epoch, heads, err := d.AllHeads(t.Context())
		if err != nil || !maps.Equal(heads, map[string]uint64{"unit/1": 2, "ref/1": 1}) {
			t.Errorf("%v, %v", heads, err)
		}
		if want, err := d.Epoch(t.Context()); err != nil || epoch != want {
			t.Errorf("epoch %q, want %q, %v", epoch, want, err)
		}
		if _, ok := d.Bus(); ok != (t.Name() == "TestAllHeadsAreThoseOfTheFeeds/postgres") {
			t.Errorf("a bus: %v", ok)
		}
	})
}

// hub runs a replica's hub that compares with the table only when it begins to listen.
func hub(t *testing.T, d *db.DB) *live.Hub {
	t.Helper()
	bus, _ := d.Bus()
	h := live.NewHub(live.Config{Heads: d, Bus: bus, Compare: time.Hour, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		h.Run(ctx)
		close(ended)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	return h
}

// eventually waits until something is so; how long it takes is not what is tested.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for range 6000 {
		if so() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("never: %s", what)
}

func TestNoticesReachTheOtherReplicaAndWhatWasLostIsMended(t *testing.T) {
	d := databases.Postgres(t, time.Now)
	here, there := hub(t, d), hub(t, d)
	at := func(n uint64) func() bool {
		return func() bool { heads, _ := there.HeadsOf([]string{"unit/1"}); return heads["unit/1"] == n }
	}
	listening := func() bool { return listeners(t, d) == 2 }
	eventually(t, "both listen", listening)
	for _, h := range []*live.Hub{here, there} { // what is noted before the first comparison is of no known epoch, and told to nobody
		eventually(t, "both have compared", func() bool { _, fresh := h.HeadsOf(nil); return fresh })
	}
	here.Note(move(t, d, "unit/1"))
	eventually(t, "a notice is heard", at(1))

	lost := move(t, d, "unit/1") // nobody is told: as when the notice was sent while the line was cut
	if at(2)() {
		t.Fatal("heard without a notice")
	}
	if err := d.TerminateListeners(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "what was lost is mended when it listens again", at(lost.Heads["unit/1"]))
	eventually(t, "both listen again", listening)
	here.Note(move(t, d, "unit/1"))
	eventually(t, "a notice is heard again", at(3))
}

func listeners(t *testing.T, d *db.DB) int {
	t.Helper()
	n, err := d.Listeners(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// BenchmarkAllHeads is what comparing costs a replica every few seconds.
func BenchmarkAllHeads(b *testing.B) {
	for name, open := range map[string]func(testing.TB, func() time.Time) *db.DB{"sqlite": databases.SQLite, "postgres": databases.Postgres} {
		b.Run(name, func(b *testing.B) {
			d := open(b, time.Now)
			if err := d.FillFeeds(context.Background(), 20_000); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				if _, heads, err := d.AllHeads(context.Background()); err != nil || len(heads) != 20_000 {
					b.Fatal(len(heads), err)
				}
			}
		})
	}
}
