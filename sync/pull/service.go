package pull

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// The page sizes.
const (
	DefaultLimit = 500
	MaxLimit     = 1000
)

// Service gives changes out. It is safe for concurrent use.
type Service struct {
	Reader   Reader
	Memory   Memory // nil: the database is asked every time
	Cursors  Cursors
	District string
	Now      func() time.Time
	// Behind is told that the database is behind what it once was, in the epoch named; see refuseAhead. It MUST begin a new epoch
	// unless that has been done already. May be nil.
	Behind func(ctx context.Context, epoch string) error

	summing summing
}

// Pull returns the next page of changes of the caller's feeds. Pages are filled to the limit while there is more, unless their bodies
// reach PageOctets before. A feed that the caller no longer has is told gone once; a feed that is new begins at its first change.
func (s *Service) Pull(ctx context.Context, caller people.Caller, p wire.Pull) (wire.PullReply, error) {
	if p.Limit < 0 || p.Limit > MaxLimit {
		return wire.PullReply{}, fault.New(fault.FieldInvalid).At("limit").Detail("应在一至一千之间", "want 1 to 1000")
	}
	if p.Limit == 0 {
		p.Limit = DefaultLimit
	}
	now := s.Now()
	if reply, ok := s.idle(caller, p, now); ok {
		return reply, nil
	}
	at, err := s.position(ctx, caller.Device, p.Cursor)
	if err != nil {
		return wire.PullReply{}, err
	}
	// Before the feeds are read: what the ack covers must be in the page.
	acked, err := s.Reader.Acked(ctx, caller.Device)
	if err != nil {
		return wire.PullReply{}, err
	}
	reply := wire.PullReply{Changes: []wire.Change{}, Acked: acked, ServerAt: now}
	feeds, err := s.Feeds(ctx, caller)
	if err != nil {
		return wire.PullReply{}, err
	}
	reply.Changes = append(reply.Changes, dropLost(at.Feeds, feeds)...)
	heads, err := s.Reader.Heads(ctx, feeds)
	if err != nil {
		return wire.PullReply{}, err
	}
	s.learn(at.Epoch, caller.Device, acked, heads)
	if reply.More, err = s.fill(ctx, &reply, at, feeds, heads, p.Limit); err != nil {
		return wire.PullReply{}, err
	}
	reply.UpTo = at.Feeds
	reply.Cursor, err = s.Cursors.encode(at)
	return reply, err
}

// position reads a cursor; an empty one is the beginning of every feed.
func (s *Service) position(ctx context.Context, device, cursor string) (position, error) {
	epoch, err := s.Reader.Epoch(ctx)
	if err != nil {
		return position{}, err
	}
	if cursor == "" {
		return position{Epoch: epoch, Device: device, Feeds: map[string]uint64{}}, nil
	}
	at, err := s.Cursors.decode(cursor, device)
	if err == nil && at.Epoch != epoch {
		err = fault.New(fault.EpochChanged)
	}
	return at, err
}

// dropLost tells which feeds of the cursor are out of scope now, and forgets them.
func dropLost(at map[string]uint64, feeds []string) []wire.Change {
	var gone []wire.Change
	for _, feed := range slices.Sorted(maps.Keys(at)) {
		if !slices.Contains(feeds, feed) {
			gone = append(gone, wire.Change{Feed: feed, Gone: wire.GoneFeed})
			delete(at, feed)
		}
	}
	return gone
}

// fill appends changes feed by feed until the page is full, and moves the position. It reports whether any feed has more.
func (s *Service) fill(ctx context.Context, reply *wire.PullReply, from position, feeds []string, heads map[string]uint64, limit int) (bool, error) {
	if err := s.refuseAhead(ctx, from, heads); err != nil {
		return false, err
	}
	at := from.Feeds
	more, octets := false, 0
	for _, feed := range feeds {
		if _, known := at[feed]; !known {
			at[feed] = 0
		}
		room := limit - len(reply.Changes)
		if at[feed] >= heads[feed] {
			continue
		}
		if room <= 0 || octets >= PageOctets {
			more = true
			continue
		}
		page, head, err := s.Reader.Changes(ctx, feed, at[feed], room)
		if err != nil {
			return false, err
		}
		size := 0
		for _, ch := range page {
			reply.Changes = append(reply.Changes, toWire(ch))
			at[feed] = ch.Seq
			size += len(ch.Body)
		}
		if octets += size; len(page) < room && size < PageOctets {
			at[feed] = head
		} else if at[feed] < head {
			more = true
		}
	}
	return more, nil
}

func toWire(c Change) wire.Change {
	return wire.Change{Feed: c.Feed, Seq: c.Seq, Collection: c.Collection, ID: c.ID, Version: c.Version, Body: c.Body, Gone: c.Gone}
}
