package pull

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/sync/forms"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// A chunk ends with the line that reaches one of these. A device holds one chunk in memory until it has verified it.
const (
	ChunkLines  = 500
	ChunkOctets = 1 << 20
)

// Wanted says which part of which feed a snapshot is to hold.
type Wanted struct {
	Feed   string
	After  uint64 // what the device has already; 0: nothing
	UpTo   uint64 // 0: to the head
	Cursor string // the cursor the device has, or empty

	Schemas map[string]int // as in [wire.Pull]
}

// Snapshot writes the live records of one feed as NDJSON, in seq order, in chunks of whole lines, each sealed by a line that says what
// it covers and the SHA-256 of its octets. It begins after the given seq, so a cut download goes on behind its last whole chunk and a
// device may fetch parts beside each other; a part that does not begin at 0 also tells what has left the feed since, because the device
// may hold it. The last line says where to pull from. Records that change while it is written may be missing from it and then come by
// the pull. Memory does not grow with the feed.
//
// The end line carries the cursor of the request with this feed moved on to where the part ends. The feed and the cursor are checked
// before the first octet; an error after that leaves the stream without its end line.
func (s *Service) Snapshot(ctx context.Context, caller people.Caller, want Wanted, w io.Writer) error {
	if err := s.MayPull(ctx, caller, want.Feed); err != nil {
		return err
	}
	speaks, err := forms.Speak(s.Catalogue, want.Schemas)
	if err != nil {
		return err
	}
	if want.UpTo > 0 && want.UpTo < want.After {
		return fault.New(fault.FieldInvalid).At("upTo").Detail("应不小于 after", "want at least after")
	}
	heads, err := s.Reader.Heads(ctx, []string{want.Feed})
	if err != nil {
		return err
	}
	end := wire.SnapshotEnd{UpTo: heads[want.Feed]}
	if want.UpTo > 0 {
		end.UpTo = min(end.UpTo, want.UpTo)
	}
	if end.Cursor, err = s.cursorAt(ctx, caller.Device, want, heads[want.Feed], end.UpTo, speaks); err != nil {
		return err
	}
	walk := s.Reader.Each
	if want.After > 0 {
		walk = s.resume
	}
	out := &chunks{w: w, sum: sha256.New(), from: want.After, speaks: speaks}
	if err := walk(ctx, want.Feed, want.After, end.UpTo, out.change); err != nil {
		return err
	}
	if err := out.seal(end.UpTo); err != nil {
		return err
	}
	end.Count = out.written
	return out.line(wire.SnapshotLine{End: &end})
}

// chunks writes lines, and after some of them the seal over them.
type chunks struct {
	w       io.Writer
	speaks  forms.Spoken
	lines   []byte // the chunk so far
	sum     hash.Hash
	from    uint64 // where the chunk begins
	to      uint64 // the seq of its last line
	count   uint64 // its lines
	written uint64 // lines of the chunks before
}

// change adds one line.
func (c *chunks) change(ch Change) error {
	line, err := toWire(ch, c.speaks)
	if err != nil {
		return err
	}
	if c.lines, err = line.Append(c.lines); err != nil {
		return err
	}
	c.lines = append(c.lines, '\n')
	c.to, c.count = ch.Seq, c.count+1
	if c.count == ChunkLines || len(c.lines) >= ChunkOctets {
		return c.seal(c.to)
	}
	return nil
}

// seal writes the chunk, which holds all there is up to a seq. A chunk without a line is not written.
func (c *chunks) seal(to uint64) error {
	if c.count == 0 {
		return nil
	}
	c.sum.Reset()
	c.sum.Write(c.lines)
	if _, err := c.w.Write(c.lines); err != nil {
		return err
	}
	err := c.line(wire.SnapshotLine{Chunk: &wire.SnapshotChunk{From: c.from, To: to, Count: c.count, SHA256: hex.EncodeToString(c.sum.Sum(nil))}})
	c.from, c.written, c.count, c.lines = to, c.written+c.count, 0, c.lines[:0]
	return err
}

func (c *chunks) line(l wire.SnapshotLine) error {
	if err := wire.Write(c.w, l); err != nil {
		return err
	}
	_, err := io.WriteString(c.w, "\n")
	return err
}

// resume calls fn for the feed's records and departures with after < seq ≤ upTo, in seq order.
func (s *Service) resume(ctx context.Context, feed string, after, upTo uint64, fn func(Change) error) error {
	for after < upTo {
		page, _, err := s.Reader.Changes(ctx, feed, after, MaxLimit)
		if err != nil {
			return err
		}
		octets := 0
		for _, c := range page {
			if c.Seq > upTo {
				return nil
			}
			if err := fn(c); err != nil {
				return err
			}
			after, octets = c.Seq, octets+len(c.Body)
		}
		if len(page) < MaxLimit && octets < PageOctets {
			return nil
		}
	}
	return nil
}

// cursorAt makes the cursor of a device that has taken a part of a feed, which stands at head, up to a seq, on top of the cursor it had. A part
// that goes on from where departures may be missing that the device was not told of is fault pull.departures_gone.
func (s *Service) cursorAt(ctx context.Context, device string, want Wanted, head, upTo uint64, speaks forms.Spoken) (string, error) {
	at, err := s.position(ctx, device, want.Cursor, speaks)
	if err != nil {
		return "", err
	}
	trimmed, err := s.Trimmed(ctx)
	if err != nil {
		return "", err
	}
	_, known := at.Feeds[want.Feed]
	if Missed(trimmed[want.Feed], want.After, max(at.Feeds[want.Feed], at.Begun[want.Feed])) {
		return "", fault.New(fault.DeparturesGone).At("after")
	}
	if !known && want.After == 0 {
		at.begin(want.Feed, head)
	}
	at.reach(want.Feed, upTo)
	return s.Cursors.encode(at)
}
