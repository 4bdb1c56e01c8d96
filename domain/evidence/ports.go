package evidence

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// Digest says which bytes: their number and their SHA-256. Equal digests are equal bytes.
type Digest struct {
	Length int64
	SHA256 string // lower-case hex
}

// Blobs holds bytes at rest: evidence and issued papers. What is in it never changes; keys are made by the server from the
// digest of the bytes, see [Key].
//
// Implementations MUST be safe for concurrent use, MUST honour the end of ctx, and MUST answer a store that cannot be
// reached, or that does not answer in time, with fault service.unavailable; a full one with storage.full; a key that is not
// there with request.not_found. Every method MAY be repeated after an error: the first try may have had its effect.
//
// A store is not believed. Use every adapter through blob.Verified, which fulfils what is said here of digests.
type Blobs interface {
	// Put stores the bytes of body under the key. When it returns nil the bytes MUST be durable, and MUST have been read back
	// and proven to be those that have the digest. Until then nothing MUST be visible under the key: not to readers, not after a crash.
	//
	// A key that holds these bytes already is fine, and body MAY be left unread. A key that holds other bytes MUST be left
	// alone: fault evidence.store_differs. A body that has another digest is fault evidence.digest_mismatch and stores
	// nothing; a body that ends early or fails stores nothing.
	Put(ctx context.Context, key string, want Digest, body io.Reader) error
	// OpenRange opens n bytes from an offset; n < 0 means to the end. A range that begins beyond the end is fault
	// evidence.range_unsatisfied; one that ends beyond it is cut. The caller closes what it gets.
	OpenRange(ctx context.Context, key string, from, n int64) (io.ReadCloser, error)
	// Stat tells what is stored under the key.
	Stat(ctx context.Context, key string) (Stored, error)
	// Retain forbids removal before the moment. It only ever extends: an earlier moment than the one in force changes
	// nothing. How hard the store enforces it is the adapter's to say in its documentation.
	Retain(ctx context.Context, key string, until time.Time) error
	// Hold forbids removal until it is taken off again, whatever the retention says.
	Hold(ctx context.Context, key string, on bool) error
	// Remove takes the bytes away for good: fault evidence.retained before the end of the retention, fault evidence.on_hold
	// under a hold. A key that is not there is fine.
	Remove(ctx context.Context, key string) error
}

// Stored is what a store says of a key.
type Stored struct {
	Length        int64
	RetainedUntil time.Time // zero: not retained
	Held          bool
}

// Spool holds the bytes of uploads while they arrive. An upload's bytes are in one place and grow at the end only.
//
// Implementations MUST be safe for concurrent use; appends to one id exclude each other. An id that was not created, or
// was removed or set aside, is fault request.not_found. Only one process uses a spool at a time.
type Spool interface {
	// Create makes room for an upload. An id that is there already is left as it is.
	Create(ctx context.Context, id string) error
	// Append adds what body holds behind the first offset bytes and returns the new offset; offset MUST be what Offset
	// returns, or it is fault upload.offset_mismatch and nothing is read from body.
	//
	// Every offset that is returned MUST be durable, also beside an error: a body that fails keeps what it gave before,
	// and its error is returned. A body that fails with [ErrDiscard] takes back all that this call has added; so does a
	// failure of the spool itself, such as no room: fault storage.full. While another Append of the id runs: fault
	// upload.busy. Memory MUST NOT grow with the body.
	Append(ctx context.Context, id string, offset int64, body io.Reader) (int64, error)
	// Join makes an upload of the bytes of others, one behind the other; one MAY be named twice. It returns their number. The bytes are shared,
	// not copied: the others MAY be removed afterwards, and MUST NOT be appended to any more. One that is not there is fault
	// request.not_found, and nothing is joined. An id that is joined already is left as it is. It takes no Append: fault upload.joined.
	Join(ctx context.Context, id string, others []string) (int64, error)
	// Offset returns how many bytes are there, durably. After a crash that MAY be more than was ever returned by Append:
	// what did arrive counts, once it has been made durable.
	Offset(ctx context.Context, id string) (int64, error)
	// Open opens the bytes for reading, from an offset. Its Stat tells their number and when the last one was added.
	Open(ctx context.Context, id string, from int64) (fs.File, error)
	// SetAside takes the bytes out of reach of the other methods, and keeps them for people to look at. Doing it again
	// changes nothing. While an Append of the id runs: fault upload.busy.
	SetAside(ctx context.Context, id string) error
	// Remove takes the bytes away. An id that is not there is fine. While an Append of the id runs: fault upload.busy.
	Remove(ctx context.Context, id string) error
	// Waiting lists the uploads that are there, in any order; those that were set aside are not among them. It MAY name one that was removed
	// meanwhile.
	Waiting(ctx context.Context) ([]Waiting, error)
}

// Waiting is an upload in a spool.
type Waiting struct {
	ID      string
	Changed time.Time // when the last byte was added, or that it is there, if it has none
}

// ErrDiscard, wrapped in the error of a body, tells [Spool].Append to take back what it has added.
var ErrDiscard = errors.New("discard what this body gave")

// NotThere makes of a store that has no object under a key that is on record what it is: other than what was receipted, and not a recording that nobody
// has heard of. Any other error stays.
func NotThere(err error) error {
	if errors.Is(err, fault.New(fault.NotFound)) {
		return fault.New(fault.StoreDiffers).Because(err)
	}
	return err
}
