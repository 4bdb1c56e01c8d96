package cases_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/cases"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

const (
	street = "120102001"
	team   = "12010200101"
	other  = "120102002"
)

// shelf is a history of papers, each heard of in the minute of its number, and changed once more some time later.
type shelf struct {
	bodies  map[string]record.Object
	heard   map[string]time.Time
	changed map[string]time.Time
	units   map[string]record.Object
}

func id(n int) string { return fmt.Sprintf("01890000-0000-7000-8000-%012d", n) }

func newShelf() *shelf {
	return &shelf{map[string]record.Object{}, map[string]time.Time{}, map[string]time.Time{}, map[string]record.Object{
		"a": {"code": street, "kind": "street", "name": "某街道"}, "b": {"code": team, "kind": "team", "parent": street}, "c": {"code": other, "kind": "street"}}}
}

func (s *shelf) record(collection, id string, body record.Object) pull.Record {
	text, _ := wire.Canonical(body)
	unit, _ := body["unit"].(string)
	return pull.Record{Collection: collection, ID: id, Feed: "unit/" + unit, Body: text}
}

func (s *shelf) Record(_ context.Context, collection, id string) (pull.Record, error) {
	if body, there := s.bodies[id]; there && collection == "documents" {
		return s.record(collection, id, body), nil
	}
	return pull.Record{}, fault.New(fault.NotFound)
}

func (s *shelf) Lookup(_ context.Context, collection, field, value string) (found []pull.Record, err error) {
	from := map[string]map[string]record.Object{"documents": s.bodies, "units": s.units}[collection]
	for id, body := range from {
		if body[field] == value {
			found = append(found, s.record(collection, id, body))
		}
	}
	return found, nil
}

func (s *shelf) Among(ctx context.Context, collection string, ids []string) (found []pull.Record, err error) {
	for _, id := range ids {
		if r, err := s.Record(ctx, collection, id); err == nil {
			found = append(found, r)
		}
	}
	return found, nil
}

func (s *shelf) Touched(_ context.Context, t pull.Touched, fn func(pull.Record) error) error {
	ids := slices.SortedFunc(maps.Keys(s.bodies), func(a, b string) int { return cmp.Or(s.changed[a].Compare(s.changed[b]), cmp.Compare(a, b)) })
	for _, id := range ids {
		if r := s.record("documents", id, s.bodies[id]); r.Feed == t.Feed && !s.changed[id].Before(t.Since) {
			if err := fn(r); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *shelf) Began(_ context.Context, ids []string) (at time.Time, err error) {
	for _, id := range ids {
		if heard := s.heard[id]; at.IsZero() || heard.Before(at) {
			at = heard
		}
	}
	return at, nil
}

func (s *shelf) Written(_ context.Context, prefix string) (feeds []string, err error) {
	for _, feed := range []string{"unit/" + street, "unit/" + team, "unit/" + other} {
		if strings.HasPrefix(feed, prefix) {
			feeds = append(feeds, feed)
		}
	}
	return feeds, nil
}

// From as little as is read, the case is what it is of all papers of the organ: whatever names what, over years, and whatever other organs write.
func TestWhatIsReadIsEnough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, all := newShelf(), map[string]document.Sheet{}
		at := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
		n := rapid.IntRange(1, 25).Draw(t, "papers")
		for i := range n {
			earlier := func(label string) string { return id(rapid.IntRange(0, i).Draw(t, label)) }
			body := record.Object{"unit": rapid.SampledFrom([]string{street, street, team, other}).Draw(t, "unit"), "state": rapid.SampledFrom([]string{"issued", "issued", "issued", "voided", "draft"}).Draw(t, "state"),
				"kind": rapid.SampledFrom([]string{document.CaseFiling, "penalty-notice", "service-receipt", "service-address"}).Draw(t, "kind"), "issuedAt": at.Add(time.Duration(i) * time.Hour).Format(time.RFC3339)}
			data := record.Object{}
			for k := range rapid.IntRange(0, 2).Draw(t, "names") {
				data[fmt.Sprint("f", k)] = record.Object{"document": earlier("named"), "name": "某文书"}
			}
			body["data"] = data
			if rapid.IntRange(0, 4).Draw(t, "corrects") == 0 {
				body["corrects"] = record.Object{"document": earlier("corrected")}
			}
			if rapid.Bool().Draw(t, "of a visit") {
				body["inspection"] = id(1000 + rapid.IntRange(0, 3).Draw(t, "inspection"))
			}
			s.bodies[id(i)], s.heard[id(i)] = body, at.AddDate(0, i, 0)
			s.changed[id(i)] = s.heard[id(i)].Add(time.Duration(rapid.IntRange(0, 100).Draw(t, "days")) * 24 * time.Hour)
			if sheet, issued := document.SheetOf(id(i), body); issued && body["unit"] != other {
				all[id(i)] = sheet
			}
		}
		for filing, sheet := range all {
			got, err := cases.Find(context.Background(), s, filing, s.bodies[filing])
			if sheet.Kind != document.CaseFiling {
				if !errors.Is(err, fault.New(fault.CaseNotFiling)) {
					t.Fatalf("%s: %v", sheet.Kind, err)
				}
				continue
			}
			want, _ := document.CaseOf(filing, all)
			if err != nil || !slices.Equal(got.Papers, want.Papers) || !slices.Equal(got.Inspections, want.Inspections) {
				t.Fatalf("found %v, want %v: %v", got, want, err)
			}
		}
	})
}

// A case that would take reading too much says so; what lies before it does not count.
func TestACaseThatIsTooWide(t *testing.T) {
	defer func(most int) { cases.Most = most }(cases.Most)
	cases.Most = 5
	s := newShelf()
	at := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	put := func(n int, kind string) {
		s.bodies[id(n)] = record.Object{"unit": street, "state": "issued", "kind": kind, "issuedAt": at.Format(time.RFC3339)}
		s.heard[id(n)], s.changed[id(n)] = at.AddDate(0, 0, n), at.AddDate(0, 0, n)
	}
	for n := range 20 {
		put(n, "inspection-record")
	}
	put(20, document.CaseFiling)
	for n := 21; n < 25; n++ {
		put(n, "inspection-record")
	}
	if c, err := cases.Find(context.Background(), s, id(20), s.bodies[id(20)]); err != nil || len(c.Papers) != 1 {
		t.Errorf("%v %v", c, err)
	}
	put(25, "inspection-record")
	if _, err := cases.Find(context.Background(), s, id(20), s.bodies[id(20)]); !errors.Is(err, fault.New(fault.CaseTooWide)) {
		t.Errorf("not told: %v", err)
	}
}

// Who waits for his turn until his time is over is told so, and holds none.
func TestCasesAreWorkedOutInTurn(t *testing.T) {
	s := newShelf()
	s.bodies[id(1)] = record.Object{"unit": street, "state": "issued", "kind": document.CaseFiling, "issuedAt": "2026-01-05T00:00:00Z"}
	defer cases.TakeTurns()()
	over, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, err := cases.Find(over, s, id(1), s.bodies[id(1)]); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("did not wait: %v", err)
	}
}
