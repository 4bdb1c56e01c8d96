package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
)

// An object is read back on several lines, so that store and reader have something to do at any time; one that is short has one, for each
// line costs requests.
const (
	lines    = 4
	lineFrom = 4 << 20 // octets that are worth a line
)

// readBack reads what is stored under a key and holds it against the marks of what was sent: fault evidence.store_differs if it is other bytes, fewer or more.
func readBack(ctx context.Context, store evidence.Blobs, key string, length int64, sent *marks) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	share := max(lineFrom, (length+lines-1)/lines)
	share = (share + stretch - 1) / stretch * stretch
	var reading sync.WaitGroup
	for from := int64(0); from == 0 || from < length; from += share {
		reading.Go(func() {
			if err := (line{store, key, sent, length}).read(ctx, from, min(from+share, length)); err != nil {
				stop(err)
			}
		})
	}
	reading.Wait()
	return context.Cause(ctx)
}

// line reads a range of an object that should have the length.
type line struct {
	store  evidence.Blobs
	key    string
	sent   *marks
	length int64
}

// read reads from a stretch's beginning to another's, or to the object's end, where nothing may follow.
func (l line) read(ctx context.Context, from, to int64) error {
	n := to - from
	if to == l.length {
		n = -1 // a store that was told where to end would hide what is too much
	}
	body, err := l.store.OpenRange(ctx, l.key, from, n)
	if errors.Is(err, fault.New(fault.RangeInvalid)) {
		return l.differs(from)
	}
	if err != nil {
		return err
	}
	defer body.Close()
	in := bounded{ctx, body} // another line may have failed
	buffer := make([]byte, min(stretch, to-from))
	for at := from; at < to; at += stretch {
		octets := buffer[:min(stretch, to-at)]
		_, err := io.ReadFull(in, octets)
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return err
		}
		if err != nil || !l.sent.match(int(at/stretch), octets) {
			return l.differs(at)
		}
	}
	more, err := io.ReadFull(in, make([]byte, 1))
	switch {
	case more > 0:
		return l.differs(to)
	case err != io.EOF:
		return err
	}
	return nil
}

func (l line) differs(at int64) error {
	return fault.New(fault.StoreDiffers).Because(fmt.Errorf("%s holds other bytes than were sent, at %d or in the %d behind it", l.key, at, stretch))
}
