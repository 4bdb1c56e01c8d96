package papers_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/collections"
	"github.com/fieldwarden/fieldwarden/sync/papers"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

func (w *world) lease(count int, key string) (string, record.Object) {
	w.Helper()
	id, block, err := w.Lease(context.Background(), w.caller(), document.SummaryPenalty, count, key)
	if err != nil {
		w.Fatal(err)
	}
	return id, block
}

// A team's numbers are those of the street it belongs to; each lease goes on where the last ended; the same key gets the same.
func TestLease(t *testing.T) {
	each(t, func(w *world) {
		id, block := w.lease(5, "first")
		want := record.Object{"device": w.caller().Device, "unit": team, "series": street + "/summary-penalty/2026", "organ": street, "kind": document.SummaryPenalty,
			"year": 2026.0, "pattern": "津河东东新执当罚决字〔2026〕第{n}号", "from": 1.0, "to": 5.0,
			"leasedAt": "2026-11-25T07:30:00Z", "expiresAt": "2026-12-25T07:30:00Z"}
		if !record.Equal(block, want) {
			w.Errorf("block %v", block)
		}
		if stored, _ := w.body(document.Blocks.Name, id); !record.Equal(stored, want) {
			w.Errorf("stored %v", stored)
		}
		if again, same := w.lease(5, "first"); again != id || !record.Equal(same, block) {
			w.Errorf("asked again: %s %v", again, same)
		}
		if _, next := w.lease(0, ""); next["from"] != 6.0 || next["to"] != 15.0 {
			w.Errorf("next block %v", next)
		}
		other := w.caller()
		other.Device = newID()
		if _, next, err := w.Lease(context.Background(), other, document.SummaryPenalty, 1, "first"); err != nil || next["from"] != 16.0 {
			w.Errorf("another device with the same key: %v, %v", next, err)
		}
	})
}

// A template that was written anew for a day to come stops nobody: numbers are given out by the version in force.
func TestLeaseBeforeTheNextTemplateBegins(t *testing.T) {
	each(t, func(w *world) {
		w.apply("templates", w.template, record.Update, record.Object{"version": 2.0, "validFrom": "2027-01-01", "number": record.Object{"word": "新字"}})
		if _, block := w.lease(1, ""); block["pattern"] != "津河东东新执当罚决字〔2026〕第{n}号" {
			w.Errorf("numbers by %v", block["pattern"])
		}
	})
}

// At the end of the year a block ends with it, in Beijing.
func TestLeaseEndsWithTheYear(t *testing.T) {
	each(t, func(w *world) {
		w.Now = func() time.Time { return time.Date(2026, 12, 31, 15, 59, 0, 0, time.UTC) }
		if _, block := w.lease(1, ""); block["expiresAt"] != "2026-12-31T16:00:00Z" || block["year"] != 2026.0 {
			w.Errorf("block %v", block)
		}
		w.Now = func() time.Time { return time.Date(2026, 12, 31, 16, 0, 0, 0, time.UTC) }
		if _, block := w.lease(1, ""); block["year"] != 2027.0 || block["from"] != 1.0 || block["pattern"] != "津河东东新执当罚决字〔2027〕第{n}号" {
			w.Errorf("block %v", block)
		}
	})
}

