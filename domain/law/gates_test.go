package law

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
)

// catalogue is a set of items by record id.
type catalogue map[string]record.Object

func (c catalogue) Find(_ context.Context, _, id string) (record.Object, bool, error) {
	body, ok := c[id]
	return body, ok, nil
}

func (c catalogue) Match(_ context.Context, _, field, value string) (map[string]record.Object, error) {
	found := map[string]record.Object{}
	for id, body := range c {
		if body[field] == value {
			found[id] = body
		}
	}
	return found, nil
}

func item(code, organ, state, from string, to any) record.Object {
	return record.Object{"code": code, "name": code + "事项", "organ": organ, "state": state, "validFrom": from, "validTo": to}
}

const itemID = "0193f000-0000-7000-8000-000000000001"

func TestItemGates(t *testing.T) {
	facts := catalogue{
		"1":    item("FINE", "120102001", Published, "2026-01-01", nil),
		"2":    item("PAUSED", "120102001", Suspended, "2026-01-01", nil),
		"3":    item("OVER", "120102001", Published, "2025-01-01", "2026-06-30"),
		"4":    item("OTHER", "120102002", Published, "2026-01-01", nil),
		"5":    item("RENEWED", "120102001", Published, "2026-01-01", "2026-06-30"),
		"6":    item("RENEWED", "120102001", Published, "2026-07-01", nil),
		"7":    item("MOVED", "120102002", Published, "2026-01-01", "2026-06-30"),
		"8":    item("MOVED", "120102001", Published, "2026-07-01", nil),
		"9":    item("NAMED", "河东区城市管理委员会", Published, "2026-01-01", nil),
		"a":    item("GARBLED", "120102001", Published, "soon", nil),
		itemID: item("BY ID", "120102", Published, "2026-01-01", nil),
	}
	last, first := "2026-06-30", "2026-07-01"
	cases := []struct {
		item, from, to string
		want           []string
	}{
		{"FINE", last, first, nil},
		{itemID, last, last, nil},
		{"NAMED", last, last, nil},
		{"PAUSED", last, last, []string{NotPublished}},
		{"OVER", last, last, nil},
		{"OVER", first, first, []string{NotInForce}},
		{"OVER", last, first, []string{MaybeInForce}},
		{"RENEWED", last, first, nil},
		{"OTHER", last, last, []string{NotOurs}},
		{"MOVED", last, last, []string{NotOurs}},
		{"MOVED", first, first, nil},
		{"OTHER", "2025-12-31", "2025-12-31", []string{NotInForce, NotOurs}},
		{"MISSING", last, last, []string{NotInCatalogue}},
		{"GARBLED", last, last, []string{NotInCatalogue}},
	}
	for _, c := range cases {
		named := Named{Items: []string{c.item}, Unit: "120102001", From: day(c.from).Add(12 * time.Hour), To: day(c.to).Add(12 * time.Hour)}
		var got []string
		for _, g := range ItemGates(record.Flag, func(context.Context, record.Event, record.Facts) (Named, error) { return named, nil }) {
			breaches, err := g.Judge(context.Background(), record.Event{}, facts)
			if err != nil || g.Effect != record.Flag || g.Basis == "" {
				t.Fatalf("%s: %v, effect %s, basis %q", g.Code, err, g.Effect, g.Basis)
			}
			for _, b := range breaches {
				if got = append(got, b.Code); b.Field != "items/"+c.item || b.Code[:3] != g.Code {
					t.Errorf("%s: breach %+v of gate %s", c.item, b, g.Code)
				}
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s from %s to %s: %v, want %v", c.item, c.from, c.to, got, c.want)
		}
	}
}

// A gate that cannot learn what an event relies on fails; it does not wave it through.
func TestItemGatesPassErrorsOn(t *testing.T) {
	broken := errors.New("broken")
	for _, g := range ItemGates(record.Refuse, func(context.Context, record.Event, record.Facts) (Named, error) { return Named{}, broken }) {
		if _, err := g.Judge(context.Background(), record.Event{}, catalogue{}); !errors.Is(err, broken) {
			t.Errorf("%s: %v", g.Code, err)
		}
	}
}

func TestReadItem(t *testing.T) {
	got, err := ReadItem(item("FINE", "120102001", Published, "2026-01-01", "2026-01-01"))
	if err != nil || got.Name != "FINE事项" || !got.Term.Holds(day("2026-01-01")) || got.Term.Holds(day("2026-01-02")) {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := ReadItem(item("FINE", "120102001", Published, "2026-01-02", "2026-01-01")); !errors.Is(err, fault.New(fault.ItemUnreadable)) {
		t.Errorf("a term that ends before it begins: %v", err)
	}
}
