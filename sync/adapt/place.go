package adapt

import (
	"context"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/sync/pull"
)

// place is how far a client has come in one collection: a number for each of its feeds.
type place struct {
	Epoch      string            `json:"e"`
	Device     string            `json:"d"`
	Collection string            `json:"c"`
	Schema     int               `json:"s,omitempty"` // the form that the client was told, from 2 on; see form
	Feeds      map[string]uint64 `json:"f"`
	Again      map[string]uint64 `json:"r,omitempty"` // where feeds that the client is told once more were when it had to be; see anew
	Begun      map[string]uint64 `json:"b,omitempty"` // where feeds that the client is not through with yet were when it began with them
	Lost       map[string]lost   `json:"l,omitempty"`
}

// lost is a feed that is the client's no more, and that it is told so record by record: it cannot be told of feeds. Held is where
// it stood in the feed, After how far the telling has come.
type lost struct {
	Held  uint64 `json:"h"`
	Begun uint64 `json:"b,omitempty"`
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
func (s *Service) rescope(ctx context.Context, at *place, feeds []string) error {
	has := make(map[string]bool, len(feeds))
	var fresh []string
	for _, feed := range feeds {
		has[feed] = true
		delete(at.Lost, feed)
		if at.held(feed) == 0 && at.Begun[feed] == 0 {
			fresh = append(fresh, feed)
		}
	}
	for feed := range at.Feeds {
		if has[feed] {
			continue
		}
		if held := at.held(feed); held > 0 {
			if at.Lost == nil {
				at.Lost = map[string]lost{}
			}
			at.Lost[feed] = lost{Held: held, Begun: at.Begun[feed]}
		}
		delete(at.Feeds, feed)
		delete(at.Again, feed)
		delete(at.Begun, feed)
	}
	if len(fresh) == 0 {
		return nil
	}
	heads, err := s.Reader.Heads(ctx, fresh)
	for feed, head := range heads {
		if at.Feeds[feed] = 0; head > 0 {
			if at.Begun == nil {
				at.Begun = map[string]uint64{}
			}
			at.Begun[feed] = head
		}
	}
	return err
}

// missed reports whether departures that the client was not told of may be missing from one of its feeds, or from one that it is to lose. It
// cannot drop a feed by itself, so it has to begin anew.
func (s *Service) missed(ctx context.Context, at *place) (bool, error) {
	if s.Trimmed == nil {
		return false, nil
	}
	trimmed, err := s.Trimmed(ctx)
	if err != nil || len(trimmed) == 0 {
		return false, err
	}
	for feed := range at.Feeds {
		if pull.Missed(trimmed[feed], at.held(feed), at.Begun[feed]) {
			return true, nil
		}
	}
	for feed, gone := range at.Lost {
		if pull.Missed(trimmed[feed], gone.Held, max(gone.Begun, gone.After)) {
			return true, nil
		}
	}
	return false, nil
}

// reach moves a place on in a feed.
func (at *place) reach(feed string, seq uint64) {
	at.Feeds[feed] = seq
	if seq >= at.Begun[feed] {
		delete(at.Begun, feed)
	}
	if seq >= at.Again[feed] {
		delete(at.Again, feed)
	}
}

// held is up to where the client has the records of a feed, in whatever form they were told to it.
func (at *place) held(feed string) uint64 { return max(at.Feeds[feed], at.Again[feed]) }

// form is the form of the collection that the client was told.
func (at *place) form() int { return max(1, at.Schema) }

// tell notes in which form the client is told from here on.
func (at *place) tell(schema int) {
	if at.Schema = 0; schema > 1 {
		at.Schema = schema
	}
}

// anew lets a client be told everything once more, because its program shows it in another form. It still holds what it was told: so what has left
// a feed since, and feeds that it loses meanwhile, are told as to who had come so far.
func (at *place) anew() {
	for feed := range at.Feeds {
		if held := at.held(feed); held > 0 {
			if at.Again == nil {
				at.Again = map[string]uint64{}
			}
			at.Again[feed] = held
		}
		at.Feeds[feed] = 0
	}
}

// sum grows with every step in a feed that the client keeps, unless it is told everything once more: something for a client to show.
func (at *place) sum() (n uint64) {
	for _, seq := range at.Feeds {
		n += seq
	}
	return n
}
