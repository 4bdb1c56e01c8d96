package adapt

import (
	"context"

	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/sync/forms"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// RxStream is what an RxDB client hears as it happens. It begins at the present: a client that begins to listen pulls, and so has what was
// before. It is used by one goroutine.
type RxStream struct {
	s      *Service
	speaks forms.Spoken
	schema int
	at     place
}

// streamPage is how many documents an event may carry.
const streamPage = 100

// RxStream begins a stream of a collection's documents.
func (s *Service) RxStream(ctx context.Context, caller people.Caller, collection string, version int) (*RxStream, error) {
	c, speaks, err := s.rxCollection(collection, version)
	if err != nil {
		return nil, err
	}
	at, err := s.open(ctx, caller, c.Name, "")
	if err != nil {
		return nil, err
	}
	feeds, err := s.Feeds(ctx, caller)
	if err != nil {
		return nil, err
	}
	at.tell(version + 1)
	at.Feeds, err = s.Reader.Heads(ctx, feeds)
	return &RxStream{s, speaks, version + 1, at}, err
}

// Next returns the next event; ok is false while there is none. The caller is who listens, with the roles of now: what leaves his
// scope is told deleted.
func (r *RxStream) Next(ctx context.Context, caller people.Caller) (page wire.RxPage, ok bool, err error) {
	feeds, err := r.s.Feeds(ctx, caller)
	if err != nil {
		return page, false, err
	}
	heads, err := r.s.Reader.Heads(ctx, feeds)
	if err != nil || r.stands(heads) {
		return page, false, err
	}
	page, err = r.s.rxPage(ctx, caller, r.speaks, &r.at, r.schema, streamPage)
	return page, err == nil && len(page.Documents) > 0, err
}

// stands reports whether the stream has told all that there is in the feeds.
func (r *RxStream) stands(heads map[string]uint64) bool {
	if len(r.at.Lost) > 0 || len(heads) != len(r.at.Feeds) {
		return false
	}
	for feed, head := range heads {
		if at, ok := r.at.Feeds[feed]; !ok || at < head {
			return false
		}
	}
	return true
}
