package wire

import (
	"bytes"
	"math"
	"testing"

	"github.com/go-json-experiment/json"
	"pgregory.net/rapid"
)

// decoded draws any value that decoding can yield, with what is awkward: minus zero, large and small numbers, names and texts in
// which UTF-8 and UTF-16 sort differently.
func decoded() *rapid.Generator[any] {
	name := rapid.StringOf(rapid.SampledFrom([]rune{'a', 'b', '"', '\\', '\n', '\u2028', '堃', '\ue000', '\uffff', '𬭎', '😀'}))
	scalar := rapid.OneOf(
		rapid.Just[any](nil), rapid.Map(rapid.Bool(), func(b bool) any { return b }), rapid.Map(name, func(s string) any { return s }),
		rapid.Map(rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1, -0.5, 1e21, 1e-7, 123456789012345680, 5e-324}), func(f float64) any { return f }))
	return rapid.Custom(func(t *rapid.T) any {
		value := scalar.Draw(t, "value")
		for range rapid.IntRange(0, 3).Draw(t, "depth") {
			if rapid.Bool().Draw(t, "array") {
				value = []any{value, scalar.Draw(t, "beside")}
			} else {
				value = map[string]any{name.Draw(t, "name"): value, name.Draw(t, "other"): scalar.Draw(t, "beside")}
			}
		}
		return value
	})
}

// The short way to a canonical text gives what the long way gives, and is taken for ordinary bodies.
func TestTheShortWayIsCanonical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := decoded().Draw(t, "value")
		short, err := Canonical(value)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		long, err := Canonicalize(text)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(short, long) {
			t.Fatalf("%s, want %s", short, long)
		}
	})
	if !canonicalAsIs(map[string]any{"姓名": "王堃", "answers": map[string]any{"q1": []any{1.0, true, nil, "😀"}}}) {
		t.Error("an ordinary body goes the long way")
	}
	if canonicalAsIs(map[string]any{"a": struct{ B, A int }{}}) {
		t.Error("a struct's members are not sorted, but it goes the short way")
	}
}
