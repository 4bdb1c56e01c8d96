package document

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Bodies are read without complaint: what has the wrong form is absent. What is wrong is told by Check and Lint.

func object(body record.Object, key string) record.Object {
	o, _ := body[key].(record.Object)
	return o
}

func text(body record.Object, key string) string {
	s, _ := body[key].(string)
	return s
}

func truth(body record.Object, key string) bool { return body[key] == true }

func amount(body record.Object, key string) float64 {
	n, _ := body[key].(float64)
	return n
}

// whole reads a small number that counts something: what is not one is 0.
func whole(body record.Object, key string) int {
	n := amount(body, key)
	if n != math.Trunc(n) || math.Abs(n) > 1e6 {
		return 0
	}
	return int(n)
}

func texts(value any) []string {
	var out []string
	array, _ := value.([]any)
	for _, v := range array {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func moment(body record.Object, key string) time.Time {
	t, _ := time.Parse(time.RFC3339Nano, text(body, key))
	return t
}

// Text is a text for people.
type Text struct{ Zh, En string }

// words reads a text that is given in both languages, or in Chinese alone.
func words(body record.Object, key string) Text {
	both := Text{Zh: text(body, key)}
	if o := object(body, key); o != nil {
		both = Text{Zh: text(o, "zh"), En: text(o, "en")}
	}
	both.En = cmp.Or(both.En, both.Zh) // a flaw that names nothing helps nobody
	return both
}

// entry is one of a set of things keyed by id.
type entry struct {
	id   string
	body record.Object
}

// ordered lists a set's entries by their "order", then by id: a body holds no arrays of objects.
func ordered(set record.Object) []entry {
	var out []entry
	for _, id := range slices.Sorted(maps.Keys(set)) {
		if body, ok := set[id].(record.Object); ok {
			out = append(out, entry{id, body})
		}
	}
	slices.SortStableFunc(out, func(a, b entry) int { return cmp.Compare(amount(a.body, "order"), amount(b.body, "order")) })
	return out
}
