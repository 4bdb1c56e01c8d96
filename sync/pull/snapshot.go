package pull

import (
	"context"
	"io"
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Snapshot writes the live records of one feed as NDJSON, in seq order, beginning after the given seq; so a cut download goes
// on where it stopped, and is then also told what has left the feed since: the device may hold it. The last line says where
// to pull from. Records that change while it is written may be missing from it and then come by the pull. Memory does not
// grow with the feed.
//
// cursor is the one the device has, or empty; the end line carries it with this feed moved on. The feed and the cursor are
// checked before the first byte; an error after that leaves the stream without its end line.
func (s *Service) Snapshot(ctx context.Context, caller people.Caller, feed, cursor string, after uint64, w io.Writer) error {
	if !s.Has(caller, feed) {
		return fault.New(fault.FeedForbidden).At("feed")
	}
	heads, err := s.Reader.Heads(ctx, []string{feed})
	if err != nil {
		return err
	}
	end := wire.SnapshotEnd{UpTo: heads[feed]}
	if end.Cursor, err = s.cursorAt(ctx, caller.Device, cursor, feed, end.UpTo); err != nil {
		return err
	}
	line := func(l wire.SnapshotLine) error {
		if err := wire.Write(w, l); err != nil {
			return err
		}
		_, err := io.WriteString(w, "\n")
		return err
	}
	walk := s.Reader.Each
	if after > 0 {
		walk = s.resume
	}
	err = walk(ctx, feed, after, end.UpTo, func(c Change) error {
		end.Count++
		return line(wire.SnapshotLine{Change: toWire(c)})
	})
	if err != nil {
		return err
	}
	return line(wire.SnapshotLine{End: &end})
}

// resume calls fn for the feed's records and departures with after < seq ≤ upTo, in seq order.
func (s *Service) resume(ctx context.Context, feed string, after, upTo uint64, fn func(Change) error) error {
	for {
		page, _, err := s.Reader.Changes(ctx, feed, after, MaxLimit)
		if err != nil {
			return err
		}
		for _, c := range page {
			if c.Seq > upTo {
				return nil
			}
			if err := fn(c); err != nil {
				return err
			}
			after = c.Seq
		}
		if len(page) < MaxLimit {
			return nil
		}
	}
}

// Has reports whether the feed is one of the caller's.
func (s *Service) Has(caller people.Caller, feed string) bool {
	return slices.Contains(caller.Feeds(s.District, s.Now()), feed)
}

// cursorAt makes the cursor of a device that has taken a feed's snapshot up to a seq, on top of the cursor it had.
func (s *Service) cursorAt(ctx context.Context, device, cursor, feed string, upTo uint64) (string, error) {
	at, err := s.position(ctx, device, cursor)
	if err != nil {
		return "", err
	}
	at.Feeds[feed] = upTo
	return s.Cursors.encode(at)
}
