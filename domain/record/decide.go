package record

import (
	"maps"
	"slices"
	"strings"
)

// How a person decides one field of a conflict.
const (
	TakeOurs   = "ours"   // what the author of the clashing op wanted
	TakeTheirs = "theirs" // what the record kept
	TakeValue  = "value"  // something else, or nothing when there is no value
)

// WholeRecord is the path of a conflict over a whole record: an edit against a removal.
const WholeRecord = "/"

// Chosen returns the value that a decision gives to a field of a conflict. sides is {base?, ours?, theirs?} and decision
// {take, value?}; an absent value is nil. ok is false for a decision that is none.
func Chosen(sides, decision any) (value any, ok bool) {
	s, _ := sides.(Object)
	d, _ := decision.(Object)
	switch d["take"] {
	case TakeOurs:
		return s["ours"], true
	case TakeTheirs:
		return s["theirs"], true
	case TakeValue:
		return d["value"], true
	}
	return nil, false
}

// Undecided lists the fields of a conflict that a resolution leaves open, in order.
func Undecided(fields, resolution Object) []string {
	var open []string
	for _, path := range slices.Sorted(maps.Keys(fields)) {
		if _, ok := Chosen(fields[path], resolution[path]); !ok {
			open = append(open, path)
		}
	}
	return open
}

// Decide turns a resolution of single fields into an edit. seen is the current body with each field as it was when the conflict
// arose: what the person decided about. The patch leads from there to what was chosen, so that a field that has changed since clashes
// again instead of being overwritten.
func Decide(current, fields, resolution Object) (seen, patch Object) {
	seen = current
	for _, path := range slices.Sorted(maps.Keys(fields)) {
		sides, _ := fields[path].(Object)
		seen = with(seen, path, sides["theirs"])
	}
	wanted := seen
	for _, path := range slices.Sorted(maps.Keys(fields)) {
		if value, ok := Chosen(fields[path], resolution[path]); ok {
			wanted = with(wanted, path, value)
		}
	}
	return seen, Diff(seen, wanted)
}

// with returns the body with the value at a path; nil takes it away. Nothing is changed in place.
func with(body Object, path string, value any) Object {
	step, rest, deeper := strings.Cut(path, "/")
	step = unescape.Replace(step)
	out := maps.Clone(body)
	if out == nil {
		out = Object{}
	}
	if deeper {
		inner, isObject := out[step].(Object)
		if !isObject && value == nil {
			return out
		}
		value = with(inner, rest, value)
	}
	if value == nil {
		delete(out, step)
	} else {
		out[step] = value
	}
	return out
}
