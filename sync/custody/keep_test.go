package custody_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/sync/custody"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// mortal is a write path of a process that dies at a write: before it is done, or after, and nobody hears of it. From then on it does nothing.
type mortal struct {
	custody.Records
	mu    sync.Mutex
	left  int  // writes until then; < 0: it lives on
	after bool // the last one is done
	down  bool // nothing is written, and it lives on
	dead  bool
}

func (m *mortal) ApplyOwn(ctx context.Context, ops []push.ServerOp) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead || m.down {
		return errDown
	}
	if m.left == 0 {
		m.dead = true
		if m.after {
			_ = m.Records.ApplyOwn(context.WithoutCancel(ctx), ops)
		}
		return errDown
	}
	m.left--
	return m.Records.ApplyOwn(ctx, ops)
}

func (m *mortal) gone() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dead
}

func (m *mortal) kill() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead = true
}

// loop is the loop of custody in a process of its own, by a clock that the test sets.
type loop struct {
	w     *world
	s     *custody.Service
	m     *mortal
	at    *atomic.Int64
	ticks chan time.Time
	stop  context.CancelFunc
	ended chan struct{}
}

// begin starts a process on the world's database, which dies at a write, or never.
func (w *world) begin(left int, after bool) *loop {
	l := &loop{w: w, m: &mortal{Records: w.records, left: left, after: after}, at: &atomic.Int64{}, ticks: make(chan time.Time), ended: make(chan struct{})}
	w.restart()
	l.s = w.Service
	l.s.Records = l.m
	l.at.Store(w.now.UnixMicro())
	l.s.Now = func() time.Time { return time.UnixMicro(l.at.Load()).UTC() }
	var run context.Context
	run, l.stop = context.WithCancel(ctx)
	go func() {
		defer close(l.ended)
		l.s.Keep(run, l.ticks, custody.Hours{From: time.Hour, Until: 5 * time.Hour})
	}()
	w.t.Cleanup(l.end)
	return l
}

// pass lets time pass and the loop take a tick. It returns when the loop has done what it does at a tick: it takes the second behind the first.
func (l *loop) pass(d time.Duration) {
	l.at.Add(d.Microseconds())
	l.ticks <- l.s.Now()
	l.ticks <- l.s.Now()
}

// end is the end of the process: in order, unless it was killed.
func (l *loop) end() {
	l.stop()
	<-l.ended
}

// read lets somebody see octets; false if he got none because that he looks could not be written.
func (l *loop) read(id string, from, n int64) bool {
	look, err := l.s.Look(ctx, evidence.Entry{Evidence: id, Unit: street, Act: evidence.ActView, Actor: l.w.leader.Officer, At: l.s.Now(), Reason: "核查"})
	if err != nil {
		return false
	}
	body := look.Through(from, io.NopCloser(bytes.NewReader(make([]byte, n))))
	_, err = io.Copy(io.Discard, body)
	l.w.must(err)
	l.w.must(body.Close())
	return true
}

// views are the views that the records tell of, and the octets of all of them.
func (w *world) views(id string) (n int, ranges []evidence.Range) {
	for _, a := range w.acts(id) {
		if a.Act == evidence.ActView {
			n++
			ranges = evidence.Unite(append(ranges, a.Ranges...)...)
		}
	}
	return n, ranges
}

// A viewing goes on for a quarter of an hour, and the process dies at any of its writes, done or not, or between any two ticks. Whoever was given octets
// is in the records as somebody who looked; of the octets at most those of the last five minutes and a tick are not told; none is told that did not
// go out; what was told once is told for good; and the next process goes on.
func TestTheLoopLosesNothingThatItHasTold(t *testing.T) {
	const steps, piece = 30, 100
	type death struct {
		write, tick int // -1: not by that
		after       bool
	}
	deaths := []death{{-1, -1, false}}
	for write := range 4 {
		deaths = append(deaths, death{write, -1, false}, death{write, -1, true})
	}
	for tick := range steps {
		if tick%4 == 1 || tick > 20 {
			deaths = append(deaths, death{-1, tick, false})
		}
	}
	w := newWorld(t, databases.SQLite(t, time.Now), folder(t))
	for i, d := range deaths {
		t.Run(fmt.Sprintf("write %d done %v, tick %d", d.write, d.after, d.tick), func(t *testing.T) {
			w.t = t
			id := w.hold(append(bytes.Repeat([]byte("."), steps*piece-1), byte(i)))
			l := w.begin(d.write, d.after)
			var told, settled int64 // octets that the records have had; those that went out more than five minutes and a tick ago
			given := map[int]int64{}
			var out int64
			looked := false
			for step := 0; step < steps && !l.m.gone(); step++ {
				if l.read(id, out, piece) {
					looked, out = true, out+piece
				}
				given[step] = out
				l.pass(custody.KeepEvery)
				settled = given[step-11]
				n, ranges := w.views(id)
				if total := evidence.Total(ranges...); looked && n != 1 || total < told || total < settled && !l.m.gone() || total > out {
					t.Fatalf("step %d: %d views of %v; %d octets went out, %d were told, and %d long ago", step, n, ranges, out, told, settled)
				} else {
					told = total
				}
				if step == d.tick {
					l.m.kill()
				}
			}
			l.end()
			if d.write >= 0 && !l.m.gone() {
				t.Error("it does not write that often")
			}
			n, ranges := w.views(id)
			switch total := evidence.Total(ranges...); {
			case looked && n != 1, total < told, total > out:
				t.Fatalf("at the end: %d views of %v; %d octets went out, %d were told", n, ranges, out, told)
			case !l.m.gone() && total != out:
				t.Fatalf("it has stopped in order and told %d octets of %d", total, out)
			}
			next := w.begin(-1, false)
			next.at.Store(l.at.Load())
			next.read(id, steps*piece-1, 1)
			next.end()
			if again, all := w.views(id); again != n+1 || evidence.Total(all...) != evidence.Total(append(ranges, evidence.Range{From: steps*piece - 1, To: steps * piece})...) {
				t.Errorf("the next process: %d views of %v", again, all)
			}
		})
	}
}

