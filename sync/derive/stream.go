package derive

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
)

// stream reads a stored file at offsets that mostly go forward: it reads on where the next one is near, and asks anew where it is far. So the
// media between two boxes is not fetched, and small steps do not cost a request each.
type stream struct {
	ctx   context.Context
	key   string
	blobs evidence.Blobs
	size  int64
	open  io.ReadCloser
	at    int64 // of the next octet that open gives
	end   int64 // behind the last that it gives
}

// window is how much is asked for at once, and up to where octets are read over rather than skipped by a new request.
const window = 256 << 10

// ReadAt implements io.ReaderAt, for one caller at a time. io.EOF is the end of the file and nothing else.
func (f *stream) ReadAt(p []byte, off int64) (int, error) {
	if off >= f.size {
		return 0, io.EOF
	}
	want := min(int64(len(p)), f.size-off)
	if err := f.seek(off, want); err != nil {
		return 0, err
	}
	n, err := io.ReadFull(f.open, p[:want])
	f.at += int64(n)
	if err != nil {
		f.close()
		return n, whole(err)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// seek makes the next octet the one at an offset, with so many to come.
func (f *stream) seek(off, want int64) error {
	if f.open == nil || off < f.at || off+want > f.end {
		f.close()
		n := min(max(want, window), f.size-off)
		opened, err := f.blobs.OpenRange(f.ctx, f.key, off, n)
		if err != nil {
			return err
		}
		f.open, f.at, f.end = opened, off, off+n
	}
	skipped, err := io.CopyN(io.Discard, f.open, off-f.at)
	f.at += skipped
	if err != nil {
		f.close()
	}
	return whole(err)
}

// whole says what it means that a store ends before the file does.
func whole(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the store gives fewer octets than it holds")
	}
	return err
}

func (f *stream) close() {
	if f.open != nil {
		f.open.Close()
		f.open = nil
	}
}
