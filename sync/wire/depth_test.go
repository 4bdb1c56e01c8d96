package wire

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// deepest is how deep a text nests, octet by octet.
func deepest(text []byte) (most int) {
	depth, inString := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			depth++
			most = max(most, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return most
}

func checkDepths(t interface{ Fatalf(string, ...any) }, text []byte) {
	most := deepest(text)
	for _, limit := range []int{0, max(0, most-1), most, most + 1} {
		if err := checkDepth(text, limit); (err != nil) != (most > limit) {
			t.Fatalf("%q nests %d deep; at most %d: %v", text, most, limit, err)
		}
	}
}

func FuzzDepth(f *testing.F) {
	for _, text := range []string{``, `"`, `"\`, `"\"`, `"\\"[`, `"\"["[`, `["]",[]]`, `{"a\"":[{}]}`, `]][`, `"\\\\\\\\"{{`, `"[\"[\"["[[`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { checkDepths(t, text) })
}

func TestDepthOctetByOctet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkDepths(t, []byte(rapid.StringOfN(rapid.SampledFrom([]rune(`""\\[]{}x`)), 0, 40, -1).Draw(t, "text")))
	})
}

// What is hostile takes no longer than what is long: to look back over a run of backslashes at each octet would be a hundred million million steps, and the test would not end.
func TestDepthOfHostileStrings(t *testing.T) {
	const n = 16 << 20
	for _, part := range []string{`\\`, `\"`, `""`, `\`, `"`} {
		text := []byte(`"` + strings.Repeat(part, n/len(part)) + `"`)
		if err := checkDepth(text, 1); err != nil {
			t.Errorf("%d MiB of %q: %v", n>>20, part, err)
		}
	}
}
