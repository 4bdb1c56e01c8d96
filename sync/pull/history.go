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
	// Lookup returns the live records of the collection whose top-level string field has the value; see record.Facts for the
	// fields that have an index.
	Lookup(ctx context.Context, collection, field, value string) ([]Record, error)
}

// Record is a record as it stands.
type Record struct {
	Collection string
	ID         string
	Feed       string
	Version    uint64
	Removed    bool
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
	Body       []byte
}
