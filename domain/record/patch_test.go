package record_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/domain/record/recordtest"
)

// The cases of RFC 7396 appendix A whose target and patch are objects.
func TestApplyAsTheRFCSays(t *testing.T) {
	cases := []struct{ target, patch, want object }{
		{object{"a": "b"}, object{"a": "c"}, object{"a": "c"}},
		{object{"a": "b"}, object{"b": "c"}, object{"a": "b", "b": "c"}},
		{object{"a": "b"}, object{"a": nil}, object{}},
		{object{"a": "b", "b": "c"}, object{"a": nil}, object{"b": "c"}},
		{object{"a": []any{"b"}}, object{"a": "c"}, object{"a": "c"}},
		{object{"a": "c"}, object{"a": []any{"b"}}, object{"a": []any{"b"}}},
		{object{"a": object{"b": "c"}}, object{"a": object{"b": "d", "c": nil}}, object{"a": object{"b": "d"}}},
		{object{"e": nil}, object{"a": 1.0}, object{"e": nil, "a": 1.0}},
		{object{}, object{"a": object{"bb": object{"ccc": nil}}}, object{"a": object{"bb": object{}}}},
		{nil, object{"a": object{"b": "c"}}, object{"a": object{"b": "c"}}},
	}
	for _, c := range cases {
		before := clone(c.target)
		if got := record.Apply(c.target, c.patch); !record.Equal(got, c.want) {
			t.Errorf("%v on %v gives %v, want %v", c.patch, c.target, got, c.want)
		}
		if c.target != nil && !record.Equal(before, c.target) {
			t.Errorf("applying %v has changed the target", c.patch)
		}
	}
}

// Diff and Apply undo each other, and a diff holds no leaf that could be left out.
func TestDiffRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from, to := bodyOf(t, allFields...), bodyOf(t, allFields...)
		patch := record.Diff(from, to)
		if got := record.Apply(from, patch); !record.Equal(got, to) {
			t.Fatalf("%v patched by %v gives %v, want %v", from, patch, got, to)
		}
		if again := record.Diff(to, to); len(again) > 0 {
			t.Fatalf("what is equal differs by %v", again)
		}
		for _, l := range recordtest.Leaves(patch) {
			if recordtest.Says(from, l) {
				t.Fatalf("%v to %v: the patch repeats %s = %v", from, to, l.Path, l.Value)
			}
		}
	})
}

func TestDiffOfNullsIsAbsence(t *testing.T) {
	if d := record.Diff(object{"a": "x"}, object{"a": nil}); text(d) != text(object{"a": nil}) {
		t.Errorf("diff %v", d)
	}
	if d := record.Diff(nil, object{"a": object{"b": nil, "c": 1.0}}); text(d) != text(object{"a": object{"c": 1.0}}) {
		t.Errorf("diff %v", d)
	}
}

func TestEqual(t *testing.T) {
	values := []any{nil, true, false, "", "1", 0.0, 1.0, []any{}, []any{1.0}, []any{"1"}, []any{1.0, 1.0}, object{}, object{"a": nil}, object{"a": 1.0},
		object{"b": 1.0}, object{"a": object{}}, object{"a": []any{}}}
	for i, a := range values {
		for j, b := range values {
			if record.Equal(a, clone(b)) != (i == j) {
				t.Errorf("%v and %v: equal %v", a, b, i != j)
			}
		}
	}
	if record.Equal([]string{"a"}, []string{"a"}) || record.Equal("a", []string{"a"}) {
		t.Error("a list of texts is no decoded JSON value")
	}
}
