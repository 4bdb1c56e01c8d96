package record_test

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/domain/record/recordtest"
)

// ancestorIsNotTheBase: when only an ancestor of what the author saw is known, every leaf of the patch is in the body, in a clash or in an
// offence, also one that says what the ancestor said; and what others have made of the ancestor since still stands.
func ancestorIsNotTheBase(t *rapid.T, m merger) error {
	base, theirs, patch := drawn(t, m, allFields)
	r := m(visits(), record.Edit{Base: base, Theirs: theirs, Patch: patch, Ancestor: true})
	for _, l := range recordtest.Leaves(patch) {
		if !recordtest.Says(r.Body, l) && !inClash(r.Clashes, l) && !inOffence(r.Offences, l) {
			return fmt.Errorf("ancestor %v, theirs %v: %s = %v of the patch is neither in %v nor in %v", base, theirs, l.Path, l.Value, r.Body, r.Clashes)
		}
	}
	for _, l := range recordtest.Leaves(theirs) {
		old := record.Equal(recordtest.At(base, l.Path), l.Value)
		if !old && !recordtest.Says(r.Body, l) && !strings.HasSuffix(l.Path, "note") {
			return fmt.Errorf("ancestor %v, patch %v: %s = %v of the server is gone from %v", base, patch, l.Path, l.Value, r.Body)
		}
	}
	return nil
}
