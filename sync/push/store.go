// Package push takes operations in: the one write path of the system. A push is one transaction: claim the device's
// sequence, lock the feeds, read, merge, judge by the law, write, commit. Handhelds, people
// online, seeds and the server itself all come through here.
//
// It must not know HTTP or SQL: it speaks through [Store].
package push

import (
	"context"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/record"
)

// Store runs one unit of work.
//
// Implementations MUST commit durably before InTx returns nil, MUST leave no trace when fn or the commit fails, and MAY run
// fn again from its beginning when the database asks for a retry (serialization failure, deadlock); so fn must have no
// effect outside the Tx. Network calls never happen inside fn: queue a job instead.
type Store interface {
	InTx(ctx context.Context, fn func(context.Context, Tx) error) error
}

// Tx is what a push reads and writes inside its transaction. A Tx is used by one goroutine.
type Tx interface {
	// LockDevice locks the device's row until the end of the transaction and returns its state, and what FeedsOf says of the
	// records. An unknown device is fault request.not_found.
	LockDevice(ctx context.Context, device string, records []string) (Device, map[string][]string, error)
	// Outcomes returns the stored outcomes of the device's ops with from ≤ seq ≤ to, by seq.
	Outcomes(ctx context.Context, device string, from, to uint64) (map[uint64]Past, error)

	// Ops returns the ops with the ids, of those that were taken.
	Ops(ctx context.Context, ids []string) (map[string]Taken, error)

	// FeedsOf returns the feeds each named record is in now: its own, and those it is copied to. Records that never existed are
	// left out, removed ones and those set aside are in.
	FeedsOf(ctx context.Context, records []string) (map[string][]string, error)
	// LockFeeds locks the named feeds, sorted, creating those that do not exist, and then reads what is wanted.
	LockFeeds(ctx context.Context, feeds []string, want Wants) (Locked, error)
	// Records returns the current rows of the named records. Those that will be written lie in locked feeds.
	Records(ctx context.Context, records []string) (map[string]Row, error)
	// Bodies returns stored bodies at given versions; versions that do not exist are left out.
	Bodies(ctx context.Context, refs []Version) (map[Version]Stored, error)
	// Below returns, of a record, the newest version below one that it does not have, with its body; fault request.not_found if there is none.
	Below(ctx context.Context, ref Version) (Version, Stored, error)
	// OwnSince returns, per record and in seq order, the device's own earlier ops that stand and were answered with a version
	// newer than the one named: with them on top of that version the server knows what the device was looking at. Ops whose
	// every edit clashed made no version and are among them: the device went on showing what it had said.
	OwnSince(ctx context.Context, device string, refs []Version) (map[string][]OwnOp, error)
	// OnlineSince is OwnSince for the ops that a person wrote online through a device, or anybody if the author is "", in the order of the
	// versions they were answered with.
	OnlineSince(ctx context.Context, device, author string, refs []Version) (map[string][]OwnOp, error)
	// Match returns the live rows of the collection whose string field, named by its path, has the value, as they were committed or
	// written before this transaction. Fields that are looked up have an expression index; see record.Facts.
	Match(ctx context.Context, collection, field, value string) ([]Row, error)
	// NumberClaims tells which document claimed each number, of those named that are claimed.
	NumberClaims(ctx context.Context, uses []NumberUse) (map[NumberUse]string, error)
	// Unmet returns, for the named records, the newest op of the device on each that was rejected or held as a create.
	Unmet(ctx context.Context, device string, records []string) (map[string]string, error)

	// KeepForks keeps those of a device's forks that are not kept yet, as long as they have room; see [MaxForks]. It tells how many were news.
	// What does not fit is news too.
	KeepForks(ctx context.Context, device string, forks []Fork) (news int, err error)
	// SetAside notes that nothing more of the device is taken until a person decides.
	SetAside(ctx context.Context, device string, at time.Time) error

	// Closed returns at most limit records that are closed, still in their feeds, and unchanged since before the moment, the
	// longest unchanged first.
	Closed(ctx context.Context, before time.Time, limit int) ([]string, error)

	// Write stores everything a push changes. It MUST be called at most once, last.
	Write(ctx context.Context, batch *Batch) error
}

// Wants is what is read under the locks of the feeds. Handhelds wait for each trip to the database, so what can be foreseen is read
// in the trip that locks.
type Wants struct {
	Records []string
	Lookups []record.Lookup
}

