// Package ledger keeps the district's ledger: it gives every push, every other op, every enrolment and every key its leaf in the Merkle log of
// domain/ledger, signs checkpoints, and gives out what outsiders need to check them.
//
// Business transactions only queue what needs a leaf; see [Sequencer] for the rest. This package must not know HTTP or SQL, and lets no name,
// place or text into a leaf: leaves are public.
package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/ledger"
)

// The kinds of leaves.
const (
	Push   = "push"   // a push of a handheld, with all its ops; ref: its id
	Op     = "op"     // an op that is in no handheld's chain: of the server, or written online; ref: its id
	Device = "device" // the enrolment of a device; ref: its id
	Key    = "key"    // a key of the ledger itself; ref: its id
	Epoch  = "epoch"  // the database was restored from a backup; ref: the epoch
	Vouch  = "vouch"  // what somebody else says about a checkpoint; ref: see Stamp
	Gone   = "gone"   // what was queued was not there any more when its turn came; ref: "<kind>/<ref>"
)

// The kinds of leaves over single rows that never change: see Source.Row.
const (
	Fork     = "fork"     // an op that a device sent beside its chain; ref: "<device>/<seq>/<hash>"
	Decision = "decision" // what people have decided about a device that was set aside; ref: "<device>/<at>"
	Lease    = "lease"    // numbers that were given out; ref: the lease's id
	History  = "history"  // all that is kept of a restore; ref: the epoch
	Change   = "change"   // of an account, a device, a key, of who may write on a device; ref: "<kind>/<id>/<n>"
)

// Ref names the row that a leaf is about.
type Ref struct{ Kind, ID string }

// Queued is a row that waits for its leaf.
type Queued struct {
	Place int64 // in the queue
	Ref
}

// Numbered is a leaf that has its number.
type Numbered struct {
	N int64
	Ref
	Text []byte // RFC 8785
}

// Checkpoint is a signed checkpoint as it was kept.
type Checkpoint struct {
	N    int64 // 0, 1, 2, … without a gap
	Size int64
	At   time.Time
	Note []byte // without what others have added: see Stamp
}

// The kinds of what others say about a checkpoint.
const (
	Stamped  = "rfc3161"     // Data: the token
	Cosigned = "cosignature" // Data: the signature line
)

// Stamp is what somebody else says about a checkpoint.
type Stamp struct {
	Checkpoint int64 // its number
	Kind       string
	Signer     string // the authority's address, the witness's key
	At         time.Time
	Data       []byte
}

// Ref names the stamp for its leaf: <checkpoint>/<kind>/<signer>.
func (s Stamp) Ref() Ref { return Ref{Vouch, fmt.Sprintf("%d/%s/%s", s.Checkpoint, s.Kind, s.Signer)} }

// Source is the row that a leaf is about, as stored.
type Source struct {
	At        time.Time // when it was received, enrolled, made
	Device    string    // Push, Device; of an Op the device through which it came, "" for the server's own
	First     uint64    // Push: seq
	Last      uint64
	Head      string // Push: hash of the last op; Op: its hash
	Signature string // Push
	Author    string // Op
	Public    []byte // Device: SubjectPublicKeyInfo; Key: Ed25519
	Stamp     Stamp  // Vouch
	Row       []byte // of the kinds over single rows: all columns, each as text, RFC 8785
	Result    []OpResult
}

// OpResult is what became of one op: of a Push of each in order of seq, of an Op of that.
type OpResult struct {
	Hash       string
	Outcome    []byte // as stored
	ReceivedAt int64  // microseconds since 1970, as are Earliest and Latest
	Earliest   int64
	Latest     int64

	Version  uint64 // that it made; 0 if it made none
	Record   string
	Removed  bool
	Schema   int
	Body     []byte
	VersedAt int64
}

// Reader reads the ledger. What it returns is committed.
type Reader interface {
	// Size is how many leaves there are.
	Size(ctx context.Context) (int64, error)
	// Hashes returns stored hashes by their index; one that is not there is fault request.not_found.
	Hashes(ctx context.Context, indexes []int64) ([]ledger.Hash, error)
	// Leaves returns the leaves with from ≤ n < to, by n.
	Leaves(ctx context.Context, from, to int64) ([]Numbered, error)
	// LeafOf finds a leaf by the row that it is about; fault request.not_found.
	LeafOf(ctx context.Context, ref Ref) (Numbered, error)
	// KeyLeaves returns the leaves that introduce the ledger's keys, by number.
	KeyLeaves(ctx context.Context) ([]Numbered, error)
	// Latest returns the newest checkpoint; fault request.not_found when there is none.
	Latest(ctx context.Context) (Checkpoint, error)
	// CheckpointOver returns the oldest checkpoint that covers the leaf; fault request.not_found.
	CheckpointOver(ctx context.Context, leaf int64) (Checkpoint, error)
	// VouchedOver returns the oldest checkpoint that covers the leaf and about which somebody else has said something; fault request.not_found.
	VouchedOver(ctx context.Context, leaf int64) (Checkpoint, error)
	// LastVouched returns the newest checkpoint about which somebody else has said something; fault request.not_found.
	LastVouched(ctx context.Context) (Checkpoint, error)
	// Stamps returns what others have said about a checkpoint.
	Stamps(ctx context.Context, checkpoint int64) ([]Stamp, error)
	// Queue returns the first n rows that wait, in their order.
	Queue(ctx context.Context, n int) ([]Queued, error)
	// Sources returns the rows that the refs name, those that there are.
	Sources(ctx context.Context, refs []Ref) (map[Ref]Source, error)
}

// Store is what the sequencer works on.
type Store interface {
	Reader
	// Alone runs fn in a transaction while no other process does, or returns false at once if one does. It commits durably before it
	// returns nil, and leaves no trace when it does not, unless the commit went unheard.
	Alone(ctx context.Context, fn func(context.Context, Tx) error) (bool, error)
	// KeepStamp keeps what somebody says about a checkpoint; of one signer and kind the first stays, and gets a leaf.
	KeepStamp(ctx context.Context, s Stamp) error
}

// Tx is what integrating reads and writes.
type Tx interface {
	Size(ctx context.Context) (int64, error)
	Latest(ctx context.Context) (Checkpoint, error)
	Hashes(ctx context.Context, indexes []int64) ([]ledger.Hash, error)
	Queue(ctx context.Context, n int) ([]Queued, error)
	// Known tells which of the refs have a leaf, with its number.
	Known(ctx context.Context, refs []Ref) (map[Ref]int64, error)
	// NewestKey returns the id of the key that was introduced last; "" when none was.
	NewestKey(ctx context.Context) (string, error)
	// Append writes everything that one round adds. It is called at most once, last.
	Append(ctx context.Context, a Addition) error
}

// Addition is what one round adds.
type Addition struct {
	Leaves     []Numbered
	Hashes     []ledger.Hash
	FirstHash  int64
	Checkpoint *Checkpoint // nil when nothing was added
	Drained    []int64     // places in the queue that are done with
}
