package push_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

const (
	writers       = 16
	pushesEach    = 8
	opsPerPush    = 5
	recordsOfEach = 3
)

// Sixteen handhelds write into one feed at once while a puller reads it in small pages. The puller never goes back, so a
// number that becomes visible after a higher one would be lost to it for ever.
func TestFeedRace(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		f := newField(t, d)
		if err := f.race(); err != nil {
			t.Error(err)
		}
	})
}

// The same race must catch numbers that are taken ahead of the transaction, as from a database's sequence: commits then come
// in another order than numbers.
func TestFeedRaceCatchesNumbersTakenAhead(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		for range 20 {
			f := newField(t, d)
			f.service.Store = &ahead{Store: d, warm: writers}
			if err := f.race(); err != nil {
				t.Logf("caught: %v", err)
				return
			}
		}
		t.Error("a store that takes numbers ahead passes the race")
	})
}

// race lets the writers write and the puller pull, and compares what the puller holds with what the server holds.
func (f *field) race() error {
	hands := make([]*handheld, writers)
	for i := range hands {
		hands[i] = f.handheld()
		hands[i].begun() // the feed exists from here on
	}
	p := &puller{feed: "unit/" + street, held: map[string]uint64{}}
	done, failed := make(chan struct{}), make(chan error, writers+1)
	var writing, pulling sync.WaitGroup
	pulling.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			if _, err := p.page(f.db); err != nil {
				failed <- err
				return
			}
		}
	})
	for _, h := range hands {
		writing.Go(func() { failed <- h.write() })
	}
	writing.Wait()
	close(done)
	pulling.Wait()
	close(failed)
	for err := range failed {
		if err != nil {
			return err
		}
	}
	return f.compare(p)
}

// write pushes creations and edits of the handheld's own records, each op on the version the one before it has made.
func (h *handheld) write() error {
	ids := make([]string, recordsOfEach)
	for n := range pushesEach {
		p := h.sign(h.batch(ids, n)...)
		reply, err := h.send(p)
		if err != nil {
			return err
		}
		for _, o := range reply.Outcomes {
			if o.Status != "applied" {
				return fmt.Errorf("op %d: %s %s %s", o.Seq, o.Status, o.Code, o.En)
			}
		}
	}
	return nil
}

func (h *handheld) batch(ids []string, n int) []wire.Op {
	var ops []wire.Op
	for k := range opsPerPush {
		i := (n*opsPerPush + k) % len(ids)
		if ids[i] == "" {
			ids[i] = newID()
			ops = append(ops, h.op(record.Create, ids[i], 0, object{"unit": street, "note": "0"}))
		} else {
			ops = append(ops, h.op(record.Update, ids[i], 0, object{"note": fmt.Sprint(n, k)}))
		}
	}
	return ops
}

// compare lets the puller catch up, and begins another from the start: both must hold every record of the feed at its newest
// version.
func (f *field) compare(p *puller) error {
	fresh := &puller{feed: p.feed, held: map[string]uint64{}}
	for _, reader := range []*puller{p, fresh} {
		if err := reader.catchUp(f.db); err != nil {
			return err
		}
	}
	for id, version := range fresh.held {
		r, err := f.db.Record(context.Background(), "inspections", id)
		if err != nil || r.Version != version {
			return fmt.Errorf("record %s is at version %d, the feed says %d: %w", id, r.Version, version, err)
		}
		if p.held[id] != version {
			return fmt.Errorf("the puller has record %s at version %d, it is at %d", id, p.held[id], version)
		}
	}
	if len(p.held) != len(fresh.held) {
		return fmt.Errorf("the puller holds %d records, the feed %d", len(p.held), len(fresh.held))
	}
	return nil
}

// ahead takes a stretch of numbers for every transaction before it begins, and locks no feed.
type ahead struct {
	push.Store
	warm  int64 // transactions that still go the right way: they create the feed
	began atomic.Int64
	next  atomic.Uint64
}

func (a *ahead) InTx(ctx context.Context, fn func(context.Context, push.Tx) error) error {
	n := a.began.Add(1)
	if n <= a.warm {
		return a.Store.InTx(ctx, fn)
	}
	a.next.CompareAndSwap(0, 1000) // past what the warm transactions took
	first := a.next.Add(2*opsPerPush) - 2*opsPerPush
	if n%3 == 0 {
		time.Sleep(3 * time.Millisecond) // a transaction that has more to do between its numbers and its commit
	}
	return a.Store.InTx(ctx, func(ctx context.Context, tx push.Tx) error { return fn(ctx, numbered{tx, first}) })
}

type numbered struct {
	push.Tx
	head uint64
}

func (n numbered) LockFeeds(ctx context.Context, feeds []string, want push.Wants) (push.Locked, error) {
	heads := map[string]uint64{}
	for _, feed := range feeds {
		heads[feed] = n.head
	}
	rows, err := n.Records(ctx, want.Records)
	return push.Locked{Heads: heads, Rows: rows}, err
}
