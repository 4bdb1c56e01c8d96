// Package record is the pure heart of reconciliation: what a record and an operation are, how a patch applies, how two
// edits of one record merge, and what an outcome says. It is data in, data out.
//
// It must not know HTTP, SQL, JSON text, the law or a clock: bodies are decoded values, time is an argument.
package record

import "time"

// Object is a decoded JSON object. Its values are nil, bool, float64, string, []any and Object (as map[string]any).
// Bodies hold no arrays of objects: a set of things is an Object keyed by id, so RFC 7396 patches and three-way merge are
// well defined; an array is one atomic value.
type Object = map[string]any

// Action is what an operation does to its record.
type Action string

// The actions.
const (
	Create Action = "create"
	Update Action = "update"
	Remove Action = "remove"
)

// Op is one change to one record by one author. It is kept verbatim, append-only: the ops are history and provenance.
type Op struct {
	ID         string    // UUIDv7, made by the author's device
	Seq        uint64    // position in the device's own sequence, from 1 without gaps; 0 for the server's own ops
	Txn        string    // ops of one device with the same non-empty Txn stand or fall together
	Collection string    // name of a declared collection
	Record     string    // UUIDv7 of the record
	Action     Action    //
	Base       uint64    // version of the record the author had seen; 0 when creating
	Patch      Object    // RFC 7396 merge patch against the base; nil when removing
	OccurredAt time.Time // what the device's wall clock claimed; never used to order
	Clock      Clock     // what lets the server bound when it really happened
	Author     string    // officer id, or [ServerAuthor]
	Schema     int       // version of the collection's schema the author wrote against
	Prev       string    // hex SHA-256 of the device's previous op; "" for its first
}

// ServerAuthor marks ops that the server itself writes: findings, conflicts, receipts, rendered papers, seeds.
const ServerAuthor = "server"

// Clock carries what a device knows of time besides its wall clock.
type Clock struct {
	Boot        string // random per boot: monotonic counts of different boots do not compare
	MonotonicMs int64  // milliseconds since that boot
	Anchor      *Anchor
}

// Anchor is the last server time the device saw in this boot, with its monotonic count at that moment.
type Anchor struct {
	Server      time.Time
	MonotonicMs int64
}

// Status is the class of an outcome.
type Status string

// The outcomes an op can have. A replay returns the first outcome again.
const (
	Applied    Status = "applied"  // the author had seen the newest version, or nothing he touched had changed otherwise
	Merged     Status = "merged"   // others had changed the record meanwhile; both sides stand
	Conflicted Status = "conflict" // some fields could not stand both; the server's value stays, a conflict record holds both
	Held       Status = "held"     // depends on an op that was rejected; applies nothing until a person decides
	Rejected   Status = "rejected" // the op as such cannot stand; kept verbatim, sequence advances
)

// Outcome is what became of one op.
type Outcome struct {
	Op       string
	Seq      uint64
	Status   Status
	Version  uint64   // version of the record after the op; 0 when rejected or held
	Code     string   // stable code of the reason when rejected or held
	Zh, En   string   // reason for people
	Field    string   // the field that broke a rule, if one did
	Conflict string   // id of the conflict record
	Findings []string // ids of findings that flag gates raised
	Letter   string   // id of the dead letter, when rejected or held: people decide there what becomes of it
	HeldBy   string   // op id this one waits for
	Replayed bool     // the op had been taken before; this is its first outcome again
}