// Locked is what LockFeeds has found: the heads of all named feeds, the rows of the records there are, and for each lookup what
// Match says, which may be nothing.
type Locked struct {
	Heads   map[string]uint64
	Rows    map[string]Row
	Matches map[record.Lookup][]Row
	// Floor is a number above all versions that a lost history of the database may have given; 0 if it was never restored from a
	// backup, and when no feeds were locked. New versions of records that there are MUST be above it.
	Floor uint64
}

// Device is a device's place in its own sequence of operations.
type Device struct {
	ID        string
	LastSeq   uint64
	HeadHash  string // hash of its op LastSeq; "" before the first
	PublicKey []byte // P-256, SubjectPublicKeyInfo DER
	Revoked   bool
	SetAside  bool     // it has forked: see [Fork]
	Officers  []string // officers who have signed in on it: those its ops may name as authors
}

// Past is an op that was taken before.
type Past struct {
	Hash    string
	Outcome record.Outcome
}

// Taken is an op as it was kept.
type Taken struct {
	Device  string // whose sequence it is part of; "" for online ops and the server's own
	Online  string // the device through which its author wrote it online; "" otherwise
	Text    []byte // RFC 8785
	Outcome record.Outcome
}

// Version names one version of one record.
type Version struct {
	Record  string
	Version uint64
}

// Stored is a body as it was written.
type Stored struct {
	Schema int    // the form of its collection in which it is
	Body   []byte // RFC 8785
}

// Row is a record as it stands.
type Row struct {
	ID         string
	Collection string
	Feed       string
	Seq        uint64 // in the feed
	Version    uint64
	Removed    bool
	Op         string // that made this version
	Schema     int    // the form of the collection in which Body is
	Body       []byte // RFC 8785 text as of Version; of a removed record the last body

	State  string            // the body's "state"; "" where it has none
	Closed bool              // the body says that its work is done
	Aside  bool              // it has left its feeds until somebody edits it; Seq is that of its departure
	Copies map[string]uint64 // feeds of partners it is in too, with its number there
}

// OwnOp is an op of the device that is asking, from an earlier push.
type OwnOp struct {
	Version uint64 // of the record after it
	Made    bool   // it made that version
	Text    []byte // RFC 8785
}

// Batch is everything one push writes. Nothing in it may be changed after Write.
type Batch struct {
	Device     *Device // new LastSeq and HeadHash; nil for the server's own ops
	Push       *Provenance
	Ops        []OpRow
	Revisions  []Revision
	Records    []Row    // upserted; one row per record, its newest, with the copies that it now has
	Uncopied   []string // records that had copies before: those not in Records any more are dropped
	Departures []Departure
	Heads      map[string]uint64 // new heads of the feeds that were locked
	Numbers    []NumberUse       // that nobody had claimed
	Doubles    []NumberUse       // that were another's already
	Jobs       []record.Job
	At         time.Time

	judged     bool            // the server's own ops, and the gates are asked all the same
	unattended map[string]bool // ids of online ops whose outcome nobody reads
	shared     bool            // online ops of a client that all who sign in on its device look at
}

// Provenance is the signature under a push: with the ops' texts it proves who sent what in which order.
type Provenance struct {
	ID        string
	Device    string
	FirstSeq  uint64
	LastSeq   uint64
	Head      string
	Signature string
}

// OpRow is an op, kept verbatim, with its outcome.
type OpRow struct {
	record.Op
	Device   string // "" for online ops and the server's own
	Push     string
	Online   string // the device through which an online op came; "" otherwise
	Text     []byte // RFC 8785 text as signed
	Hash     string
	Outcome  record.Outcome
	Earliest time.Time
	Latest   time.Time
}

// Revision is one version of a record, append-only: the base of later merges and the history people read.
type Revision struct {
	Version
	Collection string
	Op         string
	Removed    bool
	Schema     int // the form of the collection in which Body is
	Body       []byte
}

// Departure tells a feed that a record has left it.
type Departure struct {
	Feed       string
	Seq        uint64
	Record     string
	Collection string
	Reason     string // wire.GoneRemoved, wire.GoneMoved or wire.GoneClosed
}

// NumberUse claims a number for a paper, or for the block that says it is void. The first claim stands. Callers ask NumberClaims first, raise a
// finding for a double and keep it among the doubles; when somebody else has claimed the number in between, the transaction MUST fail or begin again.
type NumberUse struct {
	Series   string // organ/kind/year
	N        uint64
	Document string // record id; like Op not part of the identity when asked for
	Op       string // that claims it
}
