package adapt

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/fieldwarden/fieldwarden/sync/forms"
	"github.com/fieldwarden/fieldwarden/sync/pull"
)

// stride is how many lines of a feed are read at a time. Lines of other collections are passed over.
const stride = 500

// page is what a walk finds: ids of records about which there is news, each once. What the news is, is not kept: the client gets
// every record as it stands when the page is made. So a departure from one feed and the arrival in another cannot be told
// in the wrong order, and telling twice does no harm.
type page struct {
	limit int
	ids   []string
	seen  map[string]bool
}

func newPage(limit int) *page { return &page{limit: limit, seen: map[string]bool{}} }

func (p *page) room() bool { return len(p.ids) < p.limit }

func (p *page) add(id string) {
	if !p.seen[id] {
		p.seen[id] = true
		p.ids = append(p.ids, id)
	}
}

// walk fills the page with the records of a collection about which there is news behind the place, and moves the place. The page
// is short only when there is no more: RxDB takes a short page for the end.
func (s *Service) walk(ctx context.Context, at *place, p *page) error {
	for _, feed := range slices.Sorted(maps.Keys(at.Lost)) {
		gone := at.Lost[feed]
		err := s.lines(ctx, at.Collection, feed, &gone.After, p, func(c pull.Change) bool {
			// What came to the feed behind the client's place was never the client's; what left it before, it was told.
			return c.Gone == "" && (c.Version > 1 || c.Seq <= gone.Held) || c.Gone != "" && c.Seq > gone.Held
		})
		if err != nil {
			return err
		}
		if at.Lost[feed] = gone; p.room() {
			delete(at.Lost, feed)
		}
	}
	if len(at.Lost) == 0 {
		at.Lost = nil
	}
	for _, feed := range slices.Sorted(maps.Keys(at.Feeds)) {
		seq := at.Feeds[feed]
		err := s.lines(ctx, at.Collection, feed, &seq, p, func(pull.Change) bool { return true })
		if err != nil {
			return err
		}
		at.reach(feed, seq)
	}
	if len(at.Begun) == 0 {
		at.Begun = nil
	}
	return nil
}

// lines adds the records of a collection that a feed has news of behind a number, and moves the number, until the page is full or
// the feed at its end.
func (s *Service) lines(ctx context.Context, collection, feed string, after *uint64, p *page, wanted func(pull.Change) bool) error {
	for p.room() {
		changes, head, err := s.Reader.Changes(ctx, feed, *after, stride)
		if err != nil {
			return err
		}
		for _, c := range changes {
			if !p.room() {
				return nil
			}
			*after = c.Seq
			if c.Collection == collection && wanted(c) {
				p.add(c.ID)
			}
		}
		if len(changes) == 0 || *after >= head {
			*after = max(*after, head)
			return nil
		}
	}
	return nil
}

// states returns the records that one of the feeds shows, by id: those that are live, in sight, and of the collection. A record that
// several feeds show, because units share it, is the same in all. Bodies are in the forms that the client speaks.
func (s *Service) states(ctx context.Context, collection string, speaks forms.Spoken, feeds, ids []string) (map[string]state, error) {
	out := make(map[string]state, len(ids))
	scope := string(s.Catalogue[collection].Scope) + "/"
	for _, feed := range feeds {
		if !strings.HasPrefix(feed, scope) {
			continue
		}
		if err := s.shown(ctx, collection, speaks, feed, ids, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// shown adds what one feed shows of the records. A page that its octets have ended is followed by the next.
func (s *Service) shown(ctx context.Context, collection string, speaks forms.Spoken, feed string, ids []string, out map[string]state) error {
	for len(ids) > 0 {
		page, err := s.Reader.Pick(ctx, feed, ids)
		if err != nil {
			return err
		}
		octets, told := 0, map[string]bool{}
		for _, c := range page {
			octets += len(c.Body)
			told[c.ID] = true
			if c.Collection != collection || c.Gone != "" {
				continue
			}
			body, err := speaks.Object(c.Collection, c.Schema, c.Body)
			if err != nil {
				return err
			}
			out[c.ID] = state{feed: feed, seq: c.Seq, version: c.Version, body: body}
		}
		if octets < pull.PageOctets {
			return nil
		}
		ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return told[id] })
	}
	return nil
}

// state is a record that is in sight; the zero state is one that is not.
type state struct {
	feed    string
	seq     uint64
	version uint64
	body    map[string]any
}

func (st state) live() bool { return st.body != nil }
