package pull_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/sync/collections"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// trimmed is a district whose departures are dropped after a day, on a clock that steps.
type trimmed struct {
	db    *db.DB
	now   time.Time
	push  *push.Service
	pull  *pull.Service
	units int
}

func onTrimmed(t *testing.T, fn func(t *testing.T, w *trimmed)) {
	for name, open := range map[string]func(testing.TB, func() time.Time) *db.DB{"sqlite": databases.SQLite, "postgres": databases.Postgres} {
		t.Run(name, func(t *testing.T) {
			w := &trimmed{now: time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)}
			now := func() time.Time { return w.now }
			w.db = open(t, now)
			catalogue, err := collections.Catalogue()
			if err != nil {
				t.Fatal(err)
			}
			w.push = &push.Service{Store: w.db, Catalogue: catalogue, District: district, Now: now, NewID: func() string { return uuid.Must(uuid.NewV7()).String() }}
			w.pull = &pull.Service{Reader: w.db, Cursors: pull.Cursors{Key: make([]byte, 32)}, District: district, Now: now}
			fn(t, w)
		})
	}
}

type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

func (w *trimmed) own(t fataler, action record.Action, id string, patch record.Object) {
	t.Helper()
	op := push.ServerOp{Collection: "tasks", Record: id, Action: action, Patch: patch}
	if err := w.push.ApplyOwn(context.Background(), []push.ServerOp{op}); err != nil {
		t.Fatalf("%s: %v", action, err)
	}
}

func (w *trimmed) create(t fataler, unit string) string {
	t.Helper()
	id := uuid.Must(uuid.NewV7()).String()
	w.own(t, record.Create, id, record.Object{"title": "t", "unit": unit, "kind": "日常", "state": "draft"})
	return id
}

// trim is an hourly round of the server's.
func (w *trimmed) trim(t fataler) {
	t.Helper()
	if _, err := w.db.TrimDepartures(context.Background(), w.now.Add(-24*time.Hour), pull.TrimWait); err != nil {
		t.Fatalf("trim: %v", err)
	}
}

// shows is what a feed shows now: versions by id.
func (w *trimmed) shows(t fataler, feed string) map[string]uint64 {
	t.Helper()
	live := map[string]uint64{}
	err := w.db.Each(context.Background(), feed, 0, 1<<60, func(c pull.Change) error { live[c.ID] = c.Version; return nil })
	if err != nil {
		t.Fatalf("%v", err)
	}
	return live
}

// copyOf is a device: what it holds of one feed, by what pages say.
type copyOf struct {
	w      *trimmed
	feed   string
	caller people.Caller
	cursor string
	holds  map[string]uint64
	begun  int // how often it was told to drop the feed
}

func (w *trimmed) device(unit string) *copyOf {
	return &copyOf{w: w, feed: "unit/" + unit, caller: officer(uuid.NewString(), unit), holds: map[string]uint64{}}
}

func (c *copyOf) take(ch wire.Change) {
	switch {
	case ch.Feed != c.feed:
	case ch.Gone == wire.GoneFeed:
		c.holds = map[string]uint64{}
		c.begun++
	case ch.Gone != "":
		delete(c.holds, ch.ID)
	default:
		c.holds[ch.ID] = ch.Version
	}
}

// page pulls one page; more tells whether there is another.
func (c *copyOf) page(t fataler, limit int) (more bool) {
	t.Helper()
	r, err := c.w.pull.Pull(context.Background(), c.caller, wire.Pull{Cursor: c.cursor, Limit: limit})
	if err != nil {
		t.Fatalf("pull: %v", err)
	}
	for _, ch := range r.Changes {
		c.take(ch)
	}
	c.cursor = r.Cursor
	return r.More
}

func (c *copyOf) settle(t fataler, limit int) {
	t.Helper()
	for c.page(t, limit) {
	}
	if want := c.w.shows(t, c.feed); !maps.Equal(c.holds, want) {
		t.Fatalf("the device holds %v, the feed shows %v", c.holds, want)
	}
}

