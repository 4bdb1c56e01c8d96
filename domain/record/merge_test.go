package record_test

import (
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Each merge class by example: base, what the server holds, the patch, and what comes of it.
func TestMergeClasses(t *testing.T) {
	q := func(value string) object { return object{"q": object{"value": value}} }
	cases := []struct {
		name                      string
		base, theirs, patch, want object
		clash                     []string
		offence                   record.OffenceKind
		server                    bool
	}{
		{name: "register, unseen change", base: object{"summary": "a"}, theirs: object{"summary": "b"}, patch: object{"summary": "c"},
			want: object{"summary": "b"}, clash: []string{"summary"}},
		{name: "register, same word on both sides", base: object{"summary": "a"}, theirs: object{"summary": "b"}, patch: object{"summary": "b"},
			want: object{"summary": "b"}},
		{name: "register, removed here and changed there", base: object{"summary": "a"}, theirs: object{"summary": "b"}, patch: object{"summary": nil},
			want: object{"summary": "b"}, clash: []string{"summary"}},
		{name: "latest goes by arrival", base: object{"note": "a"}, theirs: object{"note": "b"}, patch: object{"note": "c"}, want: object{"note": "c"}},
		{name: "entries unite", base: object{}, theirs: object{"answers": object{"p": object{"value": "x"}}}, patch: object{"answers": q("y")},
			want: object{"answers": object{"p": object{"value": "x"}, "q": object{"value": "y"}}}},
		{name: "edits inside an entry merge", base: object{"answers": q("a")}, theirs: object{"answers": object{"q": object{"value": "a", "at": "t"}}},
			patch: object{"answers": q("b")}, want: object{"answers": object{"q": object{"value": "b", "at": "t"}}}},
		{name: "entry edited here and removed there", base: object{"answers": q("a")}, theirs: object{"answers": object{}}, patch: object{"answers": q("b")},
			want: object{"answers": object{}}, clash: []string{"answers/q"}},
		{name: "entry removed here and edited there", base: object{"answers": q("a")}, theirs: object{"answers": q("b")},
			patch: object{"answers": object{"q": nil}}, want: object{"answers": q("b")}, clash: []string{"answers/q"}},
		{name: "append adds", base: object{}, theirs: object{"marks": object{"m": object{"x": "1"}}}, patch: object{"marks": object{"n": object{"x": "2"}}},
			want: object{"marks": object{"m": object{"x": "1"}, "n": object{"x": "2"}}}},
		{name: "append never changes", base: object{"marks": object{"m": object{"x": "1"}}}, theirs: object{"marks": object{"m": object{"x": "1"}}},
			patch: object{"marks": object{"m": object{"y": "2"}}}, want: object{"marks": object{"m": object{"x": "1"}}}, clash: []string{"marks/m"}},
		{name: "append never takes away", base: object{"marks": object{"m": object{"x": "1"}}}, theirs: object{"marks": object{"m": object{"x": "1"}}},
			patch: object{"marks": object{"m": nil}}, want: object{"marks": object{"m": object{"x": "1"}}}, clash: []string{"marks/m"}},
		{name: "state, declared", base: object{"state": "open"}, theirs: object{"state": "open"}, patch: object{"state": "dropped"}, want: object{"state": "dropped"}},
		{name: "state, not declared", base: object{"state": "open"}, theirs: object{"state": "open"}, patch: object{"state": "archived"},
			want: object{"state": "open"}, clash: []string{"state"}},
		{name: "state, both moved", base: object{"state": "open"}, theirs: object{"state": "dropped"}, patch: object{"state": "closed"},
			want: object{"state": "dropped"}, clash: []string{"state"}},
		{name: "state taken away", base: object{"state": "open"}, theirs: object{"state": "open"}, patch: object{"state": nil},
			want: object{"state": "open"}, clash: []string{"state"}},
		{name: "frozen before the freeze", base: object{"state": "open"}, theirs: object{"state": "open"}, patch: object{"sum": 1.0},
			want: object{"state": "open", "sum": 1.0}},
		{name: "frozen after it", base: object{"state": "closed", "sum": 1.0}, theirs: object{"state": "closed", "sum": 1.0}, patch: object{"sum": 2.0},
			want: object{"state": "closed", "sum": 1.0}, offence: record.AlreadyFrozen},
		{name: "frozen says the same", base: object{"state": "closed", "sum": 1.0}, theirs: object{"state": "closed", "sum": 1.0}, patch: object{"sum": 1.0},
			want: object{"state": "closed", "sum": 1.0}},
		{name: "server's field", base: object{}, theirs: object{}, patch: object{"receipt": "forged"}, want: object{}, offence: record.OwnedByServer},
		{name: "server's field by the server", base: object{"state": "closed"}, theirs: object{"state": "closed"}, patch: object{"receipt": "r", "sum": 3.0},
			want: object{"state": "closed", "receipt": "r", "sum": 3.0}, server: true},
		{name: "an undeclared map is one value", base: object{"place": object{"lat": 1.0}}, theirs: object{"place": object{"lat": 2.0}},
			patch: object{"place": object{"lon": 3.0}}, want: object{"place": object{"lat": 2.0}}, clash: []string{"place"}},
		{name: "fields of newer clients are kept", base: object{}, theirs: object{}, patch: object{"novel": object{"p": "x"}}, want: object{"novel": object{"p": "x"}}},
		{name: "creating", base: nil, theirs: nil, patch: object{"state": "open", "answers": object{}}, want: object{"state": "open", "answers": object{}}},
	}
	for _, c := range cases {
		r := visits().Merge(record.Edit{Base: c.base, Theirs: c.theirs, Patch: c.patch, ByServer: c.server})
		if !record.Equal(r.Body, c.want) {
			t.Errorf("%s: body %v, want %v", c.name, r.Body, c.want)
		}
		var paths []string
		for _, clash := range r.Clashes {
			paths = append(paths, clash.Path)
		}
		if text(paths) != text(c.clash) {
			t.Errorf("%s: clashes at %v, want %v", c.name, paths, c.clash)
		}
		if (c.offence == "") != (len(r.Offences) == 0) || c.offence != "" && r.Offences[0].Kind != c.offence {
			t.Errorf("%s: offences %v, want %q", c.name, r.Offences, c.offence)
		}
	}
}

func TestClashHoldsAllSides(t *testing.T) {
	r := visits().Merge(record.Edit{Base: object{"answers": object{"q": object{"value": "a"}}}, Theirs: object{"answers": object{}},
		Patch: object{"answers": object{"q": object{"value": "b"}}}})
	want := record.Clash{Path: "answers/q", Base: object{"value": "a"}, Ours: object{"value": "b"}}
	if len(r.Clashes) != 1 || text(r.Clashes[0]) != text(want) {
		t.Errorf("clashes %v, want %v", r.Clashes, want)
	}
}

func TestNoTransitionsMeansAnyState(t *testing.T) {
	c := visits()
	c.Transitions = nil
	if r := c.Merge(record.Edit{Base: object{"state": "open"}, Theirs: object{"state": "open"}, Patch: object{"state": "x"}}); len(r.Clashes) > 0 {
		t.Errorf("clashes %v", r.Clashes)
	}
}
