package upload

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"sync/atomic"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// intake is the body of one Append as the spool reads it: bounded, hashed on the way, and ended early when the upload is
// taken over. Its errors are faults; those that wrap evidence.ErrDiscard take the chunk back.
type intake struct {
	body    io.Reader
	left    int64     // bytes that may still come
	passed  int64     // bytes that have come
	running hash.Hash // of the whole upload, nil when it cannot go on here
	chunk   hash.Hash // nil without a checksum
	want    []byte

	lettingGo atomic.Bool // set by who takes over
}

// newIntake checks the checksum's form. left and running are set once it is the body's turn.
func newIntake(body io.Reader, sum *Checksum) (*intake, error) {
	in := &intake{body: body}
	if sum == nil {
		return in, nil
	}
	switch sum.Algorithm {
	case "sha256":
		in.chunk = sha256.New()
	case "sha1":
		in.chunk = sha1.New()
	default:
		return nil, fault.New(fault.ChecksumUnsupported)
	}
	in.want = sum.Digest
	return in, nil
}

// letGo makes the running Read and all that follow end with fault upload.taken_over.
func (in *intake) letGo() {
	in.lettingGo.Store(true)
	in.interrupt()
}

func (in *intake) interrupt() {
	if body, ok := in.body.(Interrupter); ok {
		body.Interrupt()
	}
}

func (in *intake) Read(p []byte) (int, error) {
	if in.lettingGo.Load() {
		return 0, in.broken(fault.New(fault.UploadTakenOver))
	}
	if in.left == 0 {
		return 0, in.atEnd()
	}
	n, err := in.body.Read(p[:min(int64(len(p)), in.left)])
	in.left -= int64(n)
	in.passed += int64(n)
	for _, h := range []hash.Hash{in.running, in.chunk} {
		if h != nil {
			h.Write(p[:n])
		}
	}
	switch {
	case err == nil:
		return n, nil
	case err == io.EOF:
		return n, in.finish()
	case in.lettingGo.Load():
		return n, in.broken(fault.New(fault.UploadTakenOver))
	}
	return n, in.broken(fault.New(fault.BodyCut).Because(err))
}

// atEnd makes sure that nothing follows the last byte.
func (in *intake) atEnd() error {
	var more [1]byte
	for range 100 { // a reader may give nothing without an error, but not for ever
		n, err := in.body.Read(more[:])
		switch {
		case n > 0:
			return discard(fault.New(fault.UploadTooLong))
		case err == io.EOF:
			return in.finish()
		case err != nil:
			return in.broken(fault.New(fault.BodyCut).Because(err))
		}
	}
	return in.broken(fault.New(fault.BodyCut).Because(io.ErrNoProgress))
}

// finish ends a whole chunk.
func (in *intake) finish() error {
	if in.chunk != nil && !bytes.Equal(in.chunk.Sum(nil), in.want) {
		return discard(fault.New(fault.UploadChecksum))
	}
	return io.EOF
}

// broken ends a chunk early. With a checksum, half a chunk cannot be checked.
func (in *intake) broken(why *fault.Error) error {
	if in.chunk != nil {
		return discard(why)
	}
	return why
}

func discard(why *fault.Error) error {
	return why.Because(errors.Join(evidence.ErrDiscard, why.Cause))
}
