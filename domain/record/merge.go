package record

import (
	"maps"
	"slices"
	"strings"
)

// Clash is one field that cannot stand both ways. The server's value, Theirs, stays; nil means absent.
type Clash struct {
	Path               string // steps joined by "/", see join; "" is the whole record (update against remove)
	Base, Ours, Theirs any
}

// Offence is an edit the author may not make at all: the op is rejected, not merged.
type Offence struct {
	Path string
	Kind OffenceKind
}

// OffenceKind names a way of touching what is not one's own.
type OffenceKind string

// The offences.
const (
	OwnedByServer OffenceKind = "server_field" // a field of class Server
	AlreadyFrozen OffenceKind = "frozen_field" // a field of class Frozen after the freeze
)

// Result is what a three-way merge yields.
type Result struct {
	Body     Object
	Clashes  []Clash   // in path order
	Offences []Offence // in path order; when there are any the body must not be stored
	Changed  bool      // Body differs from theirs
	Whole    bool      // Body is the patch itself: a creation that stands as it was said
}

// Edit is one op against its record, as Merge needs it.
type Edit struct {
	Base     Object // body at the version the author had seen; nil when creating
	Theirs   Object // body the server holds now; nil when there is none
	Patch    Object
	ByServer bool // the server's own op may write Server fields and frozen records
	Ancestor bool // Base is not what the author had seen, which is lost, but something older that led to it
}

// Merge applies the author's patch to what the server holds, field by field, by the collection's merge classes.
// It is pure and total: any patch against any bodies yields a result, and every leaf of the patch ends in the body, in a
// clash or in an offence, or was already what the body says.
//
// With an ancestor for a base nobody knows what the author saw, only what was before it. So whatever the patch names counts as changed by the
// author, also where it says what the ancestor said; and where others have changed the same since, it clashes.
func (c *Collection) Merge(e Edit) Result {
	m := merging{c: c, byServer: e.ByServer, ancestor: e.Ancestor}
	m.frozen = !e.ByServer && c.FrozenWhen != nil && e.Theirs != nil && c.FrozenWhen(e.Theirs)
	if e.Base == nil && e.Theirs == nil && m.whole(c.root, e.Patch) {
		return Result{Body: e.Patch, Changed: len(e.Patch) > 0, Whole: true}
	}
	body, changed := m.object(c.root, "", e.Base, e.Theirs, e.Patch)
	return Result{Body: body, Clashes: m.clashes, Offences: m.offences, Changed: changed}
}

type merging struct {
	c        *Collection
	byServer bool
	ancestor bool
	frozen   bool
	clashes  []Clash
	offences []Offence
}

// whole reports whether a patch onto nothing stands as it is, which most creations do: nothing is to be removed, and nothing is of a class
// whose first value is not the author's to say. In doubt it does not, and the merge decides key by key.
func (m *merging) whole(n *node, patch Object) bool {
	for key, value := range patch {
		child := n.child(key)
		inner, isObject := value.(Object)
		switch {
		case value == nil || child.class == Server && !m.byServer || child.class == State && !m.byServer && !m.c.allows(nil, value):
			return false
		case isObject && child.keyed() && n.class != Append:
			if !m.whole(child, inner) {
				return false
			}
		case isObject && !full(inner):
			return false
		}
	}
	return true
}

// full reports whether an object holds no null at any depth, arrays aside.
func full(o Object) bool {
	for _, value := range o {
		if inner, isObject := value.(Object); value == nil || isObject && !full(inner) {
			return false
		}
	}
	return true
}

// object merges a patch into an object whose keys merge one by one. Keys are visited in order so that results do not depend
// on map iteration.
func (m *merging) object(n *node, path string, base, theirs, patch Object) (Object, bool) {
	out, changed := maps.Clone(theirs), false
	if out == nil {
		out = Object{}
	}
	for _, key := range keysOf(patch) {
		p := join(path, key)
		next, touched := m.value(n, n.child(key), p, base[key], theirs[key], patch[key])
		if !touched {
			continue
		}
		changed = true
		if next == nil {
			delete(out, key)
		} else {
			out[key] = next
		}
	}
	return out, changed
}

