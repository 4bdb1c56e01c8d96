package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/client"
)

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

// watching starts a handheld's Watch that syncs; ended gives what it returns.
func (h *handheld) watching(synced *atomic.Int64) (ended chan error, stop func()) {
	h.t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	ended = make(chan error, 1)
	go func() {
		ended <- h.Watch(ctx, func() {
			if err := h.Sync(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, fault.New(fault.SignedOut)) && !errors.Is(err, fault.New(fault.SessionEnded)) {
				h.t.Errorf("sync: %v", err)
			}
			synced.Add(1)
		})
	}()
	h.t.Cleanup(cancel)
	return ended, cancel
}

func (h *handheld) has(id string) func() bool {
	return func() bool {
		_, err := h.Get(ctx, "subjects", id)
		return err == nil
	}
}

// breakable is a network whose streams of events can be cut.
type breakable struct {
	next http.RoundTripper
	mu   sync.Mutex
	open []io.Closer
	seen []string // Last-Event-ID of each stream that was opened
}

func (b *breakable) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.next.RoundTrip(r)
	if err == nil && r.URL.Path == "/v1/sync/events" {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.open, b.seen = append(b.open, res.Body), append(b.seen, r.Header.Get("Last-Event-ID"))
	}
	return res, err
}

func (b *breakable) streams() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.seen
}

func (b *breakable) cut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, body := range b.open {
		body.Close()
	}
	b.open = nil
}

func TestAWatchingDevicePullsWhatOthersChange(t *testing.T) {
	w := newWorld(t)
	unit := w.street()
	a := w.handheld(unit)
	line := &breakable{next: w.dial()}
	b := w.handheld(unit, func(c *client.Config) { c.HTTP = line })
	var synced atomic.Int64
	ended, stop := b.watching(&synced)
	create := func() string {
		id := a.create(unit, "户")
		a.sync()
		return id
	}
	eventually(t, "what was there before", b.has(create()))
	eventually(t, "what comes while it watches", b.has(create()))
	line.cut()
	eventually(t, "what came while its stream was broken", b.has(create()))
	eventually(t, "it listens again", func() bool { return len(line.streams()) >= 2 })
	if seen := line.streams(); seen[0] != "" || seen[1] == "" {
		t.Errorf("it came back with the ids %q", seen)
	}
	eventually(t, "and what comes then", b.has(create()))
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("it ends with %v", err)
	}
	n := synced.Load()
	create()
	if synced.Load() != n {
		t.Error("it goes on after its end")
	}
}

func TestAWatchEndsWithTheSignIn(t *testing.T) {
	w := newWorld(t)
	h := w.handheld(w.street())
	var synced atomic.Int64
	ended, _ := h.watching(&synced)
	eventually(t, "it listens", func() bool { return synced.Load() > 0 })
	who, err := h.Identity(ctx)
	w.must(err)
	w.must(w.db.RevokeDevice(ctx, who.ID, "server", time.Now()))
	if err := <-ended; !errors.Is(err, fault.New(fault.DeviceRevoked)) && !errors.Is(err, fault.New(fault.SessionEnded)) && !errors.Is(err, fault.New(fault.SignedOut)) {
		t.Errorf("it ends with %v", err)
	}
}

func TestASecondWatchTakesThePlaceOfTheFirst(t *testing.T) {
	w := newWorld(t)
	h := w.handheld(w.street())
	var first, second atomic.Int64
	ended, _ := h.watching(&first)
	eventually(t, "the first listens", func() bool { return first.Load() > 0 })
	h.watching(&second)
	if err := <-ended; err != nil {
		t.Errorf("it ends with %v", err)
	}
}

func TestAServerWithoutEventsIsLookedAtNowAndThen(t *testing.T) {
	w := newWorld(t)
	h := w.handheld(w.street(), func(c *client.Config) {
		next := c.HTTP
		c.HTTP = trip(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == "/v1/sync/events" {
				r = r.Clone(r.Context())
				r.URL.Path = "/v1/sync/no-such-thing"
			}
			return next.RoundTrip(r)
		})
	})
	var synced atomic.Int64
	h.watching(&synced)
	eventually(t, "it pulls again and again", func() bool { return synced.Load() > 3 })
}

type trip func(*http.Request) (*http.Response, error)

func (t trip) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }
