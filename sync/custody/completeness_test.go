package custody_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/custody"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// A recording that does not come within the term is told once, also when people have closed that; one that came in time is not.
func TestWhatIsLateIsToldOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		late, came := w.announce([]byte("late "+t.Name())), w.hold([]byte("came "+t.Name()))
		told := func(want int) {
			t.Helper()
			if n, err := w.Late(ctx); err != nil || n != want {
				t.Errorf("%d are told, want %d; %v", n, want, err)
			}
		}
		w.now = w.now.Add(evidence.Recording.HandIn)
		told(0)
		w.now = w.now.Add(time.Second)
		told(1)
		told(0)
		if w.findings(late, custody.LateFinding) != 1 || w.findings(came, custody.LateFinding) != 0 {
			t.Error("told of another")
		}
		found, err := w.history.Lookup(ctx, "findings", "record", late)
		w.must(err)
		w.must(w.records.ApplyOwn(ctx, []push.ServerOp{{Collection: "findings", Record: found[0].ID, Action: record.Update, Patch: record.Object{"state": "closed"}}}))
		told(0)
	})
}

// The same completeness gives the same image; what is in it is text and never markup.
func TestTheTimeline(t *testing.T) {
	at := time.Date(2026, 3, 1, 1, 0, 0, 0, time.UTC)
	ms := func(minutes int) int64 { return at.Add(time.Duration(minutes) * time.Minute).UnixMilli() }
	c := custody.Completeness{Inspection: "0193f000-0000-7000-8000-0000000000e1", At: at.Add(2 * time.Hour), Body: record.Object{}}
	taken := []evidence.Taken{
		{Evidence: "0193f000-0000-7000-8000-0000000000a1", Covers: []evidence.Range{{From: ms(0), To: ms(20)}, {From: ms(22), To: ms(35)}}, Span: evidence.Range{From: ms(0), To: ms(35)}, Held: true},
		{Evidence: "0193f000-0000-7000-8000-0000000000a2", Covers: []evidence.Range{{From: ms(30), To: ms(48)}}, Span: evidence.Range{From: ms(30), To: ms(48)}},
		{Evidence: `<script>alert("x")</script>`, Photo: true, Span: evidence.Range{From: ms(10), To: ms(10)}, Held: true},
	}
	for _, one := range taken {
		c.Recordings = append(c.Recordings, custody.Recorded{Taken: one, Missing: !one.Held})
	}
	inspection := record.Object{"state": "completed", "startedAt": stamp(at), "endedAt": stamp(at.Add(time.Hour)), "certificatesShown": record.Object{"at": stamp(at.Add(2 * time.Minute))}}
	papers := []evidence.Paper{{Body: record.Object{"kind": "seizure-decision", "state": "issued", "issuedAt": stamp(at.Add(50 * time.Minute))}}}
	c.Demands = evidence.Recording.Demands(inspection, papers, taken, c.At)
	image := string(custody.Timeline(c))
	if image != string(custody.Timeline(c)) || strings.Contains(image, "<script") {
		t.Error("another image, or markup in it")
	}
	if path := os.Getenv("FIELDWARDEN_TIMELINE"); path != "" { // to look at
		if err := os.WriteFile(path, []byte(image), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"查封、扣押（全程）", "未送达", "09:00:00", "10:00:00"} {
		if !strings.Contains(image, want) {
			t.Errorf("%q is not in the image", want)
		}
	}
	if bars := strings.Count(image, "<title>"); bars != len(c.Demands[0].Covered)+len(c.Demands[0].Announced)+len(c.Demands[0].Uncovered)+
		len(c.Demands[1].Covered)+len(c.Demands[1].Announced)+len(c.Demands[1].Uncovered)+4 {
		t.Errorf("%d bars", bars)
	}
	if empty := string(custody.Timeline(custody.Completeness{At: at})); !strings.HasPrefix(empty, "<svg") {
		t.Error(empty)
	}
}
