// Package pull gives changes out: pages by cursor, and whole feeds as snapshots.
//
// It must not know HTTP or SQL: it speaks through [Reader].
package pull

import "context"

// PageOctets bounds a page: with the change at which its bodies reach so many octets it ends.
const PageOctets = 4 << 20

// Reader reads feeds. Every method sees one committed state; numbers of one feed become visible in order, because writers
// lock the feed before they take numbers.
type Reader interface {
	// Changes returns the feed's records and departures with seq > after, in seq order, at most limit of them, and the head
	// of the feed in the same view. A record appears once, at its newest seq. Removed records come as departures only. A page whose
	// bodies reach PageOctets ends there.
	Changes(ctx context.Context, feed string, after uint64, limit int) (page []Change, head uint64, err error)
	// Heads returns the heads of the named feeds; a feed that was never written has head 0.
	Heads(ctx context.Context, feeds []string) (map[string]uint64, error)
	// Written returns the names of the feeds that begin with the prefix and have been written.
	Written(ctx context.Context, prefix string) ([]string, error)
	// Each calls fn for the feed's live records with after < seq ≤ upTo, in seq order, in memory that does not grow with the
	// feed. It may read on while fn works, a page at most: while fn waits, for however long, nothing of the database is held. What it has begun has
	// ended when it returns. fn must not keep the change's Body. An error of fn ends the walk and is returned. A record that changes meanwhile may be missing: its new seq is over the head that was there when the walk began.
	Each(ctx context.Context, feed string, after, upTo uint64, fn func(Change) error) error
	// Pick returns those of the named records that the feed shows, in seq order. A page whose bodies reach PageOctets ends there.
	Pick(ctx context.Context, feed string, ids []string) ([]Change, error)
	// Trimmed returns the feeds whose departures may be missing, each with the number up to which they may. What it says, it says for [TrimWait]
	// before it is so.
	Trimmed(ctx context.Context) (map[string]uint64, error)
	// Epoch names this history of the database; restoring a backup makes a new one.
	Epoch(ctx context.Context) (string, error)
	// Acked returns the last op seq of the device that is committed; 0 for an unknown one.
	Acked(ctx context.Context, device string) (uint64, error)
}

// Change is one line of a feed. Body is canonical JSON text, in the form of its collection that Schema says; it is nil when Gone is set.
type Change struct {
	Feed       string
	Seq        uint64
	Collection string
	ID         string
	Version    uint64
	Schema     int
	Body       []byte
	Gone       string // "" · wire.GoneRemoved · wire.GoneMoved · wire.GoneClosed
}
