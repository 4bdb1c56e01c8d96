// Package recordtest takes bodies and patches apart into single edits, so that tests can follow each of them: into a body, a
// conflict or a refusal.
package recordtest

import (
	"maps"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Leaf is one edit of a patch, or one value of a body. Nil is a removal. An empty object is a leaf: it says that there is an
// object.
type Leaf struct {
	Path  string
	Value any
}

// Leaves lists the leaves of a value, in path order.
func Leaves(value any) []Leaf { return leaves("", value) }

func leaves(path string, value any) []Leaf {
	inner, ok := value.(record.Object)
	if !ok || len(inner) == 0 && path != "" {
		return []Leaf{{path, value}}
	}
	var out []Leaf
	for _, key := range slices.Sorted(maps.Keys(inner)) {
		out = append(out, leaves(strings.TrimPrefix(path+"/"+key, "/"), inner[key])...)
	}
	return out
}

// At looks a path up; nil where there is nothing.
func At(value any, path string) any {
	if path == "" {
		return value
	}
	for step := range strings.SplitSeq(path, "/") {
		inner, _ := value.(record.Object)
		value = inner[step]
	}
	return value
}

// Says reports whether a body says what the leaf says.
func Says(body any, l Leaf) bool {
	got := At(body, l.Path)
	if want, ok := l.Value.(record.Object); ok && len(want) == 0 {
		_, is := got.(record.Object)
		return is
	}
	return record.Equal(got, l.Value)
}

// Under gives the rest of a path that is an ancestor's or below it.
func Under(path, ancestor string) (rest string, ok bool) {
	if path == ancestor || ancestor == "" {
		return strings.TrimPrefix(path, ancestor), true
	}
	return strings.CutPrefix(path, ancestor+"/")
}