// A database that is away for a while delays what is told, and no more; a viewing that has ended meanwhile is not forgotten.
func TestTheLoopTriesAgain(t *testing.T) {
	w := newWorld(t, databases.SQLite(t, time.Now), folder(t))
	id := w.hold([]byte("0123456789"))
	l := w.begin(-1, false)
	l.read(id, 2, 3)
	l.m.mu.Lock()
	l.m.down = true
	l.m.mu.Unlock()
	for range 10 {
		l.pass(time.Minute)
	}
	if n, ranges := w.views(id); n != 1 || len(ranges) != 0 {
		t.Fatalf("%d views of %v", n, ranges)
	}
	l.m.mu.Lock()
	l.m.down = false
	l.m.mu.Unlock()
	l.pass(custody.KeepEvery)
	if n, ranges := w.views(id); n != 1 || fmt.Sprint(ranges) != "[{2 5}]" {
		t.Errorf("%d views of %v", n, ranges)
	}
}

// A link that brings an octet now and then is no reason to tell nothing: what has come for a minute is told.
func TestASlowReaderIsToldToo(t *testing.T) {
	w := newWorld(t, databases.SQLite(t, time.Now), folder(t))
	id := w.hold([]byte("0123456789"))
	l := w.begin(-1, false)
	look, err := l.s.Look(ctx, evidence.Entry{Evidence: id, Unit: street, Act: evidence.ActView, Actor: w.leader.Officer, At: l.s.Now(), Reason: "核查"})
	w.must(err)
	body := look.Through(0, io.NopCloser(bytes.NewReader(make([]byte, 100))))
	for range 12 {
		if _, err := body.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		l.pass(time.Minute)
	}
	if n, ranges := w.views(id); n != 1 || evidence.Total(ranges...) < 6 {
		t.Errorf("of a reply that goes on for twelve minutes %d views of %v are told", n, ranges)
	}
	w.must(body.Close())
}

// The loop reads again once a night, at the first tick within the hours, and disposes of what is due.
func TestTheLoopReadsAgainOnceANight(t *testing.T) {
	w := newWorld(t, databases.SQLite(t, time.Now), folder(t))
	id := w.hold([]byte("read at night"))
	w.lock(id)
	w.jobs()
	midnight := time.Date(2026, 3, 4, 0, 0, 0, 0, record.Beijing)
	w.now = midnight.Add(-time.Hour)
	l := w.begin(-1, false)
	last := func() time.Time {
		c, _, err := w.db.LastCheck(ctx, custody.Recording(id))
		w.must(err)
		return c.At
	}
	first := last()
	tick := func(at time.Time, reads bool) {
		t.Helper()
		before := last()
		l.at.Store(at.UnixMicro())
		l.pass(0)
		for range 200 {
			if reads == last().After(before) && reads {
				break
			}
			time.Sleep(map[bool]time.Duration{true: 10 * time.Millisecond, false: time.Millisecond}[reads])
		}
		if got := last(); reads != got.After(before) || reads && !got.Equal(at) {
			t.Errorf("%v: read at %v, before at %v", at, got, before)
		}
	}
	tick(midnight.Add(59*time.Minute), false)
	tick(midnight.Add(time.Hour), true)
	tick(midnight.Add(4*time.Hour), false)
	tick(midnight.Add(12*time.Hour), false)
	tick(midnight.Add(28*time.Hour+59*time.Minute), true)
	tick(midnight.Add(29*time.Hour), false)
	if !last().After(first) {
		t.Error("nothing was read")
	}
}

// Hours are the same every day, whether midnight is in them or not.
func TestHours(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		minute := rapid.IntRange(0, 24*60-1)
		from, until, at := minute.Draw(t, "from"), minute.Draw(t, "until"), minute.Draw(t, "at")
		h := custody.Hours{From: time.Duration(from) * time.Minute, Until: time.Duration(until) * time.Minute}
		now := time.Date(2026, 2, 28, 0, at, 30, 0, record.Beijing)
		within := from <= at && at < until
		if until < from {
			within = at >= from || at < until
		}
		end, ok := h.Ends(now.UTC())
		if ok != within {
			t.Fatalf("within: %v, want %v", ok, within)
		}
		if here := end.In(record.Beijing); ok && (here.Hour()*60+here.Minute() != until || !end.After(now) || end.Sub(now) > 24*time.Hour) {
			t.Fatalf("it ends at %v", here)
		}
	})
}
