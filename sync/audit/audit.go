// Package audit proves what the server holds, from the stored texts alone: every device's chain of operations with the
// signatures under it, every record's chain of versions with the operation behind each, and the bytes of every recording and
// paper that was acknowledged. It is the one verifier: operators, supervisors and tests use it alike.
//
// It must not trust what the write path has concluded, and must not change anything. It does not merge again, but a version may
// differ from the one before it only by what its op says: see follow.
package audit

import (
	"context"
	"fmt"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/ledger"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// Reader walks what is stored. Every walk is ordered as stated and takes memory that does not grow with the store; an error
// of fn ends the walk and is returned. What fn is given is good only until it returns.
type Reader interface {
	// AllDevices walks the devices, by id.
	AllDevices(ctx context.Context, fn func(Device) error) error
	// PushesOf walks a device's pushes, by FirstSeq.
	PushesOf(ctx context.Context, device string, fn func(push.Provenance) error) error
	// OpsOf walks a device's operations, by seq.
	OpsOf(ctx context.Context, device string, fn func(Op) error) error
	// AllVersions walks the versions of all records, by record and version, each with what the rest of the store says of it.
	AllVersions(ctx context.Context, fn func(Version) error) error
	// Floors returns the numbers above which versions go on after each restore from a backup.
	Floors(ctx context.Context) ([]uint64, error)
	// BodiesOf walks the live records of a collection, by id, each with the form that its body is in.
	BodiesOf(ctx context.Context, collection string, fn func(id string, schema int, body []byte) error) error
	// AllOps walks all operations, those of no device too, with the columns beside their texts.
	AllOps(ctx context.Context, fn func(Row) error) error
	// Standing walks the rows of identity: accounts, devices, who may write on which device as <device>/<officer>, signing keys, floors of series; and,
	// as one, the numbers that are claimed by no known op. state is what the row says now, noted what its newest change says; of what is not there "".
	Standing(ctx context.Context, fn func(kind, id, state, noted string) error) error
	// ClaimsOf finds claims of numbers, of holders and doubles.
	ClaimsOf(ctx context.Context, numbers []Number, fn func(Claimed) error) error
	// AllClaims walks all claims of numbers, each with the version that its op made.
	AllClaims(ctx context.Context, fn func(Claimed) error) error
	// LateHolders walks numbers that more than one has claimed, and whose holder is none, or is in the ledger behind another of them.
	LateHolders(ctx context.Context, fn func(Number) error) error
	// UnevenSeries walks the series whose leases do not begin at 1, overlap, leave a gap, or do not end where the series stands.
	UnevenSeries(ctx context.Context, fn func(series string) error) error
	// Orphans counts records that have no version at all.
	Orphans(ctx context.Context) (int, error)
}

// Device is a device as stored.
type Device struct {
	ID        string
	PublicKey []byte // P-256, SubjectPublicKeyInfo DER
	LastSeq   uint64
	HeadHash  string
}

// Op is an operation as stored.
type Op struct {
	ID   string
	Seq  uint64
	Push string
	Hash string
	Text []byte // RFC 8785, as signed
}

// Version is one version of a record.
type Version struct {
	Record     string
	Collection string
	Version    uint64
	Op         string
	Removed    bool
	Schema     int // the form of the collection in which Body is
	Body       []byte
	OpRecord   string // the record that the op names; "" when the op is missing
	OpText     []byte // RFC 8785
	Head       Head   // the record as it stands
}

// Head is a record as it stands; Version 0 when there is none.
type Head struct {
	Version    uint64
	Op         string
	Schema     int
	Body       []byte
	Collection string
	Removed    bool
	State      string // said again beside the body
}

// Row is an operation with the columns beside its text, which say again what is in it, in its outcome and in its push.
type Row struct {
	ID         string
	Device     string // "" of none
	Seq        uint64
	Push       string
	Online     string
	Collection string
	Record     string
	Action     string
	Author     string
	OccurredAt int64 // microseconds since 1970
	ReceivedAt int64
	Hash       string
	Status     string
	Outcome    []byte
	Text       []byte

	PushDevice  string // of its push; "" when there is none
	PushFirst   uint64
	PushLast    uint64
	PushArrived int64
}

// Problem is one thing that is not as it should be.
type Problem struct {
	Kind  string `json:"kind"`  // stable: chain · signature · device · version · head · identity · number · leaf · hash · checkpoint · stamp · bytes
	Where string `json:"where"` // e.g. device/<id>/seq/17
	Zh    string `json:"zh"`
	En    string `json:"en"`
}

// Report says what was checked and what was found.
type Report struct {
	Devices     int       `json:"devices"`
	Ops         int       `json:"ops"` // of devices; the server's own have no chain
	Pushes      int       `json:"pushes"`
	Records     int       `json:"records"`
	Versions    int       `json:"versions"`
	Identities  int       `json:"identities"` // accounts, devices, who may write on which, signing keys
	Numbers     int       `json:"numbers"`    // claims of numbers, by papers and voids
	Leaves      int       `json:"leaves"`     // of the ledger
	Checkpoints int       `json:"checkpoints"`
	Stamps      int       `json:"stamps"` // time stamps and cosignatures
	Files       int       `json:"files"`  // recordings and papers whose bytes were read and hashed
	Bytes       int64     `json:"bytes"`
	Problems    []Problem `json:"problems"`
	Cut         bool      `json:"cut"` // more than MaxProblems were found: these are the first
}

// MaxProblems bounds the list of a report.
const MaxProblems = 1000

// Sound reports whether nothing was found.
func (r *Report) Sound() bool { return len(r.Problems) == 0 }

func (r *Report) add(kind, where, zh, en string) {
	if len(r.Problems) >= MaxProblems {
		r.Cut = true
		return
	}
	r.Problems = append(r.Problems, Problem{kind, where, zh, en})
}

// Auditor runs the checks.
type Auditor struct {
	Reader     Reader
	Catalogue  record.Catalogue               // how what was written in older forms is read
	Bytes      Bytes                          // nil: bytes are not checked
	Ledger     Ledger                         // nil: the ledger is not checked
	Pseudonyms ledger.Pseudonyms              // under which leaves were written
	LedgerKeys [][]byte                       // Ed25519, those that the ledger may have had; none: those that it names itself
	FollowKeys bool                           // further keys are good when the one before has signed for them
	Kept       []Kept                         // checkpoints from before
	Step       func(what string, counted int) // told of progress; may be nil
}

// Run checks everything. Its error is about reading; what is wrong with what was read is in the report.
func (a *Auditor) Run(ctx context.Context) (Report, error) {
	var r Report
	for _, part := range []struct {
		name  string
		check func(context.Context, *Report) error
	}{{"devices", a.devices}, {"ops", a.rows}, {"records", a.versions}, {"identities", a.identities}, {"numbers", a.numbers}, {"ledger", a.ledger}, {"files", a.files}} {
		if err := part.check(ctx, &r); err != nil {
			return r, fmt.Errorf("audit of %s: %w", part.name, err)
		}
	}
	return r, nil
}

func (a *Auditor) step(what string, counted int) {
	if a.Step != nil {
		a.Step(what, counted)
	}
}