// However slow a device is, and whenever its pull is cut, at the end of one it holds what the feed shows; nothing of what has left the feed
// stays on it, although what has left long ago is not told any more. Who is often there takes nothing twice.
func TestSlowDevicesMissNoDeparture(t *testing.T) {
	onTrimmed(t, func(t *testing.T, w *trimmed) {
		rapid.Check(t, func(t *rapid.T) {
			w.units++
			unit, next := fmt.Sprintf("%s%03d", district, 2*w.units), fmt.Sprintf("%s%03d", district, 2*w.units+1)
			slow, quick := w.device(unit), w.device(unit)
			var ids []string
			at := map[string]string{}
			here := func(unit string) []string {
				return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return at[id] != unit })
			}
			for range rapid.IntRange(1, 25).Draw(t, "steps") {
				w.now = w.now.Add(time.Minute)
				some, gone := here(unit), here(next)
				switch step := rapid.IntRange(0, 9).Draw(t, "step"); {
				case step < 3:
					id := w.create(t, unit)
					ids, at[id] = append(ids, id), unit
				case step == 3 && len(some) > 0:
					w.own(t, record.Update, rapid.SampledFrom(some).Draw(t, "updated"), record.Object{"title": fmt.Sprint(w.now)})
				case step == 4 && len(some) > 0:
					id := rapid.SampledFrom(some).Draw(t, "removed")
					w.own(t, record.Remove, id, nil)
					at[id] = ""
				case step == 5 && len(some) > 0:
					id := rapid.SampledFrom(some).Draw(t, "moved")
					w.own(t, record.Update, id, record.Object{"unit": next})
					at[id] = next
				case step == 6 && len(gone) > 0:
					id := rapid.SampledFrom(gone).Draw(t, "came back")
					w.own(t, record.Update, id, record.Object{"unit": unit})
					at[id] = unit
				case step == 7:
					slow.page(t, rapid.IntRange(1, 4).Draw(t, "limit"))
				case step == 8:
					slow.settle(t, rapid.IntRange(1, 4).Draw(t, "limit"))
				default:
					for range rapid.IntRange(1, 30).Draw(t, "hours") {
						w.now = w.now.Add(time.Hour)
						w.trim(t)
						quick.settle(t, 100)
					}
				}
			}
			slow.settle(t, 3)
			quick.settle(t, 3)
			if quick.begun > 0 {
				t.Fatalf("who is there every hour was told %d times to begin anew", quick.begun)
			}
		})
	})
}

// Departures are dropped, not before a feed has said so for long enough; and a snapshot that goes on from where some are missing is refused.
func TestOldDeparturesAreDropped(t *testing.T) {
	onTrimmed(t, func(t *testing.T, w *trimmed) {
		const unit = district + "001"
		feed := "unit/" + unit
		departures := func() (n int) {
			changes, _, err := w.db.Changes(t.Context(), feed, 0, 1000)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range changes {
				if c.Gone != "" {
					n++
				}
			}
			return n
		}
		first, stays := w.create(t, unit), w.create(t, unit)
		d := w.device(unit)
		d.settle(t, 100)
		old := d.cursor
		w.own(t, record.Remove, first, nil)
		w.now = w.now.Add(25 * time.Hour)
		recent := w.create(t, unit)
		w.own(t, record.Remove, recent, nil)
		w.trim(t)
		w.now = w.now.Add(pull.TrimWait - time.Second)
		w.trim(t)
		if n := departures(); n != 2 {
			t.Fatalf("%d departures are told, dropped before their time", n)
		}
		w.now = w.now.Add(time.Second)
		w.trim(t)
		if n := departures(); n != 1 {
			t.Fatalf("%d departures are told, want the recent one", n)
		}
		snapshot := func(after uint64, cursor string) error {
			return w.pull.Snapshot(t.Context(), d.caller, pull.Wanted{Feed: feed, After: after, Cursor: cursor}, io.Discard)
		}
		w.now = w.now.Add(time.Hour) // what was known of it is not believed any more
		fails(t, snapshot(2, old), fault.DeparturesGone)
		fails(t, snapshot(2, ""), fault.DeparturesGone)
		for after, cursor := range map[uint64]string{0: old, 3: old} {
			if err := snapshot(after, cursor); err != nil {
				t.Errorf("after %d: %v", after, err)
			}
		}
		d.settle(t, 100)
		if d.begun != 1 || len(d.holds) != 1 || d.holds[stays] == 0 {
			t.Errorf("begun anew %d times, holds %v", d.begun, d.holds)
		}
		// A new device takes it in parts, beside each other: what left before it began it never had.
		fresh := w.device(unit)
		fresh.page(t, 1)
		var part bytes.Buffer
		if err := w.pull.Snapshot(t.Context(), fresh.caller, pull.Wanted{Feed: feed, After: 2, Cursor: fresh.cursor}, &part); err != nil {
			t.Errorf("a part: %v", err)
		}
	})
}
