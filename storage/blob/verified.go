// Package blob holds bytes at rest: a folder, the embedded default, and any S3 store with object lock. It implements
// evidence.Blobs.
//
// It must not know what the bytes are. Keys and digests come from the caller.
package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"sync"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/storage/durable"
)

// Verified puts the checking of digests around a store, whatever the store itself does: it hashes what goes in, and after
// the store has said yes reads back what is there and holds it against marks of what it has hashed. What it has not sent itself it hashes again.
//
// The store must do the rest of what [evidence.Blobs] asks: be durable, show nothing before it is whole, take a body that
// ends early or fails as no body, and leave a key alone that is taken, whatever it holds; to say that by nil is enough.
func Verified(store evidence.Blobs) evidence.Blobs { return &verified{store} }

type verified struct{ evidence.Blobs }

// Put implements evidence.Blobs. A body that is also an io.ReaderAt may be read again while it is read, in parts.
func (v *verified) Put(ctx context.Context, key string, want evidence.Digest, body io.Reader) error {
	sent, err := newMarks(want.Length)
	if err != nil {
		return err
	}
	in := &checked{body: body, hash: sha256.New(), marks: sent, want: want}
	in.again, _ = body.(io.ReaderAt)
	if want.Length == 0 {
		_, _ = in.Read(make([]byte, 1)) // a store need not read what has no length
	}
	if err := in.state(); err != nil && err != io.EOF {
		return err
	}
	err = v.Blobs.Put(ctx, key, want, in)
	whole, wrong := in.close()
	switch {
	case err != nil && wrong != nil:
		return wrong // however the store has dressed it
	case err != nil:
		return err
	case whole:
		return readBack(ctx, v.Blobs, key, want.Length, sent)
	}
	return Check(ctx, v.Blobs, key, want) // it was there before
}

// Check reads what is stored under a key and compares it with the digest: fault evidence.store_differs if it is other bytes.
func Check(ctx context.Context, store evidence.Blobs, key string, want evidence.Digest) error {
	stored, err := store.OpenRange(ctx, key, 0, -1)
	if err != nil {
		return err
	}
	defer stored.Close()
	found := sha256.New()
	if err := durable.Copy(found, stored); err != nil {
		return err
	}
	if sum := hex.EncodeToString(found.Sum(nil)); sum != want.SHA256 {
		return fault.New(fault.StoreDiffers).Because(errors.New(key + " holds bytes of SHA-256 " + sum))
	}
	return nil
}

// checked hashes a body on its way in. It keeps the last bytes back until it knows that they are the last and the digest of
// all: a store that counts bytes would otherwise take the wrong ones for complete.
type checked struct {
	body  io.Reader
	hash  hash.Hash
	marks *marks // of the same octets
	want  evidence.Digest
	given int64

	// What has come of it. An HTTP client can answer while it still reads: a store that says early that it has the key does that.
	mu     sync.Mutex
	whole  bool  // all bytes have come and are the right ones; guarded by mu
	wrong  error // set when they are not; guarded by mu
	closed bool  // nobody may read any more; guarded by mu

	again  io.ReaderAt // reads them again; nil if that cannot be done
	pieces *pieces     // checksums of pieces of them, if the store asks for these before it reads
}

// close ends the reading, and tells whether all bytes have come and are the right ones, or what was wrong. A read that is under way comes to its end; the
// body is not asked again.
func (c *checked) close() (whole bool, wrong error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	return c.whole, c.wrong
}

// state is what the next read is to return; nil if it may read.
func (c *checked) state() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.wrong != nil:
		return c.wrong
	case c.whole:
		return io.EOF
	case c.closed:
		return io.ErrClosedPipe
	}
	return nil
}

// Read implements io.Reader, for one reader at a time.
func (c *checked) Read(p []byte) (int, error) {
	if err := c.state(); err != nil {
		return 0, err
	}
	n, err := c.body.Read(p)
	c.hash.Write(p[:n])
	_, _ = c.marks.Write(p[:n]) // never fails
	if c.pieces != nil {
		_, _ = c.pieces.Write(p[:n]) // never fails
	}
	c.given += int64(n)
	if err != io.EOF && (err != nil || c.given < c.want.Length) {
		return n, err
	}
	if c.given == c.want.Length && err == nil {
		_, err = io.ReadFull(c.body, make([]byte, 1))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.given != c.want.Length || hex.EncodeToString(c.hash.Sum(nil)) != c.want.SHA256 || err == nil {
		c.wrong = fault.New(fault.DigestMismatch)
		return 0, c.wrong
	}
	if err != io.EOF {
		return 0, err
	}
	c.whole = true
	c.marks.end()
	if c.pieces != nil {
		c.pieces.end()
	}
	return n, nil
}
