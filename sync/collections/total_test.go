package collections

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// words are what bodies are made of here: values that gates look for, and values that they do not expect.
var words = []string{"", " ", "open", "completed", "planned", "assigned", "accepted", "issued", "draft", "published", "suspended",
	"auxiliary", "officer", "120102001", "120102", "2026-11-25", "2026-02-30", "2026-11-25T00:00:00Z", "not a time", "fine",
	"warning", "summary-penalty", "inspection-record", "onsite", "a", "b", "0193f000-0000-7000-8000-000000000001"}

// names are every name that a collection declares, and some that none does.
func names(c *record.Collection) []string {
	all := []string{"a", "b", "kind", "at", "reason", "role", "unit", "value", "order", "0193f000-0000-7000-8000-000000000001"}
	for _, f := range c.Fields {
		all = append(all, strings.Split(f.Path, "/")...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func drawValue(t *rapid.T, names []string, depth int) any {
	switch rapid.IntRange(0, 9).Draw(t, "kind") {
	case 0:
		return rapid.Bool().Draw(t, "bool")
	case 1:
		return rapid.SampledFrom([]float64{-1, 0, 0.5, 1, 2, 1e300}).Draw(t, "number")
	case 2, 3:
		if depth > 0 {
			return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) any { return drawValue(t, names, 0) }), 0, 3).Draw(t, "array")
		}
	case 4, 5, 6:
		if depth > 0 {
			return drawBody(t, names, depth-1)
		}
	}
	return rapid.SampledFrom(words).Draw(t, "word")
}

func drawBody(t *rapid.T, names []string, depth int) record.Object {
	body := record.Object{}
	for _, name := range rapid.SliceOfN(rapid.SampledFrom(names), 0, 8).Draw(t, "names") {
		body[name] = drawValue(t, names, depth)
	}
	return body
}

// anything answers every question with bodies made by chance.
type anything struct {
	t     *rapid.T
	names []string
}

func (a anything) Find(context.Context, string, string) (record.Object, bool, error) {
	return drawBody(a.t, a.names, 3), rapid.Bool().Draw(a.t, "found"), nil
}

func (a anything) Match(context.Context, string, string, string) (map[string]record.Object, error) {
	found := map[string]record.Object{}
	for _, id := range rapid.SliceOfN(rapid.SampledFrom([]string{"x", "y", "z"}), 0, 3).Draw(a.t, "matches") {
		found[id] = drawBody(a.t, a.names, 3)
	}
	return found, nil
}

// No body makes a gate panic or fail: a failing gate would fail the push as a whole, and the handheld would send it for ever.
// And whatever a gate says, it says to people.
func TestGatesAreTotal(t *testing.T) {
	catalogue, err := Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	every := names(&record.Collection{Fields: slices.Concat(catalogue["certificates"].Fields, catalogue["items"].Fields,
		catalogue["officers"].Fields, catalogue["templates"].Fields, catalogue["blocks"].Fields, catalogue["tasks"].Fields)})
	start := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	for _, name := range slices.Sorted(maps.Keys(catalogue)) {
		c := catalogue[name]
		if len(c.Gates) == 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				ev := record.Event{Op: record.Op{Record: "x", Author: "a"}, Earliest: start, Latest: start.Add(time.Hour), Received: start.Add(2 * time.Hour)}
				if rapid.Bool().Draw(t, "exists") {
					ev.Before = drawBody(t, names(c), 3)
				}
				if rapid.IntRange(0, 9).Draw(t, "stays") > 0 {
					ev.After = drawBody(t, names(c), 3)
				}
				for _, g := range c.Gates {
					breaches, err := g.Judge(context.Background(), ev, anything{t, every})
					if err != nil {
						t.Fatalf("%s: %v", g.Code, err)
					}
					for _, b := range breaches {
						if b.Zh == "" || b.En == "" {
							t.Fatalf("%s says nothing: %+v", g.Code, b)
						}
					}
				}
			})
		})
	}
}
