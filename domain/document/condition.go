package document

import (
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Condition says when something applies: every named field passes its test. The empty one always holds.
type Condition map[string]Test

// Test is what a field's value is held to: that it is one of some, or only that there is one, or that there is none. The zero Test never passes.
type Test struct {
	OneOf  []string
	Filled bool
	Empty  bool
}

// condition reads a condition: an array names the values, true is filled in, false is left empty.
func condition(body record.Object, key string) Condition {
	c := Condition{}
	for field, wanted := range object(body, key) {
		c[field] = Test{OneOf: texts(wanted), Filled: wanted == true, Empty: wanted == false}
	}
	return c
}

// oneOf is the condition that tables write as "field=a|b".
func oneOf(path, values string) Condition {
	return Condition{path: Test{OneOf: strings.Split(values, "|")}}
}

// Holds reports whether the condition holds for a paper's data. Of a party one part is looked at, "party.kind".
func (c Condition) Holds(data record.Object) bool {
	for path, test := range c {
		if !test.passes(valueAt(data, path)) {
			return false
		}
	}
	return true
}

func valueAt(data record.Object, path string) any {
	field, inner, nested := strings.Cut(path, ".")
	if nested {
		return object(data, field)[inner]
	}
	return data[field]
}

func (t Test) passes(value any) bool {
	switch {
	case t.Filled:
		return !empty(value)
	case t.Empty:
		return empty(value)
	}
	text, _ := value.(string)
	return slices.Contains(t.OneOf, text)
}

// covers reports whether the condition holds whenever the other does.
func (c Condition) covers(other Condition) bool {
	for path, test := range c {
		if !test.covers(other[path]) {
			return false
		}
	}
	return len(c) > 0
}

func (t Test) covers(other Test) bool {
	switch {
	case t.Filled:
		return other.Filled || len(other.OneOf) > 0 && !slices.ContainsFunc(other.OneOf, func(v string) bool { return empty(v) })
	case t.Empty:
		return other.Empty
	}
	return len(other.OneOf) > 0 && !slices.ContainsFunc(other.OneOf, func(v string) bool { return !slices.Contains(t.OneOf, v) })
}

func (c Condition) object() record.Object {
	out := record.Object{}
	for path, test := range c {
		out[path] = test.value()
	}
	return out
}

// value is the test as bodies write it.
func (t Test) value() any {
	if t.Filled || t.Empty {
		return t.Filled
	}
	return list(t.OneOf)
}
