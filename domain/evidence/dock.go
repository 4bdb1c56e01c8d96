package evidence

import (
	"context"
	"io"
	"time"
)

// Dock lets a docking station bring bytes straight to the blob store, past the server, each part to an address that is good for a while. What
// comes so is not believed: it is read, hashed and stored under its digest like what comes through the spool.
//
// Implementations MUST be safe for concurrent use, also by several processes, and MUST honour the end of ctx. A store that cannot be reached is fault
// service.unavailable. Every method MAY be repeated after an error.
type Dock interface {
	// Berth begins to take in so many octets under an id, or goes on: it tells which parts are missing and where to put them until the moment. A part that has
	// another length than asked for is missing. What is closed already is missing nothing.
	Berth(ctx context.Context, id string, length int64, until time.Time) ([]DockPart, error)
	// Close joins the parts; fault upload.part_unfinished while one is missing.
	Close(ctx context.Context, id string, length int64) error
	// Open opens what was closed, and tells when that was; else fault request.not_found.
	Open(ctx context.Context, id string) (io.ReadCloser, time.Time, error)
	// Clear takes away what there is under the id, closed or not.
	Clear(ctx context.Context, id string) error
}

// DockPart is a part of a recording that a docking station has to bring.
type DockPart struct {
	Number int   // from 1
	From   int64 // octet that it begins with
	Length int64
	URL    string // for one PUT of exactly these octets
}
