// Package wire is the JSON that travels between handhelds and server: its shapes, its strict decoding, its canonical form,
// the hash chain of operations and the signature over it.
//
// It imports nothing of ours: wire shapes age with the oldest handheld in the field, not with the domain.
package wire

import (
	"bytes"
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
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i = closing(text, i+1)
		case '{', '[':
			if depth++; depth > limit {
				return ErrTooDeep
			}
		case '}', ']':
			depth--
		}
	}
	return nil
}

// closing is the place of the quotation mark that ends a string of which the octets begin at i, or the end of the text. Most of a text is in
// strings, and is passed over many octets at a time; none is looked at more than twice.
func closing(text []byte, i int) int {
	for quote := -1; i < len(text); {
		if quote < i {
			n := bytes.IndexByte(text[i:], '"')
			if n < 0 {
				break
			}
			quote = i + n
		}
		escape := bytes.IndexByte(text[i:quote], '\\')
		if escape < 0 {
			return quote
		}
		i += escape + 2
	}
	return len(text)
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
