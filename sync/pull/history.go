package pull

import (
	"context"
	"time"
)

// History reads single records with their past: for people who look at a case, and for auditors.
type History interface {
	// Record returns a record as it stands, removed ones included, or fault request.not_found.
	Record(ctx context.Context, collection, id string) (Record, error)
	// Revisions returns every version of a record, oldest first, each with the op that made it.
	Revisions(ctx context.Context, id string) ([]Revision, error)
	// Lookup returns the live records of the collection whose string field, named by its path, has the value; see record.Facts for the
	// fields that have an index.
	Lookup(ctx context.Context, collection, field, value string) ([]Record, error)
	// Waiting returns a page of what lies on the desks: live records in one state, by id.
	Waiting(ctx context.Context, w Waiting) ([]Record, error)
	// Among returns those of the named records that are live in the collection, by id.
	Among(ctx context.Context, collection string, ids []string) ([]Record, error)
	// Touched walks over live records by the time of their last change. It reads page by page and holds neither a connection nor a transaction while
	// fn works; a record that changes meanwhile comes again at its new place. The first error of fn ends it.
	Touched(ctx context.Context, t Touched, fn func(Record) error) error
	// Began is when the server first heard of any of the records, by the clock that their last changes are told by; zero where it has heard of none.
	Began(ctx context.Context, ids []string) (time.Time, error)
	// Written is that of [Reader].
	Written(ctx context.Context, prefix string) ([]string, error)
	// OpText returns the text of an op as it was taken, RFC 8785, or fault request.not_found.
	OpText(ctx context.Context, id string) ([]byte, error)
}

// Waiting says what of a desk is asked for. The collection should be one whose state is indexed: findings, conflicts, deadletters. Of others every record
// is looked at, which is for jobs only.
type Waiting struct {
	Collection string
	State      string
	Units      []string // codes: of these units and those below; none gives nothing
	After      string   // a record's id, or "" to begin
	Limit      int
}

// Touched says which records are walked over: those of a collection in one feed that were last changed at a moment or later. The collection should be one
// with an index for it: documents.
type Touched struct {
	Collection string
	Feed       string
	Since      time.Time
}

// Record is a record as it stands.
type Record struct {
	Collection string
	ID         string
	Feed       string
	Version    uint64
	Removed    bool
	Schema     int    // the form of the collection in which Body is
	Body       []byte // RFC 8785
}

// Revision is one version of a record with who made it, when, and on what.
type Revision struct {
	Version    uint64
	Op         string
	Action     string
	Author     string
	Device     string // that signed the op, or through which it was written online; "" for the server's own
	OccurredAt time.Time
	ReceivedAt time.Time
	Status     string
	Collection string
	Schema     int // the form of the collection in which Body is
	Body       []byte
}
