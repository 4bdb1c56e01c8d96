package soak

import (
	"maps"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// sep stands between the steps of a path: keys may hold anything else, those of a conflict's fields even slashes.
const sep = "\x1f"

// leaf is one edit of a patch, or one value of a body. Nil is a removal.
type leaf struct {
	path  string
	value any
}

func leaves(value any) []leaf { return leavesAt("", value) }

func leavesAt(path string, value any) []leaf {
	inner, ok := value.(record.Object)
	if !ok || len(inner) == 0 && path != "" {
		return []leaf{{path, value}}
	}
	var out []leaf
	for _, key := range slices.Sorted(maps.Keys(inner)) {
		out = append(out, leavesAt(strings.TrimPrefix(path+sep+key, sep), inner[key])...)
	}
	return out
}

// at looks a path up; nil where there is nothing.
func at(value any, path string) any {
	for step := range strings.SplitSeq(path, sep) {
		inner, _ := value.(record.Object)
		value = inner[step]
	}
	return value
}

// says reports whether a body says what the leaf says.
func says(body any, l leaf) bool {
	if want, ok := l.value.(record.Object); ok && len(want) == 0 {
		_, is := at(body, l.path).(record.Object)
		return is
	}
	return record.Equal(at(body, l.path), l.value)
}

var escape = strings.NewReplacer("~", "~0", "/", "~1")

// slashed is a path as conflicts write it.
func slashed(path string) string {
	steps := strings.Split(path, sep)
	for i, step := range steps {
		steps[i] = escape.Replace(step)
	}
	return strings.Join(steps, "/")
}

// under reports whether a path of a conflict is the path or an ancestor of it, and gives the rest.
func under(path, ofConflict string) (rest []string, ok bool) {
	whole := slashed(path)
	if ofConflict == record.WholeRecord {
		return strings.Split(path, sep), true
	}
	if whole != ofConflict && !strings.HasPrefix(whole, ofConflict+"/") {
		return nil, false
	}
	return strings.Split(path, sep)[strings.Count(ofConflict, "/")+1:], true
}
