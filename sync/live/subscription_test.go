package live_test

import (
	"fmt"
	"maps"
	"runtime"
	"sync"
	"testing"

	"github.com/fieldwarden/fieldwarden/sync/live"
)

// woken reports whether there is something to take.
func woken(s *live.Subscription) bool {
	select {
	case <-s.Woken():
		return true
	default:
		return false
	}
}

func take(t *testing.T, s *live.Subscription, want map[string]uint64) live.Position {
	t.Helper()
	moved, at, open := s.Take()
	if !open || !maps.Equal(moved, want) {
		t.Errorf("moved %v, open %v; want %v", moved, open, want)
	}
	return at
}

func TestASubscriberIsToldWhereItsFeedsStandAndThenWhatMoves(t *testing.T) {
	db := newTable()
	db.commit("", 0, street)
	h, _ := hubOf(t, db, nil)
	s := h.Subscribe([]string{street, "device/d"}, live.Position{})
	if !woken(s) {
		t.Error("nothing is told at the beginning")
	}
	take(t, s, map[string]uint64{street: 1, "device/d": 0})
	h.Note(db.commit("", 0, other))
	if woken(s) {
		t.Error("woken by another's feed")
	}
	for range 1000 { // nobody looks meanwhile
		h.Note(db.commit("", 0, street))
	}
	if !woken(s) || woken(s) {
		t.Error("a feed that has moved a thousand times is told once")
	}
	at := take(t, s, map[string]uint64{street: 1001})
	take(t, s, nil)
	s.Close()
	if h.Subscriptions(street) != 0 {
		t.Error("a closed subscription still listens")
	}

	h.Note(db.commit("", 0, "device/d"))
	again := h.Subscribe([]string{street, "device/d", other}, at)
	take(t, again, map[string]uint64{"device/d": 1, other: 1})
	elsewhere := h.Subscribe([]string{street}, live.Position{Epoch: "another", Heads: map[string]uint64{street: 1001}})
	take(t, elsewhere, map[string]uint64{street: 1001})
}

func TestASubscriberOfOtherFeedsIsToldOfThoseThatAreNew(t *testing.T) {
	db := newTable()
	h, _ := hubOf(t, db, nil)
	h.Note(db.commit("", 0, street, other))
	s := h.Subscribe([]string{street}, live.Position{})
	take(t, s, map[string]uint64{street: 1})
	s.Listen([]string{other, street})
	if !woken(s) {
		t.Error("a new feed wakes nobody")
	}
	take(t, s, map[string]uint64{other: 1})
	s.Listen([]string{other})
	h.Note(db.commit("", 0, street))
	take(t, s, nil)
	if h.Subscriptions(street) != 0 || h.Subscriptions(other) != 1 {
		t.Error("the feeds listened to are not those that were named last")
	}
}

func TestAnotherHistoryIsToldAsAWhole(t *testing.T) {
	db := newTable()
	db.commit("", 0, street)
	h, _ := hubOf(t, db, nil)
	s := h.Subscribe([]string{street}, live.Position{})
	take(t, s, map[string]uint64{street: 1})
	woken(s)
	db.epoch = "e2"
	if err := h.Compared(ctx); err != nil {
		t.Fatal(err)
	}
	if !woken(s) {
		t.Error("another history wakes nobody")
	}
	if at := take(t, s, map[string]uint64{street: 1}); at.Epoch != "e2" {
		t.Errorf("it stands in %q", at.Epoch)
	}
}

func TestAClosedHubEndsItsReaders(t *testing.T) {
	h, _ := hubOf(t, newTable(), nil)
	s := h.Subscribe([]string{street}, live.Position{})
	take(t, s, map[string]uint64{street: 0})
	woken(s)
	h.Close()
	if _, _, open := s.Take(); !woken(s) || open {
		t.Error("its reader goes on")
	}
	if h.Subscribe([]string{street}, live.Position{}) != nil {
		t.Error("a closed hub takes subscriptions")
	}
	s.Close()
}

// Everybody at once; the race detector looks on.
func TestManyAtOnce(t *testing.T) {
	db := newTable()
	h, _ := hubOf(t, db, nil)
	var writers, readers sync.WaitGroup
	for i := range 4 {
		feed := fmt.Sprint("unit/", i)
		s := h.Subscribe([]string{feed, "ref"}, live.Position{})
		readers.Go(func() {
			defer s.Close()
			last := uint64(0)
			for last < 500 {
				<-s.Woken()
				moved, _, _ := s.Take()
				if seq, ok := moved[feed]; ok && seq < last {
					t.Errorf("%s went back from %d to %d", feed, last, seq)
				}
				last = max(last, moved[feed])
			}
		})
		writers.Go(func() {
			for range 500 {
				h.Note(db.commit(fmt.Sprint("d", i), 1, feed, "ref"))
				h.Idle(fmt.Sprint("d", i), "e1", map[string]uint64{feed: 1}, 1)
				h.HeadsOf([]string{feed})
			}
		})
	}
	for range 20 {
		if err := h.Compared(ctx); err != nil {
			t.Error(err)
		}
	}
	writers.Wait()
	readers.Wait()
}

func BenchmarkSubscription(b *testing.B) {
	h, _ := hubOf(b, newTable(), nil)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	subs := make([]*live.Subscription, b.N)
	for i := range subs {
		subs[i] = h.Subscribe([]string{fmt.Sprint("device/", i), "ref/120102", fmt.Sprint("unit/", i%100)}, live.Position{})
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(b.N), "B/held")
	runtime.KeepAlive(subs)
}
