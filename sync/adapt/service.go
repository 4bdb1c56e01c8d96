// Package adapt lets clients that others wrote take part: RxDB and WatermelonDB. It translates their shapes into the online ops
// and the feeds that everybody uses, and back; merging, judging and numbering are done where they always are.
//
// It must not know HTTP or SQL, nor how ops merge.
package adapt

import (
	"context"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Reader reads what the clients are to hold. Every method sees one committed state; [pull.Reader] says how feeds are numbered.
type Reader interface {
	// Changes is [pull.Reader.Changes].
	Changes(ctx context.Context, feed string, after uint64, limit int) (page []pull.Change, head uint64, err error)
	// Heads is [pull.Reader.Heads].
	Heads(ctx context.Context, feeds []string) (map[string]uint64, error)
	// Epoch is [pull.Reader.Epoch].
	Epoch(ctx context.Context) (string, error)
	// Pick is [pull.Reader.Pick].
	Pick(ctx context.Context, feed string, ids []string) ([]pull.Change, error)
	// Revisions is [pull.History.Revisions].
	Revisions(ctx context.Context, id string) ([]pull.Revision, error)
	// OnlineSince is [push.Tx.OnlineSince].
	OnlineSince(ctx context.Context, device, author string, refs []push.Version) (map[string][]push.OwnOp, error)
}

// Writer takes the edits in. [push.Service] is one.
type Writer interface {
	ApplyShared(ctx context.Context, caller people.Caller, ops []wire.OnlineOp) ([]record.Outcome, error)
}

// Marks keeps where WatermelonDB's clients stand. A mark is a number of a device, for a text. An implementation keeps few for each
// device, and MUST keep the one that the device is known to stand at and those made after it last.
type Marks interface {
	// Mark returns the text of a device's number; ok is false if there is none.
	Mark(ctx context.Context, device string, n int64) (place []byte, ok bool, err error)
	// AddMark makes a number, at least the one given and greater than all of the device, and returns it. stands is the one that
	// the device stands at. An unknown device is fault request.not_found.
	AddMark(ctx context.Context, device string, stands, least int64, place []byte) (n int64, err error)
	// SetMark changes the text of a number, if it is kept.
	SetMark(ctx context.Context, device string, n int64, place []byte) error
}

// Service speaks with foreign clients. It is safe for concurrent use.
type Service struct {
	Reader    Reader
	Writer    Writer
	Marks     Marks
	Catalogue record.Catalogue
	Cursors   pull.Cursors
	// Feeds lists the feeds that the caller's device pulls at this moment, sorted.
	Feeds func(ctx context.Context, caller people.Caller) ([]string, error)
	// Trimmed is [pull.Service.Trimmed]; nil: departures are kept for ever.
	Trimmed func(ctx context.Context) (map[string]uint64, error)
	Now     func() time.Time
}

// Names that documents and rows have beside their body's. No declared field may bear one of them.
const (
	nameID      = "id"
	nameVersion = "serverVersion" // the version of the record that the body is of: the base of whoever edits it
	nameDeleted = "_deleted"      // RxDB's
	nameStatus  = "_status"       // WatermelonDB's
	nameChanged = "_changed"      // WatermelonDB's: the columns that were edited, with commas between
	nameSeen    = "seenVersions"  // in WatermelonDB's rows: which other versions columns were taken from; see sight
)

// MaxPage is how many documents one page may hold.
const MaxPage = 1000
