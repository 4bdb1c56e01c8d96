package custody_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/custody"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// ledger is a write path in memory that may be down, and may do what it is asked without saying so.
type ledger struct {
	mu      sync.Mutex
	bodies  map[string]record.Object
	writes  int
	down    bool
	unheard bool
}

func (l *ledger) ApplyOwn(_ context.Context, ops []push.ServerOp) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.down && !l.unheard {
		return errDown
	}
	for _, op := range ops {
		l.writes++
		l.bodies[op.Record] = record.Apply(l.bodies[op.Record], op.Patch)
	}
	if l.down {
		return errDown
	}
	return nil
}

func (l *ledger) ApplyJudged(ctx context.Context, ops []push.ServerOp) error {
	return l.ApplyOwn(ctx, ops)
}

func viewing(now *time.Time) (*custody.Service, *ledger) {
	l := &ledger{bodies: map[string]record.Object{}}
	return &custody.Service{Records: l, Now: func() time.Time { return *now }, NewID: newID, Log: slog.New(slog.DiscardHandler)}, l
}

// seen unites what the records say was seen, by person.
func (l *ledger) seen() map[string][]evidence.Range {
	out := map[string][]evidence.Range{}
	for _, body := range l.bodies {
		e := evidence.ReadEntry(body)
		out[e.Actor] = evidence.Unite(append(out[e.Actor], e.Ranges...)...)
	}
	return out
}

// Whatever is read by whom and when, and whenever the database is away: in the end the records say of each person exactly the octets that went
// out to him, and never more on the way.
func TestWhatWasSeenIsWhatIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Date(2026, 3, 1, 15, 0, 0, 0, time.UTC) // an hour before midnight in Beijing
		s, l := viewing(&now)
		truth := map[string][]evidence.Range{}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			l.down, l.unheard = rapid.IntRange(0, 4).Draw(t, "down") == 0, rapid.Bool().Draw(t, "unheard")
			now = now.Add(time.Duration(rapid.IntRange(0, 900).Draw(t, "seconds")) * time.Second)
			who := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "who")
			from, n := rapid.Int64Range(0, 50).Draw(t, "from"), rapid.Int64Range(0, 20).Draw(t, "n")
			look, err := s.Look(context.Background(), evidence.Entry{Evidence: "e", Unit: street, Act: evidence.ActView, Actor: who, At: now, Reason: "核查"})
			if err != nil {
				if !l.down {
					t.Fatal(err)
				}
				continue // nothing was given out
			}
			body := look.Through(from, io.NopCloser(bytes.NewReader(make([]byte, n))))
			taken := rapid.Int64Range(0, n).Draw(t, "taken") // the rest is not asked for any more
			if _, err := io.CopyN(io.Discard, body, taken); err != nil {
				t.Fatal(err)
			}
			if err := body.Close(); err != nil {
				t.Fatal(err)
			}
			if taken > 0 {
				truth[who] = evidence.Unite(append(truth[who], evidence.Range{From: from, To: from + taken})...)
			}
			if rapid.Bool().Draw(t, "flush") {
				_ = s.Flush(context.Background(), false)
			}
			for who, ranges := range l.seen() {
				if left := evidence.Total(append(truth[who], ranges...)...); left != evidence.Total(truth[who]...) {
					t.Fatalf("%s: told %v, seen were %v", who, ranges, truth[who])
				}
			}
		}
		l.down = false
		if err := s.Flush(context.Background(), true); err != nil {
			t.Fatal(err)
		}
		if got := l.seen(); fmt.Sprint(got["a"], got["b"]) != fmt.Sprint(truth["a"], truth["b"]) {
			t.Fatalf("told %v, seen were %v", got, truth)
		}
	})
}

func TestAViewingIsOneActUntilItEnds(t *testing.T) {
	now := time.Date(2026, 3, 1, 2, 0, 0, 0, time.UTC)
	s, l := viewing(&now)
	look := func(reason string, from int64) {
		t.Helper()
		k, err := s.Look(ctx, evidence.Entry{Evidence: "e", Unit: street, Act: evidence.ActView, Actor: "a", At: now, Reason: reason})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, k.Through(from, io.NopCloser(strings.NewReader("0123456789")))); err != nil {
			t.Fatal(err)
		}
		k.Close()
	}
	wants := func(what string, records, writes int) {
		t.Helper()
		if err := s.Flush(ctx, false); err != nil || len(l.bodies) != records || l.writes != writes {
			t.Errorf("%s: %d records by %d writes, want %d by %d; %v", what, len(l.bodies), l.writes, records, writes, err)
		}
	}
	look("核查", 0)
	wants("begun: the act is there before it ends", 1, 1)
	for i := range 10 { // a player that asks for piece after piece
		now = now.Add(20 * time.Second)
		look("核查", int64(10*i))
	}
	wants("it goes on", 1, 1)
	now = now.Add(50 * time.Second)
	look("核查", 500)
	now = now.Add(50 * time.Second)
	look("核查", 600)
	wants("it lasts for five minutes", 1, 2)
	now = now.Add(30 * time.Second)
	look("核查", 700)
	now = now.Add(2 * time.Minute)
	wants("it has ended", 1, 3)
	look("核查", 0)
	look("另一理由", 0)
	wants("another viewing, and another reason", 3, 5)
	now = now.Add(2 * time.Minute)
	wants("both have ended", 3, 7)
	wants("nothing is left", 3, 7)
	look("核查", 0)
	now = now.Add(2 * time.Minute)
	look("核查", 0) // nobody has looked for ended ones meanwhile
	now = now.Add(2 * time.Minute)
	wants("two viewings, one after the other", 5, 11)
}

// Two requests of one viewing at once: one of them writes the act, and the other gives out nothing before it is durable.
func TestNobodySeesBeforeItIsWritten(t *testing.T) {
	now := time.Now()
	s, l := viewing(&now)
	l.mu.Lock() // the database does not answer
	var all sync.WaitGroup
	results := make(chan error, 8)
	for range cap(results) {
		all.Go(func() {
			k, err := s.Look(ctx, evidence.Entry{Evidence: "e", Unit: street, Act: evidence.ActView, Actor: "a", At: now})
			if err == nil {
				k.Close()
			}
			results <- err
		})
	}
	impatient, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	go func() { // begins after the others, most likely, and gives up
		k, err := s.Look(impatient, evidence.Entry{Evidence: "e", Unit: street, Act: evidence.ActView, Actor: "a", At: now})
		if k != nil && err == nil {
			k.Close()
		}
	}()
	time.Sleep(50 * time.Millisecond)
	if len(results) > 0 {
		t.Error("somebody did not wait")
	}
	l.down = true
	l.mu.Unlock()
	all.Wait()
	for range cap(results) {
		if err := <-results; !errors.Is(err, errDown) {
			t.Errorf("%v", err)
		}
	}
}
