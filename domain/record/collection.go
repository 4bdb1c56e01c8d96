package record

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Class is the merge class of a field: what happens when two authors who had seen the same base both touched it.
type Class string

// The merge classes.
const (
	Register Class = "register" // different values on both sides are a conflict; equal values are not
	Latest   Class = "latest"   // the later arrival wins, history keeps the other; only for conveniences
	Entries  Class = "entries"  // object keyed by id: additions unite, edits inside merge field by field
	Append   Class = "append"   // object keyed by id: entries can be added, never changed or taken away
	State    Class = "state"    // only declared transitions; any other change is a conflict
	Frozen   Class = "frozen"   // a register that nobody changes once the record is issued or signed
	Server   Class = "server"   // only the server writes it
)

// Kind is the form a field's value must have. Null always means absent.
type Kind string

// The kinds. A Time is RFC 3339, a Date is YYYY-MM-DD in Beijing time, an ID is a UUID, an Array holds scalars or arrays
// of scalars, an Any is unchecked.
const (
	Any    Kind = ""
	String Kind = "string"
	Number Kind = "number"
	Bool   Kind = "bool"
	Time   Kind = "time"
	Date   Kind = "date"
	IDKind Kind = "id"
	Map    Kind = "object"
	Array  Kind = "array"
)

// Field declares one path of a body. Path steps are separated by "/"; "*" stands for any key of a keyed object.
// A path below an [Entries] or [Append] field names the fields inside an entry.
type Field struct {
	Path     string
	Class    Class
	Kind     Kind
	Required bool // must be present in every stored body; for a path below "*", in every entry
}

// Scope says which feed a record belongs to.
type Scope string

// The scopes.
const (
	District Scope = "ref"    // ref/<district>: everyone in the district has it
	Unit     Scope = "unit"   // unit/<code> by the body's "unit": the people of that unit
	Device   Scope = "device" // device/<id> by the body's "device": one handheld
	// Audit is audit/<code> by the body's "unit": what is known of the unit's records and no handheld is told. Nobody pulls such a feed; who has
	// the right "<collection>.read" over the unit reads its records online.
	Audit Scope = "audit"
)

// Collection declares everything reconciliation must know of a kind of record, in one place.
type Collection struct {
	Name        string
	Schema      int    // the newest form of its bodies, counted from 1
	Older       []Form // the forms before it, oldest first, without a gap: see [Form]
	Scope       Scope
	Fields      []Field
	Transitions map[string][]string // from state to allowed states, for fields of class State; "" is the start
	FrozenWhen  func(body Object) bool
	Closed      func(body Object) bool // its work is done: the record leaves the feed some time after its last change; nil: never
	Shared      bool                   // other units may be named in "partners": the record is in their feeds too
	Follows     string                 // field that names a record whose moves to other units this one goes along with; "": none
	Gates       []Gate
	Jobs        func(Event) []Job   // work that follows from an op, queued in the same transaction; may be nil
	Notes       func(Event) []Note  // records of the server that an op brings about, written in the same transaction; may be nil
	Claims      func(Event) []Claim // numbers an op uses up; may be nil
	// Acts lists what an op does besides its action that takes a right of its own, "<collection>.<act>", over the record's unit; may be nil.
	Acts func(Event) []string
	// Shown is a body that speaks of other collections as it is told to somebody who speaks them in the forms given, by name; 0 is no such
	// collection. It is pure, and returns the body itself where it says nothing else. May be nil.
	Shown func(body Object, form func(collection string) int) Object

	root *node
}

// Job names work to be queued with the change that causes it.
type Job struct {
	Kind, Key string
	Due       time.Time // not before; zero: at once
}

// Note is a record that the server creates because of an op.
type Note struct {
	Collection string
	Body       Object
}

// Claim is a number that a record uses up: in its series it belongs to that record for good.
type Claim struct {
	Series string
	N      uint64
}

// FeedOf names the feed of a body, or says which field is missing.
func (c *Collection) FeedOf(body Object, district string) (string, error) {
	if c.Scope == District {
		return "ref/" + district, nil
	}
	field := string(c.Scope)
	if c.OfUnit() {
		field = string(Unit)
	}
	value, _ := body[field].(string)
	if value == "" || strings.ContainsAny(value, "/ \x00") {
		return "", fmt.Errorf("%s: body needs %q to have a feed", c.Name, field)
	}
	return string(c.Scope) + "/" + value, nil
}

// OfUnit reports whether the collection's records are those of a unit, named by the body's "unit", whether handhelds pull them or not.
func (c *Collection) OfUnit() bool { return c.Scope == Unit || c.Scope == Audit }

// BesideUnit names the feed of scope Audit beside a feed of scope Unit; false for any other feed.
func BesideUnit(feed string) (string, bool) {
	code, ok := strings.CutPrefix(feed, string(Unit)+"/")
	return string(Audit) + "/" + code, ok
}

// node is one step of the tree of declared paths.
type node struct {
	class    Class
	kind     Kind
	requires []string         // children that every object here must have
	children map[string]*node // "*" matches any key without its own child
}

// undeclared is how fields of newer clients merge: each is kept as a register.
var undeclared = &node{class: Register}

func (n *node) child(key string) *node {
	if c, ok := n.children[key]; ok {
		return c
	}
	if c, ok := n.children["*"]; ok {
		return c
	}
	return undeclared
}

// keyed reports whether changes inside the field's object merge key by key.
func (n *node) keyed() bool {
	return n.class == Entries || n.class == Append || len(n.children) > 0 || n == undeclared
}

// Prepare builds the tree of declared paths. It must be called once before the collection is used; [NewCatalogue] does.
func (c *Collection) Prepare() error {
	if err := c.checkForms(); err != nil {
		return err
	}
	root := &node{children: map[string]*node{}}
	for _, f := range c.Fields {
		n, parent := root, root
		for step := range strings.SplitSeq(f.Path, "/") {
			if step == "" {
				return fmt.Errorf("collection %s: empty step in path %q", c.Name, f.Path)
			}
			if n.children == nil {
				n.children = map[string]*node{}
			}
			next, ok := n.children[step]
			if !ok {
				next = &node{class: n.inherited()}
				n.children[step] = next
			}
			n, parent = next, n
		}
		if f.Class != "" {
			n.class = f.Class
		}
		n.kind = f.Kind
		if name := f.Path[strings.LastIndex(f.Path, "/")+1:]; f.Required && name != "*" && !slices.Contains(parent.requires, name) {
			parent.requires = append(parent.requires, name)
		}
	}
	c.root = root
	return nil
}

// inherited is the class of a child that declares none: the entries of an append set are themselves unchangeable, and what
// the server or the freeze owns is owned whole.
func (n *node) inherited() Class {
	switch n.class {
	case Append, Server, Frozen, Latest:
		return n.class
	}
	return Register
}

// Catalogue is the set of collections a server knows.
type Catalogue map[string]*Collection

// NewCatalogue prepares collections and refuses doubles.
func NewCatalogue(collections ...*Collection) (Catalogue, error) {
	cat := Catalogue{}
	for _, c := range collections {
		if _, dup := cat[c.Name]; dup {
			return nil, fmt.Errorf("collection %s is declared twice", c.Name)
		}
		if err := c.Prepare(); err != nil {
			return nil, err
		}
		cat[c.Name] = c
	}
	return cat, nil
}

// Names lists the collections, sorted.
func (cat Catalogue) Names() []string { return slices.Sorted(maps.Keys(cat)) }
