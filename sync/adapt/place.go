package adapt

import (
	"context"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
)

// place is how far a client has come in one collection: a number for each of its feeds.
type place struct {
	Epoch      string            `json:"e"`
	Device     string            `json:"d"`
	Collection string            `json:"c"`
	Feeds      map[string]uint64 `json:"f"`
	Lost       map[string]lost   `json:"l,omitempty"`
}

// lost is a feed that is the client's no more, and that it is told so record by record: it cannot be told of feeds. Held is where
// it stood in the feed, After how far the telling has come.
type lost struct {
	Held  uint64 `json:"h"`
	After uint64 `json:"a"`
}

// purpose keeps the places of RxDB's checkpoints apart from everything else that the key signs.
const purpose = "rxdb"

// open reads a device's own place in a collection; an empty text is the beginning.
func (s *Service) open(ctx context.Context, caller people.Caller, collection, text string) (place, error) {
	epoch, err := s.Reader.Epoch(ctx)
	if err != nil {
		return place{}, err
	}
	if text == "" {
		return place{Epoch: epoch, Device: caller.Device, Collection: collection, Feeds: map[string]uint64{}}, nil
	}
	var at place
	if err := s.Cursors.Open(purpose, text, &at); err != nil {
		return place{}, err
	}
	if at.Device != caller.Device || at.Collection != collection || at.Feeds == nil {
		return place{}, fault.New(fault.CursorInvalid).At("id")
	}
	if at.Epoch != epoch {
		return place{}, fault.New(fault.EpochChanged)
	}
	return at, nil
}

// rescope lets a place follow the feeds that are the client's now. A feed that it had and has no more is to be taken away from
// it; one that comes back while that is under way begins anew, since part of it is gone already.
func (at *place) rescope(feeds []string) {
	has := make(map[string]bool, len(feeds))
	for _, feed := range feeds {
		has[feed] = true
		delete(at.Lost, feed)
		if _, known := at.Feeds[feed]; !known {
			at.Feeds[feed] = 0
		}
	}
	for feed, seq := range at.Feeds {
		if has[feed] {
			continue
		}
		delete(at.Feeds, feed)
		if seq > 0 {
			if at.Lost == nil {
				at.Lost = map[string]lost{}
			}
			at.Lost[feed] = lost{Held: seq}
		}
	}
}

// sum grows with every step in a feed that the client keeps: something for a client to show.
func (at *place) sum() (n uint64) {
	for _, seq := range at.Feeds {
		n += seq
	}
	return n
}
