package pull

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/forms"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// The page sizes.
const (
	DefaultLimit = 500
	MaxLimit     = 1000
)

// Service gives changes out. It is safe for concurrent use.
type Service struct {
	Reader    Reader
	Memory    Memory           // nil: the database is asked every time
	Catalogue record.Catalogue // in which forms bodies are told; nil: as they are stored
	Cursors   Cursors
	District  string
	Now       func() time.Time
	// Behind is told that the database is behind what it once was, in the epoch named; see refuseAhead. It MUST begin a new epoch
	// unless that has been done already. May be nil.
	Behind func(ctx context.Context, epoch string) error

	summing summing
	trims   trims
}

// Pull returns the next page of changes of the caller's feeds. Pages are filled to the limit while there is more, unless their bodies
// reach PageOctets before. A feed that the caller no longer has is told gone once; a feed that is new begins at its first change. So does one of
// which the cursor is so old that not all departures since are kept: it is told gone first, whatever the device has of it.
// Bodies come in the forms that the client says it speaks; forms that are spoken no more are fault client.outdated.
func (s *Service) Pull(ctx context.Context, caller people.Caller, p wire.Pull) (wire.PullReply, error) {
	if p.Limit < 0 || p.Limit > MaxLimit {
		return wire.PullReply{}, fault.New(fault.FieldInvalid).At("limit").Detail("应在一至一千之间", "want 1 to 1000")
	}
	if p.Limit == 0 {
		p.Limit = DefaultLimit
	}
	speaks, err := forms.Speak(s.Catalogue, p.Schemas)
	if err != nil {
		return wire.PullReply{}, err
	}
	now := s.Now()
	if reply, ok := s.idle(caller, p, speaks, now); ok {
		return reply, nil
	}
	at, err := s.position(ctx, caller.Device, p.Cursor, speaks)
	if err != nil {
		return wire.PullReply{}, err
	}
	// Before the feeds are read: what the ack covers must be in the page.
	acked, err := s.Reader.Acked(ctx, caller.Device)
	if err != nil {
		return wire.PullReply{}, err
	}
	reply := wire.PullReply{Changes: []wire.Change{}, Acked: acked, ServerAt: wire.Moment(now)}
	feeds, err := s.Feeds(ctx, caller)
	if err != nil {
		return wire.PullReply{}, err
	}
	reply.Changes = append(reply.Changes, dropLost(&at, feeds)...)
	heads, err := s.Reader.Heads(ctx, feeds)
	if err != nil {
		return wire.PullReply{}, err
	}
	s.learn(at.Epoch, caller.Device, acked, heads)
	if reply.More, err = s.fill(ctx, &reply, &at, feeds, heads, p.Limit, speaks); err != nil {
		return wire.PullReply{}, err
	}
	reply.UpTo = at.Feeds
	reply.Cursor, err = s.Cursors.encode(at)
	return reply, err
}

// position reads a cursor; an empty one is the beginning of every feed.
func (s *Service) position(ctx context.Context, device, cursor string, speaks forms.Spoken) (position, error) {
	epoch, err := s.Reader.Epoch(ctx)
	if err != nil {
		return position{}, err
	}
	if cursor == "" {
		return position{Epoch: epoch, Device: device, Feeds: map[string]uint64{}, Forms: speaks.Said()}, nil
	}
	at, err := s.Cursors.decode(cursor, device, speaks)
	if err == nil && at.Epoch != epoch {
		err = fault.New(fault.EpochChanged)
	}
	return at, err
}

// dropLost tells which feeds of the cursor are out of scope now, and forgets them.
func dropLost(at *position, feeds []string) []wire.Change {
	var gone []wire.Change
	for _, feed := range slices.Sorted(maps.Keys(at.Feeds)) {
		if !slices.Contains(feeds, feed) {
			gone = append(gone, wire.Change{Feed: feed, Gone: wire.GoneFeed})
			delete(at.Feeds, feed)
			at.forget(feed)
		}
	}
	return gone
}

// beginNew lets the position begin with feeds that are new to the device, and again with those in which it has missed departures. Those it
// drops first.
func (s *Service) beginNew(ctx context.Context, at *position, feeds []string, heads map[string]uint64) ([]wire.Change, error) {
	trimmed, err := s.Trimmed(ctx)
	if err != nil {
		return nil, err
	}
	var gone []wire.Change
	for _, feed := range feeds {
		seq, known := at.Feeds[feed]
		_, begun := at.Begun[feed]
		switch {
		case !known, seq == 0 && !begun:
			at.begin(feed, heads[feed])
		case Missed(trimmed[feed], seq, at.Begun[feed]):
			gone = append(gone, wire.Change{Feed: feed, Gone: wire.GoneFeed})
			at.begin(feed, heads[feed])
		}
	}
	return gone, nil
}

// fill appends changes feed by feed until the page is full, and moves the position. It reports whether any feed has more.
func (s *Service) fill(ctx context.Context, reply *wire.PullReply, at *position, feeds []string, heads map[string]uint64, limit int, speaks forms.Spoken) (bool, error) {
	if err := s.refuseAhead(ctx, *at, heads); err != nil {
		return false, err
	}
	gone, err := s.beginNew(ctx, at, feeds, heads)
	if err != nil {
		return false, err
	}
	reply.Changes = append(reply.Changes, gone...)
	more, octets := false, 0
	for _, feed := range feeds {
		room := limit - len(reply.Changes)
		if at.Feeds[feed] >= heads[feed] {
			continue
		}
		if room <= 0 || octets >= PageOctets {
			more = true
			continue
		}
		page, head, err := s.Reader.Changes(ctx, feed, at.Feeds[feed], room)
		if err != nil {
			return false, err
		}
		size, seq := 0, at.Feeds[feed]
		for _, ch := range page {
			told, err := toWire(ch, speaks)
			if err != nil {
				return false, err
			}
			reply.Changes = append(reply.Changes, told)
			seq = ch.Seq
			size += len(ch.Body)
		}
		if octets += size; len(page) < room && size < PageOctets {
			seq = head
		}
		at.reach(feed, seq)
		more = more || seq < head
	}
	return more, nil
}

// toWire tells a change to somebody who speaks these forms.
func toWire(c Change, speaks forms.Spoken) (wire.Change, error) {
	body, err := speaks.Text(c.Collection, c.Schema, c.Body)
	return wire.Change{Feed: c.Feed, Seq: c.Seq, Collection: c.Collection, ID: c.ID, Version: c.Version, Body: body, Gone: c.Gone}, err
}
