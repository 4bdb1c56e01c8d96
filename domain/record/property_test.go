package record_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/domain/record/recordtest"
)

// A property judges a merge on one drawn case. Real merges must satisfy all of them; planted_test.go proves that wrong ones
// do not.
type property struct {
	name  string
	holds func(t *rapid.T, m merger) error
}

// merger is what is judged: the collection's own Merge, or a wrong one.
type merger func(c *record.Collection, e record.Edit) record.Result

func real(c *record.Collection, e record.Edit) record.Result { return c.Merge(e) }

var properties = []property{
	{"two authors converge in either order", converges},
	{"no edit is lost", noEditIsLost},
	{"nothing unseen is overwritten", nothingUnseenIsOverwritten},
	{"who has seen the newest version just writes", freshEditsApply},
	{"the same patch again changes nothing", idempotent},
	{"changed means different", changedMeansDifferent},
	{"the order of a device's edits stands", deviceOrderStands},
	{"authors in different places never meet", disjointAuthorsCommute},
	{"an ancestor is not taken for what was seen", ancestorIsNotTheBase},
	{"a creation is judged key by key", creationsAreJudged},
}

func TestMergeProperties(t *testing.T) {
	for _, p := range properties {
		t.Run(p.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				if err := p.holds(t, real); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

// drawn is one record with what an author saw and what the server holds now: the base with another author's edits on top.
func drawn(t *rapid.T, m merger, fields []string) (base, theirs, patch object) {
	base = bodyOf(t, fields...)
	other := m(visits(), record.Edit{Base: base, Theirs: base, Patch: patchOf(t, fields...)})
	if theirs = other.Body; len(other.Offences) > 0 {
		theirs = base
	}
	return base, theirs, patchOf(t, fields...)
}

// converges: what two authors did from one base is the same in either order of arrival, in the head and in the clashes
// taken together. A latest field goes by arrival, by its declaration; a freeze too.
func converges(t *rapid.T, m merger) error {
	fields := except("note", "sum", "receipt")
	base, p, q := bodyOf(t, fields...), patchOf(t, fields...), patchOf(t, fields...)
	first, second := arriving(m, base, p, q), arriving(m, base, q, p)
	if a, b := first.sayings(base), second.sayings(base); !maps.Equal(a, b) {
		return fmt.Errorf("base %v, %v and %v end differently:\n%v\n%v", base, p, q, a, b)
	}
	a, b := first.undisputed(second), second.undisputed(first)
	if !record.Equal(a, b) {
		return fmt.Errorf("base %v, %v and %v leave heads %v and %v", base, p, q, a, b)
	}
	return nil
}

// ending is what stands after two edits have arrived.
type ending struct {
	head    object
	clashes []record.Clash
}

func arriving(m merger, base object, patches ...object) ending {
	e := ending{head: base}
	for _, patch := range patches {
		r := m(visits(), record.Edit{Base: base, Theirs: e.head, Patch: patch})
		e.head, e.clashes = r.Body, append(e.clashes, r.Clashes...)
	}
	return e
}

// sayings gives, for each path that clashed, every value anybody can find there: in the head, on either side, in the base.
func (e ending) sayings(base object) map[string]string {
	found := map[string][]string{}
	for _, c := range e.clashes {
		for _, value := range []any{recordtest.At(base, c.Path), c.Base, c.Ours, c.Theirs, recordtest.At(e.head, c.Path)} {
			found[c.Path] = append(found[c.Path], withoutLatest(value))
		}
	}
	out := map[string]string{}
	for path, values := range found {
		slices.Sort(values)
		out[path] = strings.Join(slices.Compact(values), " ")
	}
	return out
}

// withoutLatest is a value's text without the notes inside answers, which go by arrival.
func withoutLatest(value any) string {
	value = clone(value)
	strip(value)
	return text(value)
}

func strip(value any) {
	if o, ok := value.(object); ok {
		delete(o, "note")
		for _, inner := range o {
			strip(inner)
		}
	}
}

// undisputed is the head without the places that clashed here or there.
func (e ending) undisputed(other ending) object {
	head := clone(e.head).(object)
	strip(head)
	for _, c := range append(slices.Clone(e.clashes), other.clashes...) {
		parent, key := "", c.Path
		if i := strings.LastIndex(c.Path, "/"); i >= 0 {
			parent, key = c.Path[:i], c.Path[i+1:]
		}
		if inner, ok := recordtest.At(head, parent).(object); ok {
			delete(inner, key)
		}
	}
	return head
}

// noEditIsLost: every leaf of a patch is in the body, in a clash, in an offence, or was what the author saw already.
func noEditIsLost(t *rapid.T, m merger) error {
	base, theirs, patch := drawn(t, m, allFields)
	r := m(visits(), record.Edit{Base: base, Theirs: theirs, Patch: patch})
	for _, l := range recordtest.Leaves(patch) {
		if !recordtest.Says(base, l) && !recordtest.Says(r.Body, l) && !inClash(r.Clashes, l) && !inOffence(r.Offences, l) {
			return fmt.Errorf("base %v, theirs %v: %s = %v of the patch is neither in %v nor in %v", base, theirs, l.Path, l.Value, r.Body, r.Clashes)
		}
	}
	return nil
}

func inClash(clashes []record.Clash, l recordtest.Leaf) bool {
	return slices.ContainsFunc(clashes, func(c record.Clash) bool {
		rest, ok := recordtest.Under(l.Path, c.Path)
		return ok && recordtest.Says(c.Ours, recordtest.Leaf{Path: rest, Value: l.Value})
	})
}

func inOffence(offences []record.Offence, l recordtest.Leaf) bool {
	return slices.ContainsFunc(offences, func(o record.Offence) bool {
		_, ok := recordtest.Under(l.Path, o.Path)
		return ok
	})
}

// nothingUnseenIsOverwritten: what the server holds and the author had not seen still stands, unless the field is declared
// to go by arrival.
func nothingUnseenIsOverwritten(t *rapid.T, m merger) error {
	base, theirs, patch := drawn(t, m, allFields)
	r := m(visits(), record.Edit{Base: base, Theirs: theirs, Patch: patch})
	for _, l := range recordtest.Leaves(theirs) {
		seen := record.Equal(recordtest.At(base, l.Path), l.Value)
		if !seen && !recordtest.Says(r.Body, l) && !strings.HasSuffix(l.Path, "note") {
			return fmt.Errorf("base %v, patch %v: %s = %v of the server is gone from %v", base, patch, l.Path, l.Value, r.Body)
		}
	}
	return nil
}

// freshEditsApply: against the version the author has seen, a patch applies as RFC 7396 says and clashes with nothing.
func freshEditsApply(t *rapid.T, m merger) error {
	fields := except("state", "marks", "sum", "receipt")
	base, patch := bodyOf(t, fields...), patchOf(t, fields...)
	r := m(visits(), record.Edit{Base: base, Theirs: base, Patch: patch})
	if want := record.Apply(base, patch); len(r.Clashes) > 0 || !record.Equal(r.Body, want) {
		return fmt.Errorf("%v on %v gives %v with %v, want %v", patch, base, r.Body, r.Clashes, want)
	}
	return nil
}

// creationsAreJudged: a creation that is taken as a whole gives what its keys give one by one, as they are merged onto a body without any.
func creationsAreJudged(t *rapid.T, m merger) error {
	patch := patchOf(t, allFields...)
	got, want := m(visits(), record.Edit{Patch: patch}), visits().Merge(record.Edit{Base: object{}, Patch: patch})
	if !record.Equal(got.Body, want.Body) || text(got.Clashes) != text(want.Clashes) || text(got.Offences) != text(want.Offences) || got.Changed != want.Changed {
		return fmt.Errorf("%v gives %+v, key by key %+v", patch, got, want)
	}
	if got.Whole && !record.Equal(got.Body, patch) {
		return fmt.Errorf("%v is said to be whole, and gives %v", patch, got.Body)
	}
	return nil
}

// idempotent: a patch that arrives again finds itself there; what clashed clashes with the same words.
func idempotent(t *rapid.T, m merger) error {
	base, theirs, patch := drawn(t, m, except("sum", "receipt"))
	once := m(visits(), record.Edit{Base: base, Theirs: theirs, Patch: patch})
	twice := m(visits(), record.Edit{Base: base, Theirs: once.Body, Patch: patch})
	if twice.Changed || !record.Equal(once.Body, twice.Body) || text(once.Clashes) != text(twice.Clashes) {
		return fmt.Errorf("%v twice on %v: %v %v, then %v %v", patch, theirs, once.Body, once.Clashes, twice.Body, twice.Clashes)
	}
	return nil
}

func changedMeansDifferent(t *rapid.T, m merger) error {
	base, theirs, patch := drawn(t, m, allFields)
	before := []any{clone(base), clone(theirs), clone(patch)}
	r := m(visits(), record.Edit{Base: base, Theirs: theirs, Patch: patch})
	if r.Changed == record.Equal(r.Body, theirs) {
		return fmt.Errorf("%v on %v gives %v and says changed %v", patch, theirs, r.Body, r.Changed)
	}
	for i, now := range []any{base, theirs, patch} {
		if !record.Equal(before[i], now) {
			return fmt.Errorf("merging has changed its argument %v to %v", before[i], now)
		}
	}
	return nil
}
