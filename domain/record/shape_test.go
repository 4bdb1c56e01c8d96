package record_test

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

type object = record.Object

// TestMain draws more cases than rapid would: merging is pure and fast, and everything leans on it.
func TestMain(m *testing.M) {
	flag.Parse()
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue {
		_ = checks.Value.Set("1500")
	}
	m.Run()
}

// visits declares a collection with every merge class, at the top and inside entries.
func visits() *record.Collection {
	c := &record.Collection{
		Name: "visits", Schema: 1, Scope: record.Unit,
		Fields: []record.Field{
			{Path: "unit", Kind: record.String, Required: true},
			{Path: "summary", Kind: record.String},
			{Path: "note", Class: record.Latest, Kind: record.String},
			{Path: "answers", Class: record.Entries, Kind: record.Map},
			{Path: "answers/*", Kind: record.Map},
			{Path: "answers/*/value"},
			{Path: "answers/*/note", Class: record.Latest},
			{Path: "marks", Class: record.Append, Kind: record.Map},
			{Path: "state", Class: record.State, Kind: record.String},
			{Path: "sum", Class: record.Frozen, Kind: record.Number},
			{Path: "receipt", Class: record.Server},
			{Path: "place", Kind: record.Map}, // one value: no declared children, so its keys never mix
			{Path: "present", Kind: record.Map},
			{Path: "present/name", Kind: record.String},
			{Path: "present/role", Kind: record.String},
			{Path: "tags", Kind: record.Array},
		},
		Transitions: map[string][]string{"": {"open"}, "open": {"closed", "dropped"}, "closed": {"archived"}},
		FrozenWhen:  func(b record.Object) bool { return b["state"] == "closed" },
	}
	if err := c.Prepare(); err != nil {
		panic(err)
	}
	return c
}

// Values come from alphabets so small that authors meet in the same places with the same and with different words.
var (
	words   = rapid.SampledFrom([]any{"a", "b", "c"})
	numbers = rapid.SampledFrom([]any{1.0, 2.0})
	arrays  = rapid.SampledFrom([]any{[]any{}, []any{"a"}, []any{"a", "b"}})
	keys    = []string{"k1", "k2", "k3"}
	places  = rapid.SampledFrom([]any{object{"lat": 1.0}, object{"lat": 1.0, "lon": 2.0}, object{"lon": 3.0}})
)

// draws says how to make a value of each field, for bodies; patches add removals.
var draws = map[string]func(t *rapid.T, patch bool) any{
	"summary": one(words),
	"note":    one(words),
	"sum":     one(numbers),
	"place":   one(places),
	"tags":    one(arrays),
	"receipt": one(words),
	"state":   one(rapid.SampledFrom([]any{"open", "closed", "dropped", "archived"})),
	"present": keyed([]string{"name", "role"}, one(words)),
	"marks":   keyed(keys, keyed([]string{"x", "y"}, one(words))),
	"answers": keyed(keys, keyed([]string{"value", "note", "at"}, one(rapid.OneOf(words, arrays)))),
	"novel":   mixed, // undeclared: of a newer client
}

func one(g *rapid.Generator[any]) func(*rapid.T, bool) any {
	return func(t *rapid.T, _ bool) any { return g.Draw(t, "value") }
}

func keyed(names []string, inner func(*rapid.T, bool) any) func(*rapid.T, bool) any {
	return func(t *rapid.T, patch bool) any {
		out := object{}
		for _, name := range names {
			switch rapid.IntRange(0, 3).Draw(t, name) {
			case 0:
				out[name] = inner(t, patch)
			case 1:
				if patch {
					out[name] = nil
				}
			}
		}
		return out
	}
}

func mixed(t *rapid.T, patch bool) any {
	if rapid.Bool().Draw(t, "scalar") {
		return words.Draw(t, "word")
	}
	return keyed([]string{"p", "q"}, func(t *rapid.T, patch bool) any {
		if rapid.Bool().Draw(t, "deep") {
			return keyed([]string{"r"}, one(words))(t, patch)
		}
		return words.Draw(t, "word")
	})(t, patch)
}

// bodyOf draws a body with some of the fields.
func bodyOf(t *rapid.T, fields ...string) object {
	body := object{"unit": "120102001"}
	for _, field := range fields {
		if rapid.Bool().Draw(t, "has "+field) {
			body[field] = draws[field](t, false)
		}
	}
	return body
}

// patchOf draws a patch of some of the fields: new values, removals, edits inside.
func patchOf(t *rapid.T, fields ...string) object {
	patch := object{}
	for _, field := range fields {
		switch rapid.IntRange(0, 3).Draw(t, "edit "+field) {
		case 0, 1:
			patch[field] = draws[field](t, true)
		case 2:
			if rapid.IntRange(0, 2).Draw(t, "remove") == 0 {
				patch[field] = nil
			}
		}
	}
	return patch
}

// allFields are the fields a device may touch; freezing and what is the server's have tests of their own.
var allFields = slices.Sorted(maps.Keys(draws))

func except(names ...string) []string {
	return slices.DeleteFunc(slices.Clone(allFields), func(f string) bool { return slices.Contains(names, f) })
}

// clone copies a value deeply, to see afterwards whether somebody has changed it.
func clone(value any) any {
	switch v := value.(type) {
	case object:
		if v == nil {
			return object(nil)
		}
		out := object{}
		for k, inner := range v {
			out[k] = clone(inner)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = clone(v[i])
		}
		return out
	}
	return value
}

// text is a value with its keys in order, to compare sets of values.
func text(value any) string { return fmt.Sprintf("%#v", value) }

func TestTextTellsValuesApart(t *testing.T) {
	if text(object{"a": 1.0, "b": 2.0}) != text(object{"b": 2.0, "a": 1.0}) || text("1") == text(1.0) || text(nil) == text("nil") {
		t.Error("text must be equal for equal values only")
	}
}
