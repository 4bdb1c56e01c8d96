// Package wire is the JSON that travels between handhelds and server: its shapes, its strict decoding, its canonical form,
// the hash chain of operations and the signature over it.
//
// It imports nothing of ours: wire shapes age with the oldest handheld in the field, not with the domain.
package wire

import (
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
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

var errNoObject = errors.New("decode: want an object")

// Object decodes a stored or received JSON object.
func Object(text []byte) (map[string]any, error) {
	if value, ok := exactValue(text, MaxDepth); ok {
		out, ok := value.(map[string]any)
		if !ok {
			return nil, errNoObject
		}
		return out, nil
	}
	var value any // decoded without reflection, unlike a map
	if err := Decode(text, &value); err != nil {
		return nil, err
	}
	out, ok := value.(map[string]any)
	if !ok {
		return nil, errNoObject
	}
	return out, nil
}

// Write marshals a value to a stream, names sorted.
func Write(w io.Writer, value any) error {
	return json.MarshalWrite(w, value, json.Deterministic(true))
}
