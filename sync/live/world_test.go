package live_test

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/sync/live"
)

var (
	ctx   = context.Background()
	quiet = slog.New(slog.DiscardHandler)
)

// table is the database: what is committed.
type table struct {
	mu    sync.Mutex
	epoch string
	heads map[string]uint64
	acked map[string]uint64
	down  bool
	reads int
}

func newTable() *table {
	return &table{epoch: "e1", heads: map[string]uint64{}, acked: map[string]uint64{}}
}

func (t *table) AllHeads(context.Context) (string, map[string]uint64, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reads++
	if t.down {
		return "", nil, errors.New("database gone")
	}
	return t.epoch, maps.Clone(t.heads), nil
}

// commit moves feeds on by one each and takes n ops of a device ("" for the server's own). It returns the news.
func (t *table) commit(device string, n uint64, feeds ...string) live.News {
	t.mu.Lock()
	defer t.mu.Unlock()
	news := live.News{Heads: map[string]uint64{}, Device: device}
	for _, feed := range feeds {
		t.heads[feed]++
		news.Heads[feed] = t.heads[feed]
	}
	if device != "" {
		news.Since = t.acked[device]
		t.acked[device] += n
		news.Acked = t.acked[device]
	}
	return news
}

func (t *table) head(feed string) uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.heads[feed]
}

// wire is a bus that keeps notices until they are delivered by hand.
type wire struct {
	mu      sync.Mutex
	notices [][]byte
	err     error
}

func (w *wire) Publish(_ context.Context, text []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	w.notices = append(w.notices, text)
	return nil
}

func (w *wire) Listen(ctx context.Context, ready func(), _ func([]byte)) error {
	ready()
	<-ctx.Done()
	return ctx.Err()
}

// clock is a clock that stands still until it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)} }

// hubOf is a hub that has been compared once.
func hubOf(t testing.TB, from live.Heads, bus live.Bus) (*live.Hub, *clock) {
	t.Helper()
	c := newClock()
	h := live.NewHub(live.Config{Heads: from, Bus: bus, Now: c.now, Log: quiet})
	if err := h.Compared(ctx); err != nil {
		t.Fatal(err)
	}
	return h, c
}
