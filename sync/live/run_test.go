package live_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/sync/live"
)

// line is a bus that can be cut: what is said while it is cut is lost.
type line struct {
	mu    sync.Mutex
	ends  []chan struct{} // of those who listen now
	heard []func([]byte)
	down  bool
}

func (l *line) Publish(_ context.Context, text []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down {
		return errors.New("cut")
	}
	for _, heard := range l.heard {
		heard(text)
	}
	return nil
}

func (l *line) Listen(ctx context.Context, ready func(), heard func([]byte)) error {
	l.mu.Lock()
	if l.down {
		l.mu.Unlock()
		return errors.New("cut")
	}
	end := make(chan struct{})
	l.ends, l.heard = append(l.ends, end), append(l.heard, heard)
	l.mu.Unlock()
	ready()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-end:
		return errors.New("cut")
	}
}

// set cuts the line, or lets it be.
func (l *line) set(down bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = down
	if down {
		for _, end := range l.ends {
			close(end)
		}
		l.ends, l.heard = nil, nil
	}
}

func (l *line) listeners() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.heard)
}

// eventually waits until something is so. How long it takes is not what is tested.
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

func running(t *testing.T, from live.Heads, bus live.Bus, compare time.Duration) *live.Hub {
	t.Helper()
	h := live.NewHub(live.Config{Heads: from, Bus: bus, Compare: compare, Now: time.Now, Log: quiet})
	ctx, stop := context.WithCancel(ctx)
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

func TestReplicasTellEachOtherAndMendWhatWasLost(t *testing.T) {
	db, bus := newTable(), &line{}
	here, there := running(t, db, bus, time.Hour), running(t, db, bus, time.Hour)
	at := func(n uint64) func() bool { return func() bool { return head(there, street) == n } }
	eventually(t, "both listen", func() bool { return bus.listeners() == 2 })
	here.Note(db.commit("d", 1, street))
	eventually(t, "a notice is heard", at(1))

	bus.set(true)
	here.Note(db.commit("d", 1, street))
	eventually(t, "it was told, to nobody", func() bool { return here.Waiting() == 0 })
	if head(there, street) != 1 {
		t.Fatal("the line is cut and yet something was heard")
	}
	bus.set(false)
	eventually(t, "what was lost is mended when the line holds again", at(2))
	eventually(t, "both listen again", func() bool { return bus.listeners() == 2 })
	here.Note(db.commit("d", 1, street))
	eventually(t, "a notice is heard again", at(3))
}

func TestWhatIsNeverToldIsMendedByComparing(t *testing.T) {
	db := newTable()
	h := running(t, db, nil, 10*time.Millisecond)
	eventually(t, "the first comparison", func() bool { _, fresh := h.HeadsOf(nil); return fresh }) // which wakes everybody
	s := h.Subscribe([]string{street}, live.Position{})
	<-s.Woken()
	s.Take()
	db.commit("", 0, street) // by another process, that tells nobody
	<-s.Woken()
	if moved, _, _ := s.Take(); moved[street] != 1 {
		t.Errorf("woken for %v", moved)
	}
}
