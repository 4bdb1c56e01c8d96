package record

import (
	"fmt"
	"slices"
	"strings"
)

// Form is an older form of a collection's bodies, and the way between it and the next. A collection of schema n declares n-1 of
// them: whatever was stored once is read for ever.
//
// Lift and Lower are pure and total: they take any object, never change it, and leave fields that they do not know as they are. What
// they must keep to is held by recordtest.CheckForms:
//
//   - lifting a patch and applying it is applying it and lifting the body;
//   - who edits what he sees in the older form sees his edit: Lower(Apply(b, Lift(p))) is Apply(Lower(b), p);
//   - what the older form can say comes back as it was: Lower(Lift(b)) is b.
//
// An object that is empty says as much as one that is absent.
type Form struct {
	Had   []Field                   // what this form has otherwise than the next: fields that only it has, or has with another kind
	Lacks []string                  // top-level fields of the next form that this one has not
	Lift  func(patch Object) Object // a patch of this form as one of the next. A body is a patch of nothing
	Lower func(body Object) Object  // a body of the next form as one of this
}

// SpokenBack is how many forms before the newest clients may still speak.
const SpokenBack = 2

// Oldest is the oldest form that clients may speak.
func (c *Collection) Oldest() int { return max(1, c.Schema-SpokenBack) }

// Knows reports whether there is such a form, spoken or not.
func (c *Collection) Knows(schema int) bool { return schema >= 1 && schema <= c.Schema }

// LiftPatch turns a patch of one form into one of a newer form. Both must be known. A nil patch stays nil.
func (c *Collection) LiftPatch(patch Object, from, to int) Object {
	if patch == nil {
		return nil
	}
	for ; from < to; from++ {
		patch = c.Older[from-1].Lift(patch)
	}
	return patch
}

// BodyIn turns a body of one form into one of another, newer or older. Both must be known. A nil body stays nil.
func (c *Collection) BodyIn(body Object, from, to int) Object {
	switch {
	case body == nil || from == to:
		return body
	case from < to:
		return Apply(nil, c.LiftPatch(body, from, to)) // applied, because lifting may take fields away by null
	}
	for ; from > to; from-- {
		body = c.Older[from-2].Lower(body)
	}
	return body
}

// FieldsIn lists the fields of a form.
func (c *Collection) FieldsIn(schema int) []Field {
	fields := c.Fields
	for n := c.Schema - 1; n >= max(1, schema); n-- {
		form := c.Older[n-1]
		fields = slices.DeleteFunc(slices.Clone(fields), func(f Field) bool {
			top, _, _ := strings.Cut(f.Path, "/")
			return slices.Contains(form.Lacks, top) || slices.ContainsFunc(form.Had, func(had Field) bool { return had.Path == f.Path })
		})
		fields = append(fields, form.Had...)
	}
	return fields
}

// checkForms refuses a chain of forms with a gap.
func (c *Collection) checkForms() error {
	if want := max(0, c.Schema-1); len(c.Older) != want {
		return fmt.Errorf("collection %s: schema %d needs %d older forms, %d are declared", c.Name, c.Schema, want, len(c.Older))
	}
	if i := slices.IndexFunc(c.Older, func(f Form) bool { return f.Lift == nil || f.Lower == nil }); i >= 0 {
		return fmt.Errorf("collection %s: form %d does not say how it is lifted and lowered", c.Name, i+1)
	}
	return nil
}

// Aged reports whether any collection has older forms. Where none has, nobody needs to look.
func (cat Catalogue) Aged() bool {
	for _, c := range cat {
		if len(c.Older) > 0 {
			return true
		}
	}
	return false
}
