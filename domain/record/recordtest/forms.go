package recordtest

import (
	"fmt"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// CheckForms holds what a collection says of one of its older forms to the laws of [record.Form]. newer is a body of the form after it,
// seen and wanted are bodies of the form itself, unknown holds fields that neither form has. An error says which law is broken.
func CheckForms(c *record.Collection, form int, newer, seen, wanted, unknown record.Object) error {
	step := c.Older[form-1]
	before := Text([]any{newer, seen, wanted, unknown})
	patch := record.Diff(seen, wanted)
	lifted := step.Lift(patch)
	up := func(body record.Object) record.Object { return record.Apply(nil, step.Lift(body)) }
	shown := step.Lower(newer)
	edit := record.Diff(known(c, form, shown), wanted)
	merged := c.Merge(record.Edit{Base: newer, Theirs: newer, Patch: step.Lift(edit), ByServer: true})
	laws := []struct {
		law       string
		got, want any
	}{
		{"lifting a patch and applying it is applying it and lifting the body", record.Apply(up(seen), lifted), up(record.Apply(seen, patch))},
		{"what the older form can say comes back as it was", step.Lower(up(seen)), seen},
		{"who edits what he sees sees his edit", step.Lower(record.Apply(newer, step.Lift(edit))), record.Apply(shown, edit)},
		{"an edit of what is not there yet is a creation", step.Lower(up(wanted)), wanted},
		{"unknown fields of a patch are lifted as they are", step.Lift(record.Apply(patch, unknown)), record.Apply(lifted, unknown)},
		{"unknown fields of a body are lowered as they are", step.Lower(record.Apply(newer, unknown)), record.Apply(shown, unknown)},
		{"nothing is lifted to nothing", step.Lift(record.Object{}), record.Object{}},
		{"nothing is lowered to nothing", step.Lower(record.Object{}), record.Object{}},
	}
	if form == c.Schema-1 && len(merged.Clashes) == 0 {
		laws = append(laws, struct {
			law       string
			got, want any
		}{"what is merged is what the older form said", step.Lower(merged.Body), record.Apply(shown, edit)})
	}
	for _, l := range laws {
		if !record.Equal(pruned(l.got), pruned(l.want)) {
			return fmt.Errorf("%s, form %d: %s: got %s, want %s (newer %s, seen %s, wanted %s, unknown %s)", c.Name, form, l.law,
				Text(l.got), Text(l.want), Text(newer), Text(seen), Text(wanted), Text(unknown))
		}
	}
	if now := Text([]any{newer, seen, wanted, unknown}); now != before {
		return fmt.Errorf("%s, form %d: lifting or lowering has changed what it was given: %s, was %s", c.Name, form, now, before)
	}
	return nil
}

// known is a body of a newer form, lowered, without the fields that only the newer form has: who speaks the older form leaves those alone.
func known(c *record.Collection, form int, lowered record.Object) record.Object {
	out := record.Object{}
	for name, value := range lowered {
		out[name] = value
	}
	for _, name := range c.Older[form-1].Lacks {
		delete(out, name)
	}
	return out
}

// pruned is a value without objects that are empty: they say as much as none. Nulls stay: in a patch they say something.
func pruned(value any) any {
	o, ok := value.(record.Object)
	if !ok {
		return value
	}
	out := record.Object{}
	for name, v := range o {
		v = pruned(v)
		if inner, ok := v.(record.Object); !ok || len(inner) > 0 {
			out[name] = v
		}
	}
	return out
}

// Text is a value in words, the same for equal values: fmt sorts the names of an object.
func Text(value any) string { return fmt.Sprintf("%v", value) }