// Numbers of the next year can be leased when it is near, for who has no network over New Year; they look as they will then, and are another series.
func TestLeaseOfTheNextYear(t *testing.T) {
	each(t, func(w *world) {
		later := seed(w.T, document.SummaryPenalty)
		later["validFrom"], later["version"], later["number"] = "2027-01-01", 2.0, record.Object{"token": "津河东{street}{word}〔{year}〕{n}号", "word": "简罚字"}
		w.create("templates", later)
		ask := func(year int, key string) (record.Object, error) {
			_, block, err := w.LeaseOf(context.Background(), w.caller(), document.SummaryPenalty, 2, year, key)
			return block, err
		}
		for day, ok := range map[string]bool{"2026-12-16T15:59:59Z": false, "2026-12-16T16:00:00Z": true} {
			at, _ := time.Parse(time.RFC3339, day)
			w.Now = func() time.Time { return at }
			if _, err := ask(2027, day); (err == nil) != ok || err != nil && !errors.Is(err, fault.New(fault.LeaseYear)) {
				w.Errorf("%s: %v", day, err)
			}
		}
		w.Now = func() time.Time { return time.Date(2026, 12, 30, 0, 0, 0, 0, time.UTC) }
		next, err := ask(2027, "next")
		if err != nil || next["series"] != street+"/summary-penalty/2027" || next["year"] != 2027.0 || next["pattern"] != "津河东东新简罚字〔2027〕{n}号" ||
			next["expiresAt"] != "2027-01-29T00:00:00Z" {
			w.Errorf("%v, %v", next, err)
		}
		if this, err := ask(2026, "this"); err != nil || this["pattern"] != "津河东东新执当罚决字〔2026〕第{n}号" || this["expiresAt"] != "2026-12-31T16:00:00Z" {
			w.Errorf("%v, %v", this, err)
		}
		for _, year := range []int{2025, 2028, -1} {
			if _, err := ask(year, ""); !errors.Is(err, fault.New(fault.LeaseYear)) {
				w.Errorf("%d: %v", year, err)
			}
		}
	})
}

// A device that leases in a loop gets so many numbers and no more, until it has used them, given them back, or they are over.
func TestLeaseIsEnough(t *testing.T) {
	each(t, func(w *world) {
		ask := func(count int, key string) error {
			_, _, err := w.Lease(context.Background(), w.caller(), document.SummaryPenalty, count, key)
			return err
		}
		enough := func(count int) {
			w.Helper()
			if err := ask(count, ""); !errors.Is(err, fault.New(fault.NumbersEnough)) {
				w.Errorf("%d more: %v", count, err)
			}
		}
		first, _ := w.lease(100, "first")
		for range 4 {
			w.lease(100, "")
		}
		enough(1)
		if err := ask(100, "first"); err != nil {
			w.Errorf("a lost answer, asked for again: %v", err)
		}
		w.issue(1, document.Issued)
		w.issue(2, document.Issued)
		enough(3)
		w.lease(2, "")
		w.apply(document.Blocks.Name, first, record.Update, record.Object{"returns": record.Object{"91": record.Object{"to": 100.0, "at": "2026-11-25T07:30:00Z", "officer": w.officers[0]}}})
		enough(11)
		w.lease(10, "")
		other := w.caller()
		other.Device = newID()
		if _, _, err := w.Lease(context.Background(), other, document.SummaryPenalty, 100, ""); err != nil {
			w.Errorf("another device: %v", err)
		}
		w.Now = func() time.Time { return now.AddDate(0, 0, 31) } // all are over
		w.lease(100, "")
	})
}

func TestLeaseRefusals(t *testing.T) {
	each(t, func(w *world) {
		w.lease(5, "used")
		stranger, nowhere := w.caller(), w.caller()
		stranger.Grants = []people.Grant{{Role: people.RoleAuxiliary, Unit: street}}
		nowhere.Unit, nowhere.Grants = "120102099", []people.Grant{{Role: people.RoleOfficer, Unit: district}}
		aside := w.caller()
		aside.Aside = true
		for name, c := range map[string]struct {
			caller people.Caller
			kind   string
			count  int
			key    string
			want   fault.Code
		}{
			"too many":          {w.caller(), document.SummaryPenalty, 101, "", fault.LeaseCount},
			"fewer than none":   {w.caller(), document.SummaryPenalty, -1, "", fault.LeaseCount},
			"unknown kind":      {w.caller(), "love-letter", 1, "", fault.PaperTemplateAbsent},
			"without numbers":   {w.caller(), document.InspectionRecord, 1, "", fault.PaperNotNumbered},
			"no right":          {stranger, document.SummaryPenalty, 1, "", fault.RoleInsufficient},
			"set aside":         {aside, document.SummaryPenalty, 1, "", fault.DeviceSetAside},
			"unit not there":    {nowhere, document.SummaryPenalty, 1, "", fault.PaperOrganAbsent},
			"key for a count":   {w.caller(), document.SummaryPenalty, 6, "used", fault.IdempotencyReused},
			"key for something": {w.caller(), document.InspectionRecord, 5, "used", fault.IdempotencyReused},
		} {
			if _, _, err := w.Lease(context.Background(), c.caller, c.kind, c.count, c.key); !errors.Is(err, fault.New(c.want)) {
				w.Errorf("%s: %v, want %s", name, err, c.want)
			}
		}
		if _, block, err := w.Lease(context.Background(), aside, document.SummaryPenalty, 5, "used"); err != nil || block["from"] != 1.0 {
			w.Errorf("set aside, and asking again for what it has: %v, %v", block, err)
		}
		if _, block := w.lease(1, ""); block["from"] != 6.0 {
			w.Errorf("refusals took numbers: %v", block)
		}
	})
}

