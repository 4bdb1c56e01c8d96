package record_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

func TestCheckFindsEveryFlaw(t *testing.T) {
	c := &record.Collection{Name: "forms", Scope: record.Unit, Fields: []record.Field{
		{Path: "unit", Kind: record.String, Required: true},
		{Path: "n", Kind: record.Number},
		{Path: "b", Kind: record.Bool},
		{Path: "at", Kind: record.Time},
		{Path: "day", Kind: record.Date},
		{Path: "id", Kind: record.IDKind},
		{Path: "list", Kind: record.Array},
		{Path: "set", Class: record.Entries, Kind: record.Map},
		{Path: "set/*", Kind: record.Map},
		{Path: "set/*/name", Kind: record.String, Required: true},
	}}
	if err := c.Prepare(); err != nil {
		t.Fatal(err)
	}
	good := object{"unit": "u", "n": 1.0, "b": true, "at": "2026-11-23T01:02:03Z", "day": "2026-11-23",
		"id": "0197f3c0-0000-7000-8000-000000000000", "list": []any{"a", []any{1.0}}, "set": object{"k": object{"name": "x"}}, "novel": object{"x": 1.0}}
	if flaws := c.Check(good); len(flaws) > 0 {
		t.Fatalf("a good body has flaws %v", flaws)
	}
	cases := []struct {
		patch object
		path  string
		kind  record.FlawKind
	}{
		{object{"unit": nil}, "unit", record.Missing},
		{object{"n": "1"}, "n", record.WrongKind},
		{object{"b": "true"}, "b", record.WrongKind},
		{object{"unit": 1.0}, "unit", record.WrongKind},
		{object{"at": "2026-11-23"}, "at", record.WrongKind},
		{object{"day": "2026-02-30"}, "day", record.WrongKind},
		{object{"id": "0197F3C0-0000-7000-8000-000000000000"}, "id", record.WrongKind},
		{object{"list": "a"}, "list", record.WrongKind},
		{object{"list": []any{object{}}}, "list", record.Nested},
		{object{"list": []any{[]any{object{}}}}, "list", record.Nested},
		{object{"novel": []any{object{}}}, "novel", record.Nested},
		{object{"set": "x"}, "set", record.WrongKind},
		{object{"set": object{"k": "x"}}, "set/k", record.WrongKind},
		{object{"set": object{"k": object{"name": nil, "other": "x"}}}, "set/k/name", record.Missing},
		{object{"set": object{"j": object{}}}, "set/j/name", record.Missing},
	}
	for _, tc := range cases {
		flaws := c.Check(record.Apply(good, tc.patch))
		if len(flaws) != 1 || flaws[0].Path != tc.path || flaws[0].Kind != tc.kind {
			t.Errorf("%v: flaws %v, want %s %s", tc.patch, flaws, tc.path, tc.kind)
		}
	}
}

func TestIsID(t *testing.T) {
	for text, want := range map[string]bool{
		"0197f3c0-0000-7000-8000-000000000000": true, "": false, "0197f3c0": false,
		"0197f3c0-0000-7000-8000-00000000000G": false, "0197f3c0-0000-7000-8000-00000000000A": false,
		"0197f3c0x0000-7000-8000-000000000000": false, "0197f3c000000-7000-8000-00000000000-": false,
		strings.Repeat("-", 36): false,
	} {
		if record.IsID(text) != want {
			t.Errorf("IsID(%q) is %v", text, !want)
		}
	}
}

func TestFeedOf(t *testing.T) {
	cases := []struct {
		scope record.Scope
		body  object
		want  string
	}{
		{record.District, nil, "ref/120102"},
		{record.Unit, object{"unit": "120102001"}, "unit/120102001"},
		{record.Device, object{"device": "d"}, "device/d"},
		{record.Unit, object{}, ""},
		{record.Unit, object{"unit": 1.0}, ""},
		{record.Unit, object{"unit": "a/b"}, ""},
		{record.Device, object{"device": "a b"}, ""},
	}
	for _, tc := range cases {
		feed, err := (&record.Collection{Name: "x", Scope: tc.scope}).FeedOf(tc.body, "120102")
		if feed != tc.want || (err == nil) != (tc.want != "") {
			t.Errorf("%s %v: feed %q, %v", tc.scope, tc.body, feed, err)
		}
	}
}

func TestCatalogueRefusesWhatContradictsItself(t *testing.T) {
	if _, err := record.NewCatalogue(&record.Collection{Name: "a"}, &record.Collection{Name: "a"}); err == nil {
		t.Error("two collections of one name pass")
	}
	if _, err := record.NewCatalogue(&record.Collection{Name: "a", Fields: []record.Field{{Path: "a//b"}}}); err == nil {
		t.Error("an empty step in a path passes")
	}
}

// What the device claims is bounded by what it counted since it saw the server's time, and never lies after the receipt.
func TestInterval(t *testing.T) {
	server := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	claimed := server.Add(-72 * time.Hour) // a handheld whose wall clock is three days behind
	op := record.Op{OccurredAt: claimed, Clock: record.Clock{MonotonicMs: 3_600_000, Anchor: &record.Anchor{Server: server}}}
	earliest, latest := op.Interval(server.Add(24 * time.Hour))
	if want := server.Add(time.Hour - 4600*time.Millisecond); !earliest.Equal(want) {
		t.Errorf("earliest %v, want %v", earliest, want)
	}
	if want := server.Add(time.Hour + 4600*time.Millisecond); !latest.Equal(want) {
		t.Errorf("latest %v, want %v", latest, want)
	}
	op.Clock.Anchor.MonotonicMs = 4_000_000 // counted in another boot, or a lie
	if earliest, latest = op.Interval(server); !earliest.Equal(claimed) || !latest.Equal(claimed) {
		t.Errorf("without a usable anchor %v to %v, want what was claimed", earliest, latest)
	}
}

func TestIntervalIsInOrderAndNotInTheFuture(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		received := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
		moment := rapid.Custom(func(t *rapid.T) time.Time {
			return received.Add(time.Duration(rapid.Int64Range(-1e9, 1e9).Draw(t, "ms")) * time.Millisecond)
		})
		op := record.Op{OccurredAt: moment.Draw(t, "claimed"), Clock: record.Clock{MonotonicMs: rapid.Int64Range(0, 1e9).Draw(t, "count")}}
		if rapid.Bool().Draw(t, "anchored") {
			op.Clock.Anchor = &record.Anchor{Server: moment.Draw(t, "server"), MonotonicMs: rapid.Int64Range(0, 1e9).Draw(t, "at")}
		}
		earliest, latest := op.Interval(received)
		if latest.Before(earliest) || latest.After(received) {
			t.Fatalf("%+v received %v: %v to %v", op, received, earliest, latest)
		}
	})
}

func TestClassesAreInherited(t *testing.T) {
	c := visits()
	r := c.Merge(record.Edit{Base: object{"receipt": object{"a": "x"}}, Theirs: object{"receipt": object{"a": "x"}}, Patch: object{"receipt": object{"a": "y"}}})
	if !slices.ContainsFunc(r.Offences, func(o record.Offence) bool { return o.Kind == record.OwnedByServer }) {
		t.Errorf("inside the server's field: %+v", r)
	}
}
