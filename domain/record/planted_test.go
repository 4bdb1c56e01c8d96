package record_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Merges that are wrong in the ways merges usually are. Each must be caught by the properties named, or these prove nothing.
var planted = []struct {
	name   string
	merge  merger
	caught []string
}{
	{"last writer wins", func(_ *record.Collection, e record.Edit) record.Result {
		body := record.Apply(e.Theirs, e.Patch)
		return record.Result{Body: body, Changed: !record.Equal(body, e.Theirs)}
	}, []string{"two authors converge in either order", "nothing unseen is overwritten"}},

	{"takes every creation as a whole", func(c *record.Collection, e record.Edit) record.Result {
		if e.Base == nil && e.Theirs == nil {
			return record.Result{Body: e.Patch, Changed: len(e.Patch) > 0, Whole: true}
		}
		return c.Merge(e)
	}, []string{"a creation is judged key by key"}},

	{"ignores the base", func(c *record.Collection, e record.Edit) record.Result {
		e.Base = nil
		return c.Merge(e)
	}, []string{"who has seen the newest version just writes", "the order of a device's edits stands"}},

	{"drops clashes", func(c *record.Collection, e record.Edit) record.Result {
		r := c.Merge(e)
		r.Clashes = nil
		return r
	}, []string{"two authors converge in either order", "no edit is lost"}},

	{"keeps one clash only", func(c *record.Collection, e record.Edit) record.Result {
		r := c.Merge(e)
		r.Clashes = r.Clashes[:min(1, len(r.Clashes))]
		return r
	}, []string{"no edit is lost"}},

	{"drops what it is not allowed to write", func(c *record.Collection, e record.Edit) record.Result {
		r := c.Merge(e)
		r.Offences = nil
		return r
	}, []string{"no edit is lost"}},

	{"overwrites on a clash, with the clash recorded", func(c *record.Collection, e record.Edit) record.Result {
		r := c.Merge(e)
		if len(r.Clashes) > 0 {
			r.Body, r.Changed = record.Apply(e.Theirs, e.Patch), true
		}
		return r
	}, []string{"nothing unseen is overwritten"}},

	{"replaces whole entries", func(c *record.Collection, e record.Edit) record.Result {
		r := c.Merge(e)
		if mine, ok := e.Patch["answers"].(object); ok && len(mine) > 0 && r.Body["answers"] != nil {
			body := record.Apply(r.Body, object{"answers": nil})
			body["answers"] = record.Apply(nil, mine)
			r.Body, r.Changed = body, !record.Equal(body, e.Theirs)
		}
		return r
	}, []string{"nothing unseen is overwritten", "who has seen the newest version just writes"}},

	{"takes an ancestor for what the author saw", func(c *record.Collection, e record.Edit) record.Result {
		e.Ancestor = false
		return c.Merge(e)
	}, []string{"an ancestor is not taken for what was seen"}},

	{"says changed always", func(c *record.Collection, e record.Edit) record.Result {
		r := c.Merge(e)
		r.Changed = true
		return r
	}, []string{"changed means different", "the same patch again changes nothing"}},

	{"writes into its argument", func(c *record.Collection, e record.Edit) record.Result {
		r := c.Merge(e)
		for key := range e.Patch {
			e.Theirs[key] = r.Body[key]
		}
		return r
	}, []string{"changed means different"}},
}

func TestPropertiesCatchPlantedBugs(t *testing.T) {
	for _, bug := range planted {
		for _, name := range bug.caught {
			i := slices.IndexFunc(properties, func(p property) bool { return p.name == name })
			if i < 0 {
				t.Fatalf("there is no property %q", name)
			}
			if !catches(properties[i], bug.merge) {
				t.Errorf("a merge that %s passes %q", bug.name, name)
			}
		}
	}
}

// catches tries a property on drawn cases until the merge fails it.
func catches(p property, m merger) bool {
	verdict := rapid.Custom(func(t *rapid.T) bool { return p.holds(t, m) != nil })
	for seed := range 5000 {
		if verdict.Example(seed) {
			return true
		}
	}
	return false
}
