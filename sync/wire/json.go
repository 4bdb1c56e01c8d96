// Package wire is the JSON that travels between handhelds and server: its shapes, its strict decoding, its canonical form,
// the hash chain of operations and the signature over it.
//
// It imports nothing of ours: wire shapes age with the oldest handheld in the field, not with the domain.
package wire

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// MaxDepth is how deep objects and arrays may nest. Real bodies need six.
const MaxDepth = 32

// ErrTooDeep means that a text nests deeper than [MaxDepth].
var ErrTooDeep = errors.New("JSON nests too deep")

// Decode reads exactly one JSON value into out. It refuses duplicate names, invalid UTF-8, unknown members of struct shapes,
// nesting beyond [MaxDepth], and anything after the value.
func Decode(text []byte, out any) error {
	if err := checkDepth(text, MaxDepth); err != nil {
		return err
	}
	if err := json.Unmarshal(text, out, json.RejectUnknownMembers(true)); err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	return nil
}

// checkDepth walks the brackets outside strings; it needs no valid JSON, so the decoder never recurses into hostile nesting.
func checkDepth(text []byte, limit int) error {
	depth, inString := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inString:
			if c == '\\' {
				i++
			} else if c == '"' {
				inString = false
			}
		case c == '"':
			inString = true
		case c == '{' || c == '[':
			if depth++; depth > limit {
				return ErrTooDeep
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

// Canonical returns a value's text by RFC 8785 (JCS): sorted names, ES6 numbers, no space. The same value always has the
// same text, so hashes and signatures over it are well defined.
func Canonical(value any) ([]byte, error) {
	text, err := json.Marshal(value, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("canonical: %w", err)
	}
	if canonicalAsIs(value) {
		return text, nil
	}
	return Canonicalize(text)
}

// canonicalAsIs reports whether the deterministic text of a value is canonical already, so that bodies, which nearly all are, need not
// be parsed again. Only decoded values are: members of structs are not sorted. Two things make the text of a decoded value
// differ: names sort by UTF-8 there and by UTF-16 in RFC 8785, which is another order only where a character needs four
// octets; and minus zero, which RFC 8785 writes as 0.
func canonicalAsIs(value any) bool {
	switch v := value.(type) {
	case nil, bool, string:
		return true
	case float64:
		return v != 0 || !math.Signbit(v)
	case []any:
		for _, item := range v {
			if !canonicalAsIs(item) {
				return false
			}
		}
		return true
	case map[string]any:
		for name, item := range v {
			if strings.IndexFunc(name, func(r rune) bool { return r > 0xffff }) >= 0 || !canonicalAsIs(item) {
				return false
			}
		}
		return true
	}
	return false
}

// Canonicalize rewrites a JSON text by RFC 8785.
func Canonicalize(text []byte) ([]byte, error) {
	v := jsontext.Value(text)
	if err := v.Canonicalize(); err != nil {
		return nil, fmt.Errorf("canonical: %w", err)
	}
	return v, nil
}

// Object decodes a stored or received JSON object.
func Object(text []byte) (map[string]any, error) {
	var out map[string]any
	if err := Decode(text, &out); err != nil {
		return nil, err
	}
	if out == nil {
		return nil, errors.New("decode: want an object, got null")
	}
	return out, nil
}

// Write marshals a value to a stream, names sorted.
func Write(w io.Writer, value any) error {
	return json.MarshalWrite(w, value, json.Deterministic(true))
}
