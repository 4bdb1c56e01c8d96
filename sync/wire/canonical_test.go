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
	ordinary := map[string]any{"姓名": "王堃", "answers": map[string]any{"q1": []any{1.0, 39.12, true, nil, "😀"}}}
	if _, ok := appendDecoded(nil, ordinary); !ok {
		t.Error("an ordinary body goes the long way")
	}
	for _, odd := range []any{struct{ B, A int }{}, map[string]any{"a": 1}, math.NaN(), math.Inf(1), "\xff", map[string]any{"\xff": ""}} {
		if text, ok := appendDecoded(nil, odd); ok {
			t.Errorf("%v goes the short way: %s", odd, text)
		}
	}
}

// Numbers of every size are written as ES6 writes them.
func TestNumbersAreCanonical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.OneOf(rapid.Float64(), rapid.Map(rapid.Int64(), func(n int64) float64 { return float64(n) }),
			rapid.Map(rapid.Int64Range(-1000, 1000), func(n int64) float64 { return maxPlain + float64(n) })).Draw(t, "number")
		text, err := json.Marshal(number)
		if err != nil {
			t.Skip("no number of JSON")
		}
		want, err := Canonicalize(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Canonical(number); err != nil || string(got) != string(want) {
			t.Fatalf("%s (%v), want %s", got, err, want)
		}
	})
}

func BenchmarkCanonical(b *testing.B) {
	body := map[string]any{"unit": "120102001", "state": "open", "startedAt": "2026-11-23T01:00:00Z", "place": map[string]any{"lat": 39.12, "lon": 117.25},
		"officers": map[string]any{"0198a1": map[string]any{"role": "lead"}, "0198a2": map[string]any{"role": "second"}}, "opinion": "责令三日内更换灭火器。",
		"answers": map[string]any{"q1": map[string]any{"value": "符合"}, "q2": map[string]any{"value": "不符合", "note": "灭火器压力不足"}}}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Canonical(body); err != nil {
			b.Fatal(err)
		}
	}
}