// A lease that broke off between taking numbers and writing its block gets the same numbers when it is asked for again: no
// gap is left that nothing explains.
func TestLeaseBrokenOff(t *testing.T) {
	each(t, func(w *world) {
		for i, refuse := range []bool{true, false} {
			broken := w.Service
			broken.Records = deaf{w.Records, refuse}
			key := []string{"a", "b"}[i]
			if _, _, err := broken.Lease(context.Background(), w.caller(), document.SummaryPenalty, 5, key); err == nil {
				w.Error("no error")
			}
			if _, block := w.lease(5, key); block["from"] != float64(5*i+1) {
				w.Errorf("refuse %v: %v", refuse, block)
			}
		}
	})
}

// The same request twice at once gets one block.
func TestLeaseTwiceAtOnce(t *testing.T) {
	each(t, func(w *world) {
		var from [4]any
		var all sync.WaitGroup
		for i := range from {
			all.Go(func() {
				_, block, err := w.Lease(context.Background(), w.caller(), document.SummaryPenalty, 5, "once")
				if err != nil {
					w.Error(err)
				}
				from[i] = block["from"]
			})
		}
		all.Wait()
		if from != [4]any{1.0, 1.0, 1.0, 1.0} {
			w.Errorf("%v", from)
		}
	})
}

// A penalty issued with a leased number passes the rule of numbers; one with the number after the block does not.
func TestLeasedNumberStandsInLaw(t *testing.T) {
	each(t, func(w *world) {
		_, block := w.lease(5, "")
		issue := func(n float64) []string {
			body := w.penalty(document.Issued)
			pattern, _ := block["pattern"].(string)
			body["number"] = record.Object{"series": block["series"], "n": n, "text": document.NumberText(pattern, uint64(n))}
			ev := record.Event{After: body, Device: w.caller().Device, Earliest: now, Latest: now, Received: now}
			var codes []string
			for _, g := range document.Gates(collections.Calendar) {
				breaches, err := g.Judge(context.Background(), ev, committed{w.Service})
				if err != nil {
					w.Fatal(err)
				}
				for _, b := range breaches {
					codes = append(codes, b.Code)
				}
			}
			return codes
		}
		if codes := issue(5); len(codes) > 0 {
			w.Errorf("flagged: %v", codes)
		}
		if codes := issue(6); !slices.Equal(codes, []string{document.NotLeased}) {
			w.Errorf("beyond the block: %v", codes)
		}
	})
}

// committed is what gates may ask, answered from what is stored.
type committed struct{ s papers.Service }

func (c committed) Find(ctx context.Context, collection, id string) (record.Object, bool, error) {
	r, err := c.s.History.Record(ctx, collection, id)
	if errors.Is(err, fault.New(fault.NotFound)) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	body, err := wire.Object(r.Body)
	return body, err == nil, err
}

func (c committed) Match(ctx context.Context, collection, field, value string) (map[string]record.Object, error) {
	found, err := c.s.History.Lookup(ctx, collection, field, value)
	out := map[string]record.Object{}
	for _, r := range found {
		if out[r.ID], err = wire.Object(r.Body); err != nil {
			return nil, err
		}
	}
	return out, err
}
