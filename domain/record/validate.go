package record

import (
	"slices"
	"strings"
	"time"
)

// Flaw is one way a body breaks its collection's declared form.
type Flaw struct {
	Path string
	Kind FlawKind
	Want Kind // the declared kind, for WrongKind
}

// FlawKind names a way of breaking the form.
type FlawKind string

// The flaws.
const (
	Missing   FlawKind = "required"
	WrongKind FlawKind = "kind"
	Nested    FlawKind = "array_of_objects"
)

// Check lists the flaws of a whole body, in path order. Undeclared fields are kept and only checked for arrays of objects.
func (c *Collection) Check(body Object) []Flaw {
	var flaws []Flaw
	c.root.check("", body, &flaws)
	slices.SortFunc(flaws, func(a, b Flaw) int { return strings.Compare(a.Path, b.Path) })
	return flaws
}

// check runs for every op on the whole body, so it makes no path that is not needed.
func (n *node) check(path string, body Object, flaws *[]Flaw) {
	for _, key := range n.requires {
		if body[key] == nil {
			*flaws = append(*flaws, Flaw{Path: join(path, key), Kind: Missing})
		}
	}
	for key, value := range body {
		child := n.child(key)
		switch {
		case value == nil:
		case !child.kind.holds(value):
			*flaws = append(*flaws, Flaw{Path: join(path, key), Kind: WrongKind, Want: child.kind})
		case !flat(value):
			*flaws = append(*flaws, Flaw{Path: join(path, key), Kind: Nested})
		default:
			if inner, ok := value.(Object); ok {
				child.check(join(path, key), inner, flaws)
			}
		}
	}
}

// holds reports whether a value has the form of the kind.
func (k Kind) holds(value any) bool {
	switch k {
	case Any:
		return true
	case Number:
		_, ok := value.(float64)
		return ok
	case Bool:
		_, ok := value.(bool)
		return ok
	case Map:
		_, ok := value.(Object)
		return ok
	case Array:
		_, ok := value.([]any)
		return ok
	}
	text, ok := value.(string)
	if !ok {
		return false
	}
	switch k {
	case Time:
		_, err := time.Parse(time.RFC3339Nano, text)
		return err == nil
	case Date:
		_, err := time.Parse(time.DateOnly, text)
		return err == nil
	case IDKind:
		return IsID(text)
	}
	return true
}

// flat reports whether an array, if value is one, holds no objects at any depth.
func flat(value any) bool {
	array, ok := value.([]any)
	if !ok {
		return true
	}
	for _, item := range array {
		if _, object := item.(Object); object || !flat(item) {
			return false
		}
	}
	return true
}

// Flat reports whether a value holds no array of objects at any depth, as bodies must not.
func Flat(value any) bool {
	if inner, ok := value.(Object); ok {
		for _, v := range inner {
			if !Flat(v) {
				return false
			}
		}
		return true
	}
	return flat(value)
}

// Storable reports whether every database can keep all texts and names inside a value: PostgreSQL keeps no U+0000.
func Storable(value any) bool {
	switch value := value.(type) {
	case string:
		return !strings.ContainsRune(value, 0)
	case []any:
		return !slices.ContainsFunc(value, func(item any) bool { return !Storable(item) })
	case Object:
		for name, inner := range value {
			if !Storable(name) || !Storable(inner) {
				return false
			}
		}
	}
	return true
}

// Within reports whether a value nests at most so deep: a scalar 0, an object or an array one more than what is in it.
func Within(value any, depth int) bool {
	switch value := value.(type) {
	case []any:
		return depth > 0 && !slices.ContainsFunc(value, func(item any) bool { return !Within(item, depth-1) })
	case Object:
		if depth <= 0 {
			return value == nil
		}
		for _, inner := range value {
			if !Within(inner, depth-1) {
				return false
			}
		}
	}
	return true
}

// IsID reports whether the text is a UUID in its canonical lower-case form (RFC 9562 §4).
func IsID(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i := range len(text) {
		c := text[i]
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if c != '-' {
				return false
			}
			continue
		}
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
