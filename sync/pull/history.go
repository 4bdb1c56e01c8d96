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
