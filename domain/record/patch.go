package record

import "strings"

// At is the value at a path of a body, whose steps are separated by "/"; nil where there is none.
func At(body Object, path string) any {
	first, rest, nested := strings.Cut(path, "/")
	if !nested {
		return body[first]
	}
	inner, _ := body[first].(Object)
	return At(inner, rest)
}

// Apply returns target with an RFC 7396 merge patch applied. Neither argument is changed; untouched parts are shared.
func Apply(target, patch Object) Object {
	out := make(Object, len(target)+len(patch))
	for k, v := range target {
		out[k] = v
	}
	for k, v := range patch {
		switch v := v.(type) {
		case nil:
			delete(out, k)
		case Object:
			inner, _ := out[k].(Object)
			out[k] = Apply(inner, v)
		default:
			out[k] = v
		}
	}
	return out
}

// Diff returns the smallest RFC 7396 patch that makes from into to. A null inside to cannot be told by a merge patch and
// counts as absent.
func Diff(from, to Object) Object {
	patch := Object{}
	for k := range from {
		if to[k] == nil && from[k] != nil {
			patch[k] = nil
		}
	}
	for k, next := range to {
		if next == nil {
			continue
		}
		was, had := from[k]
		inner, isObject := next.(Object)
		before, wasObject := was.(Object)
		switch {
		case isObject && wasObject:
			if d := Diff(before, inner); len(d) > 0 {
				patch[k] = d
			}
		case !had || !Equal(was, next):
			if isObject {
				// an object in a patch merges into what is there; onto a scalar or nothing it replaces it
				next = Diff(nil, inner)
			}
			patch[k] = next
		}
	}
	return patch
}

// Equal compares two decoded JSON values by value; a missing field and a null are alike at the top.
func Equal(a, b any) bool {
	switch a := a.(type) {
	case Object:
		b, ok := b.(Object)
		if !ok || len(a) != len(b) {
			return false
		}
		for k, v := range a {
			w, ok := b[k]
			if !ok || !Equal(v, w) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !Equal(a[i], b[i]) {
				return false
			}
		}
		return true
	case []string:
		return false // not a decoded value; bodies carry []any
	default:
		switch b.(type) {
		case Object, []any, []string:
			return false
		}
		return a == b
	}
}
