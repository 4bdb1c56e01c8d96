// Package upload takes in the bytes of evidence: an upload is created against an announced manifest, receives bytes into
// the spool, and when whole is verified, promoted to the blob store and receipted.
//
// It must not know HTTP (tus is api's) or SQL: it speaks through [Store] and the ports of domain/evidence.
package upload

import (
	"context"
	"time"
)

// Store keeps what is known of uploads. Offsets are the spool's to know; the row only says what the upload is for.
type Store interface {
	// Create keeps a new upload. An evidence has at most one live upload that is not a part: if there is one, it is returned instead and
	// created is false. It has at most [MaxParts] parts that receive: one more is fault upload.too_many_parts.
	Create(ctx context.Context, u Upload) (kept Upload, created bool, err error)
	// Live returns the live upload of an evidence that is not a part, or fault request.not_found.
	Live(ctx context.Context, evidence string) (Upload, error)
	// Declare gives a receiving upload whose length is unknown its length; false when it is known already.
	Declare(ctx context.Context, id string, length int64) (bool, error)
	// Find returns an upload, or fault request.not_found.
	Find(ctx context.Context, id string) (Upload, error)
	// Advance moves the state from one to another; false when it was not in from any more.
	Advance(ctx context.Context, id string, from, to State) (bool, error)
	// Sealed moves a whole upload to Whole and queues its promotion, in one transaction; idempotent.
	Sealed(ctx context.Context, id, jobKind string) error
	// Expired lists receiving uploads of an owner, or of none, that expire before the moment.
	Expired(ctx context.Context, before time.Time, owner string) ([]Upload, error)
	// Missing lists evidence whose bytes the server does not hold, of those with an id after the one named, by id, at most limit.
	Missing(ctx context.Context, after string, limit int) ([]Missing, error)
	// Announced counts the evidence records that name a digest.
	Announced(ctx context.Context, sha256 string) (int, error)
	// DeviceKey returns the public key of a device, as SubjectPublicKeyInfo in DER, or fault request.not_found.
	DeviceKey(ctx context.Context, device string) ([]byte, error)
	// Evidence returns the manifest's current record body, or fault request.not_found.
	Evidence(ctx context.Context, evidence string) (body map[string]any, err error)
	// AnnouncedBy returns the device whose op made the evidence record; "" if none did.
	AnnouncedBy(ctx context.Context, evidence string) (device string, err error)
}

// Upload is one attempt to bring the bytes of one evidence.
type Upload struct {
	ID        string // UUIDv7; also the spool's name for the bytes
	Evidence  string
	Device    string
	Unit      string
	Length    int64  // octets; Unknown until a part's is declared
	SHA256    string // hex, from the manifest
	State     State
	CreatedAt time.Time
	ExpiresAt time.Time
	Part      bool     // it brings a part of the bytes, to be joined with others
	Parts     []string // the uploads it is joined from, in their order; nil if it receives its bytes itself
	Note      Note
	Docked    bool   // a docking station brings the bytes straight to the blob store
	Owner     string // the replica whose spool has the bytes, see Fleet
}

// Note is what a client has said of an upload that means nothing here, and is told again as it was said.
type Note struct {
	Metadata string
	Joins    string // how it has named the parts
}

// Unknown is the length of a part that is not declared yet.
const Unknown = -1

// MaxParts is how many parts of one evidence may wait to be joined, and from how many an upload may be joined.
const MaxParts = 64

// Missing is an announced recording without its bytes.
type Missing struct {
	Evidence string
	Device   string         // that announced it
	Body     map[string]any // of the evidence record
}

// State of an upload.
type State string

// The states: receiving → whole → held, or → mismatch (kept apart), or → ended (terminated or expired).
const (
	Receiving State = "receiving"
	Whole     State = "whole"
	Held      State = "held"
	Mismatch  State = "mismatch"
	Ended     State = "ended"
)