// keysOf lists the keys of an object in order.
func keysOf(o Object) []string {
	keys := make([]string, 0, len(o))
	for key := range o {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// value merges one patched key. It descends while both sides are objects whose keys merge; else it decides as one value.
// An entry of an append set is always one value: adding a field to it would change it.
func (m *merging) value(parent, n *node, path string, base, theirs, patch any) (any, bool) {
	patchObject, patchIsObject := patch.(Object)
	baseObject, baseIsObject := base.(Object)
	theirsObject, theirsIsObject := theirs.(Object)
	if patchIsObject && n.keyed() && parent.class != Append && (theirsIsObject || theirs == nil) && (baseIsObject || base == nil) {
		if theirs == nil && base != nil {
			return m.removedMeanwhile(path, baseObject, patchObject)
		}
		merged, changed := m.object(n, path, baseObject, theirsObject, patchObject)
		if theirs == nil && !changed && len(m.offences) == 0 {
			changed = base == nil // an empty object that is new is an edit too
		}
		return merged, changed
	}
	ours := patch
	if patchIsObject {
		ours = Apply(baseObject, patchObject)
	}
	return m.leaf(parent, n, path, base, ours, theirs)
}

// removedMeanwhile decides an edit inside an entry that the other side took away: update against remove, always a clash.
func (m *merging) removedMeanwhile(path string, base, patch Object) (any, bool) {
	ours := Apply(base, patch)
	if m.ancestor || !Equal(ours, base) {
		m.clashes = append(m.clashes, Clash{Path: path, Base: base, Ours: ours})
	}
	return nil, false
}

// leaf decides one value that merges as a whole.
func (m *merging) leaf(parent, n *node, path string, base, ours, theirs any) (any, bool) {
	if Equal(ours, theirs) || Equal(ours, base) && !m.ancestor {
		return theirs, false // says what the server says, or touches nothing the author had seen
	}
	if n.class == Server && !m.byServer {
		m.offences = append(m.offences, Offence{path, OwnedByServer})
		return theirs, false
	}
	if n.class == Frozen && m.frozen {
		m.offences = append(m.offences, Offence{path, AlreadyFrozen})
		return theirs, false
	}
	if m.stands(parent, n, base, ours, theirs) {
		return ours, true
	}
	m.clashes = append(m.clashes, Clash{Path: path, Base: base, Ours: ours, Theirs: theirs})
	return theirs, false
}

// stands reports whether the author's value may replace the server's.
func (m *merging) stands(parent, n *node, base, ours, theirs any) bool {
	switch {
	case n.class == Latest:
		return true
	case parent.class == Append || n.class == Append:
		return theirs == nil && base == nil
	case n.class == State && !m.byServer:
		return Equal(base, theirs) && m.c.allows(theirs, ours)
	default:
		return Equal(base, theirs)
	}
}

// allows reports whether a state transition is declared. A collection that declares none allows all.
func (c *Collection) allows(from, to any) bool {
	if c.Transitions == nil {
		return true
	}
	was, _ := from.(string)
	next, ok := to.(string)
	return ok && slices.Contains(c.Transitions[was], next)
}

// join adds a step to a path. A "/" inside a step is written ~1 and a "~" is written ~0, as in RFC 6901; an empty step is "~",
// because the empty path is the whole record.
func join(path, key string) string {
	switch {
	case key == "":
		key = "~"
	case strings.ContainsAny(key, "/~"):
		key = escape.Replace(key)
	}
	if path == "" {
		return key
	}
	return path + "/" + key
}

var (
	escape   = strings.NewReplacer("~", "~0", "/", "~1")
	unescape = strings.NewReplacer("~1", "/", "~0", "~", "~", "")
)
