package record_test

import (
	"fmt"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// author edits a record offline: it goes on from its own edits on top of the version it has pulled.
type author struct {
	view    object
	patches []object
}

// deviceOrderStands: the edits of one device never clash with each other, however old the version is that it has pulled,
// and the last one about a place is the one that stands.
func deviceOrderStands(t *rapid.T, m merger) error {
	fields := except("state", "marks", "sum", "receipt")
	base := bodyOf(t, fields...)
	me := author{view: base}
	head := base
	for range rapid.IntRange(1, 5).Draw(t, "edits") {
		patch := patchOf(t, fields...)
		r := m(visits(), record.Edit{Base: me.view, Theirs: head, Patch: patch})
		if len(r.Clashes) > 0 {
			return fmt.Errorf("alone, yet %v clashes: %v", patch, r.Clashes)
		}
		head, me.view = r.Body, record.Apply(me.view, patch)
	}
	if !record.Equal(head, me.view) {
		return fmt.Errorf("the head is %v, the author has %v", head, me.view)
	}
	return nil
}

// disjointAuthorsCommute: authors who edit different fields end with all their edits, in whatever order these arrive.
func disjointAuthorsCommute(t *rapid.T, m merger) error {
	fields := except("state", "marks", "sum", "receipt")
	base := bodyOf(t, fields...)
	authors := make([]author, 3)
	want := base
	for i := range authors {
		authors[i].view = base
		for range rapid.IntRange(0, 3).Draw(t, "edits") {
			var own []string
			for j, field := range fields {
				if j%len(authors) == i {
					own = append(own, field)
				}
			}
			patch := patchOf(t, own...)
			authors[i].patches = append(authors[i].patches, patch)
			want = record.Apply(want, patch)
		}
	}
	head := base
	for waiting := authors; len(waiting) > 0; {
		i := rapid.IntRange(0, len(waiting)-1).Draw(t, "next")
		a := &waiting[i]
		if len(a.patches) == 0 {
			waiting = append(waiting[:i], waiting[i+1:]...)
			continue
		}
		r := m(visits(), record.Edit{Base: a.view, Theirs: head, Patch: a.patches[0]})
		if len(r.Clashes) > 0 {
			return fmt.Errorf("%v clashes with an author of other fields: %v", a.patches[0], r.Clashes)
		}
		head, a.view, a.patches = r.Body, record.Apply(a.view, a.patches[0]), a.patches[1:]
	}
	if !record.Equal(head, want) {
		return fmt.Errorf("the head is %v, want %v", head, want)
	}
	return nil
}
