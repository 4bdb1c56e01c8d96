// Package custody keeps what is done with recordings: who, what, from which device, when and why. Each act is a record of the collection
// "custody", written by an op of the server, so that it travels, has history and is audited like everything else. It brings retention
// and holds to the store, disposes of what two persons have given up, and reads again, night by night, what is kept.
//
// It must not know HTTP or SQL, nor where bytes are.
package custody

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// Records is the write path, for what the server itself says; push.Service is one.
type Records interface {
	ApplyOwn(ctx context.Context, ops []push.ServerOp) error
	ApplyJudged(ctx context.Context, ops []push.ServerOp) error
}

// Checks keeps when the bytes of each held item were last read and hashed: so that a night of reading makes no version of
// any record.
type Checks interface {
	// KeepCheck begins the watch over an item, as sound since a moment; of one that is watched it only changes held.
	KeepCheck(ctx context.Context, of Item, held bool, since time.Time) error
	// DropCheck ends it.
	DropCheck(ctx context.Context, of Item) error
	// DueChecks claims the items that were not tried for longest, those first, so that no other replica reads them too.
	DueChecks(ctx context.Context, due Due) (items []Item, err error)
	// Checked keeps a result, and ends the claim.
	Checked(ctx context.Context, of Item, sound bool, at time.Time) error
	// Unread keeps that an item could not be read, ends the claim and tells how often that was in a row and since when. turn: it has had
	// its turn; else it is among the next.
	Unread(ctx context.Context, of Item, at time.Time, turn bool) (Check, error)
	// LastCheck tells the last result; false for one that is not watched.
	LastCheck(ctx context.Context, of Item) (Check, bool, error)
	// CountChecks counts the items that are watched.
	CountChecks(ctx context.Context) (int, error)
}

// Due says which items are wanted: at most Limit, last tried before Before, and not claimed since Stale.
type Due struct {
	Held               bool // only those under a hold
	Unread             bool // or only those that could not be read the last time
	Now, Before, Stale time.Time
	Limit              int
}

// Check is the last result of an item.
type Check struct {
	Held  bool
	Sound bool
	At    time.Time // zero: never since it is watched

	Unread      int       // how often in a row it could not be read since then
	UnreadSince time.Time // zero: it could
}

// Service is safe for concurrent use.
type Service struct {
	Records  Records
	History  pull.History // of newest forms
	Blobs    evidence.Blobs
	Checks   Checks
	Board    Board
	Feeds    Feeds
	District string
	Rate     int64 // octets a second at which the nightly check reads; 0 is unbounded
	Nights   int   // within which everything is read once; 0 is 90
	Now      func() time.Time
	NewID    func() string // UUIDv7
	Log      *slog.Logger

	mu      sync.Mutex
	looks   map[*Look]bool    // those that may have something to write; guarded by mu
	current map[lookKey]*Look // those that go on; guarded by mu
	doubts  doubts            // guarded by mu
}

// By is the entry of a caller's act on an evidence of a unit, now.
func (s *Service) By(caller people.Caller, act evidence.Act, evidenceID, unit, reason string) evidence.Entry {
	return evidence.Entry{Evidence: evidenceID, Unit: unit, Act: act, Actor: caller.Officer, ActorUnit: caller.Unit, Device: caller.Device,
		At: s.Now(), Reason: reason}
}

// Record writes acts, all or none, with whatever else the caller has the server say in the same transaction. It is durable when it
// returns nil.
func (s *Service) Record(ctx context.Context, entries []evidence.Entry, also ...push.ServerOp) error {
	for _, e := range entries {
		also = append(also, Op(s.NewID(), e))
	}
	return s.Records.ApplyOwn(ctx, also)
}

// Op is an act as an op of the server, for those who write it with their own.
func Op(id string, e evidence.Entry) push.ServerOp {
	return push.ServerOp{Collection: evidence.Custodies.Name, Record: id, Action: record.Create, Patch: e.Body()}
}
