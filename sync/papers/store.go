// Package papers renders issued papers and leases the numbers that papers carry.
//
// It must not know PDF, SQL or HTTP: what a paper looks like is domain/document/render's, where its bytes are kept is behind
// evidence.Blobs.
package papers

import (
	"context"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/document"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/sync/custody"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// Numbers gives out the numbers of series.
type Numbers interface {
	// LeaseNumbers takes the next count numbers of a series for good, and returns the first. A lease is named by its id: asked
	// for again, it returns the same numbers, so that neither a lost reply nor a crash leaves a gap that nothing explains. An
	// id that was used for another series or count is fault request.idempotency_key_reused.
	//
	// Implementations MUST be durable when they return nil and safe for concurrent use; numbers of a series are given out
	// once, in order, without gaps.
	LeaseNumbers(ctx context.Context, lease, series string, count int) (first uint64, err error)
	// NumberFacts returns what the numbers of a series after one are accounted by: of at most so many leases, beginning with the one that the number
	// after is in. It MUST be of one committed state. A series that never was is fault request.not_found.
	NumberFacts(ctx context.Context, series string, after uint64, leases int) (document.NumberFacts, error)
	// SeriesOf returns the series of an organ, and of those whose codes begin with its code, by name, with the last number each has given.
	SeriesOf(ctx context.Context, organ, after string, limit int) (names []string, last []uint64, err error)
}

// Watch has what the store holds read again at night; custody.Checks is one.
type Watch interface {
	KeepCheck(ctx context.Context, of custody.Item, held bool, since time.Time) error
}

// Devices finds devices; see people.Identities.
type Devices interface {
	Device(ctx context.Context, id string) (people.Device, error)
}

// Seals keeps the pictures of the organs' seals.
type Seals interface {
	// Seal is the PNG of an organ's seal, by the organ's code, as document.Seal takes it; nil where there is none.
	Seal(ctx context.Context, organ string) ([]byte, error)
}

// History reads the records that a paper speaks of; see pull.History.
type History interface {
	Record(ctx context.Context, collection, id string) (pull.Record, error)
	Revisions(ctx context.Context, id string) ([]pull.Revision, error)
	Lookup(ctx context.Context, collection, field, value string) ([]pull.Record, error)
	Waiting(ctx context.Context, w pull.Waiting) ([]pull.Record, error)
	Among(ctx context.Context, collection string, ids []string) ([]pull.Record, error)
	Touched(ctx context.Context, t pull.Touched, fn func(pull.Record) error) error
	Began(ctx context.Context, ids []string) (time.Time, error)
	Written(ctx context.Context, prefix string) ([]string, error)
}

// Records is the write path, for what the server itself says; push.Service is one.
type Records interface {
	ApplyOwn(ctx context.Context, ops []push.ServerOp) error
}

// Judged is the write path for what must not be done unless the gates let it be done; push.Service is one.
type Judged interface {
	ApplyJudged(ctx context.Context, ops []push.ServerOp) error
}
