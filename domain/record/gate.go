package record

import (
	"cmp"
	"context"
	"time"
)

// Effect is what a breached gate does.
type Effect string

// The effects. What already happened in the street is never refused: such gates flag.
const (
	Refuse Effect = "refuse" // the op is rejected: for acts that wait for the server
	Flag   Effect = "flag"   // the op stands and a finding is raised that somebody must explain, confirm or close
)

// Event is an op with what it does to its record, as gates see it.
type Event struct {
	Op       Op
	Before   Object    // body the server holds before the op; nil when creating
	After    Object    // body the merge yields; nil when removing
	Earliest time.Time // the act happened at or after this moment …
	Latest   time.Time // … and at or before this one
	Received time.Time // when the server took it
	Device   string    // device that sent it; "" for the server's own ops
	Unit     string    // code of that device's unit
}

// Breach is one way an event breaks a gate's rule. Zh and En name who and what.
type Breach struct {
	Code   string // defaults to the gate's code
	Basis  string // defaults to the gate's basis
	Zh, En string
	Field  string // path of the offending field, if one is
}

// BasisOf is the article that a breach of the gate is against.
func (b Breach) BasisOf(g Gate) string { return cmp.Or(b.Basis, g.Basis) }

// Gate is one rule of the law that judges ops of a collection.
type Gate struct {
	Code   string // e.g. "G01"
	Basis  string // e.g. "行政处罚法第四十二条"
	Effect Effect
	Judge  func(ctx context.Context, ev Event, facts Facts) ([]Breach, error)
	// Asks foresees, from a patch alone, facts that Judge will ask for, so that they are read together. It may miss some and name
	// too many; nil: none.
	Asks func(patch Object) []Lookup
}

// Lookup is a question to [Facts]: Find by the id in Value when Field is "", else Match.
type Lookup struct{ Collection, Field, Value string }

// Facts is what a gate may ask of the server's state, as it is inside the transaction of the op.
//
// Implementations MUST see the effects of earlier ops of the same push, and MUST NOT change anything.
type Facts interface {
	// Find returns the current body of a record; false when it is absent or removed.
	Find(ctx context.Context, collection, id string) (Object, bool, error)
	// Match returns the bodies, by record id, of the collection's records whose string field, named by its path, has the value. The
	// caller MUST NOT change the map: who asks next may get the same.
	// Only fields the catalogue declares as looked up are indexed: certificates.officer, certificates.number, items.code,
	// units.code, officers.unit, documents.inspection,
	// documents.data/paper/document, documents.corrects/document, evidence.inspection, custody.evidence, holds.evidence,
	// disposals.evidence, evidence.sha256, blocks.device, templates.kind, findings.record,
	// conflicts.record, deadletters.record.
	Match(ctx context.Context, collection, field, value string) (map[string]Object, error)
}
