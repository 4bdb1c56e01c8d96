package wire

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Canonical returns a value's text by RFC 8785 (JCS): sorted names, ES6 numbers, no space. The same value always has the
// same text, so hashes and signatures over it are well defined.
func Canonical(value any) ([]byte, error) {
	if text, ok := appendDecoded(make([]byte, 0, 1024), value); ok {
		return text, nil
	}
	text, err := json.Marshal(value, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("canonical: %w", err)
	}
	return Canonicalize(text)
}

// Canonicalize rewrites a JSON text by RFC 8785.
func Canonicalize(text []byte) ([]byte, error) {
	v := jsontext.Value(text)
	if err := v.Canonicalize(); err != nil {
		return nil, fmt.Errorf("canonical: %w", err)
	}
	return v, nil
}

// appendDecoded writes the canonical text of a decoded value at once: every body of a record is written this way. It gives up on what
// decoding never yields, and on names that sort otherwise by UTF-16, as RFC 8785 has it, than by UTF-8: those with characters of
// four octets.
func appendDecoded(text []byte, value any) ([]byte, bool) {
	switch v := value.(type) {
	case nil:
		return append(text, "null"...), true
	case bool:
		return strconv.AppendBool(text, v), true
	case string:
		text, err := jsontext.AppendQuote(text, v)
		return text, err == nil
	case float64:
		return appendNumber(text, v)
	case []any:
		return appendArray(text, v)
	case map[string]any:
		return appendObject(text, v)
	}
	return text, false
}

// maxPlain is up to where the integers that a float64 holds are written with all their digits and nothing else.
const maxPlain = 1 << 53

func appendNumber(text []byte, v float64) ([]byte, bool) {
	switch {
	case v == math.Trunc(v) && math.Abs(v) <= maxPlain:
		return strconv.AppendInt(text, int64(v), 10), true // minus zero is written as 0
	case math.IsNaN(v) || math.IsInf(v, 0):
		return text, false
	}
	return append(text, jsontext.Float(v).String()...), true
}

func appendArray(text []byte, array []any) ([]byte, bool) {
	text = append(text, '[')
	ok := true
	for i, item := range array {
		if i > 0 {
			text = append(text, ',')
		}
		if text, ok = appendDecoded(text, item); !ok {
			return text, false
		}
	}
	return append(text, ']'), true
}

func appendObject(text []byte, object map[string]any) ([]byte, bool) {
	names := make([]string, 0, 16)
	for name := range object {
		if hasFourOctets(name) {
			return text, false
		}
		names = append(names, name)
	}
	slices.Sort(names)
	text = append(text, '{')
	for i, name := range names {
		if i > 0 {
			text = append(text, ',')
		}
		quoted, err := jsontext.AppendQuote(text, name)
		if err != nil {
			return text, false
		}
		written, ok := appendDecoded(append(quoted, ':'), object[name])
		if text = written; !ok {
			return text, false
		}
	}
	return append(text, '}'), true
}

// hasFourOctets reports whether a character of the text takes four octets in UTF-8.
func hasFourOctets(text string) bool {
	for i := range len(text) {
		if text[i] >= 0xf0 {
			return true
		}
	}
	return false
}
