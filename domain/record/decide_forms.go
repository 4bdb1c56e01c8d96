package record

import (
	"maps"
	"slices"
	"strings"
)

// ConflictIn tells the fields of a conflict, path to {base?, ours?, theirs?}, in an older form of the record's collection: where somebody
// who speaks that form sees the two sides differ. stayed is the body that was kept, in the form of the fields. What the older form
// cannot tell apart keeps the path that it has.
func (c *Collection) ConflictIn(fields, stayed Object, from, to int) Object {
	out := Object{}
	base, ours, theirs := c.BodyIn(taking(stayed, fields, "base"), from, to), c.BodyIn(taking(stayed, fields, TakeOurs), from, to),
		c.BodyIn(taking(stayed, fields, TakeTheirs), from, to)
	for _, path := range slices.Sorted(maps.Keys(fields)) {
		sides, _ := fields[path].(Object)
		if path == WholeRecord {
			lowered := Object{}
			for side, body := range sides {
				whole, _ := body.(Object)
				lowered[side] = c.BodyIn(whole, from, to)
			}
			out[path] = lowered
			continue
		}
		seen := c.seenAs(fields, stayed, path, from, to)
		if len(seen) == 0 {
			out[path] = sides
		}
		for _, at := range seen {
			told := Object{}
			for side, body := range map[string]Object{"base": base, "ours": ours, "theirs": theirs} {
				if value := valueAt(body, at); value != nil {
					told[side] = value
				}
			}
			out[at] = told
		}
	}
	return out
}

// seenAs lists the paths of an older form at which the two sides of one field of a conflict differ.
func (c *Collection) seenAs(fields, stayed Object, path string, from, to int) []string {
	kept := taking(stayed, fields, TakeTheirs)
	sides, _ := fields[path].(Object)
	var paths []string
	differing("", c.BodyIn(kept, from, to), c.BodyIn(with(kept, path, sides["ours"]), from, to), &paths)
	return paths
}

// differing gathers the paths at which two bodies differ, in order.
func differing(path string, a, b Object, paths *[]string) {
	keys := Object{}
	maps.Copy(keys, a)
	maps.Copy(keys, b)
	for _, key := range keysOf(keys) {
		if Equal(a[key], b[key]) {
			continue
		}
		at := join(path, key)
		inner, isObject := a[key].(Object)
		other, otherIs := b[key].(Object)
		if isObject && otherIs {
			differing(at, inner, other, paths)
		} else {
			*paths = append(*paths, at)
		}
	}
}

// ResolutionFrom turns a resolution that was made in an older form into one in the form of the conflict's own fields. body is the record as
// it stands, in the form of the fields. Whoever takes a side gets that side as it is, though the older form may show less of it;
// a value is lifted.
func (c *Collection) ResolutionFrom(resolution, fields, body Object, from, to int) Object {
	out := Object{}
	kept := taking(body, fields, TakeTheirs)
	for path, sides := range fields {
		if path == WholeRecord {
			if d, ok := resolution[path].(Object); ok {
				out[path] = c.liftedValue(d, from, to)
			}
			continue
		}
		seen := c.seenAs(fields, body, path, to, from)
		if len(seen) == 0 {
			if d, ok := resolution[path]; ok {
				out[path] = d
			}
			continue
		}
		ours, _ := sides.(Object)
		if d, ok := c.decided(resolution, seen, path, kept, with(kept, path, ours["ours"]), from, to); ok {
			out[path] = d
		}
	}
	return out
}

// decided is the decision on one path that the decisions on those where the older form shows it amount to.
func (c *Collection) decided(resolution Object, seen []string, path string, theirs, ours Object, from, to int) (Object, bool) {
	lowTheirs, lowOurs := c.BodyIn(theirs, to, from), c.BodyIn(ours, to, from)
	wanted, takes := lowTheirs, map[any]bool{}
	for _, at := range seen {
		d, _ := resolution[at].(Object)
		value, ok := Chosen(Object{"ours": valueAt(lowOurs, at), "theirs": valueAt(lowTheirs, at)}, d)
		if !ok {
			return nil, false
		}
		takes[d["take"]] = true
		wanted = with(wanted, at, value)
	}
	if len(takes) == 1 && !takes[TakeValue] {
		d, _ := resolution[seen[0]].(Object)
		return Object{"take": d["take"]}, true
	}
	d := Object{"take": TakeValue}
	if value := valueAt(Apply(theirs, c.LiftPatch(Diff(lowTheirs, wanted), from, to)), path); value != nil {
		d["value"] = value
	}
	return d, true
}

// liftedValue is a decision over a whole record in a newer form.
func (c *Collection) liftedValue(d Object, from, to int) Object {
	value, ok := d["value"].(Object)
	if !ok {
		return d
	}
	out := maps.Clone(d)
	out["value"] = c.BodyIn(value, from, to)
	return out
}

// DecideIn is [Decide] of a conflict whose fields are in an older form than the record: seen and patch are in the record's.
func (c *Collection) DecideIn(current, fields, resolution Object, form, newest int) (seen, patch Object) {
	if form == newest {
		return Decide(current, fields, resolution)
	}
	lowered := c.BodyIn(current, newest, form)
	seen, patch = Decide(lowered, fields, resolution)
	return Apply(current, c.LiftPatch(Diff(lowered, seen), form, newest)), c.LiftPatch(patch, form, newest)
}

// taking returns a body with every field of a conflict, but not the whole record, as one side has it.
func taking(body, fields Object, side string) Object {
	for _, path := range slices.Sorted(maps.Keys(fields)) {
		if sides, ok := fields[path].(Object); ok && path != WholeRecord {
			body = with(body, path, sides[side])
		}
	}
	return body
}

// valueAt looks a path up; nil where there is nothing.
func valueAt(body Object, path string) any {
	var value any = body
	for step := range strings.SplitSeq(path, "/") {
		inner, _ := value.(Object)
		value = inner[unescape.Replace(step)]
	}
	return value
}
