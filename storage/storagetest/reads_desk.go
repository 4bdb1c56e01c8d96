package storagetest

import (
	"errors"
	"fmt"
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// desks: what waits in one state, of units and those below, by id and in pages; never another unit's, another state's or what was removed.
func (s *writes) desks() {
	b := &push.Batch{Heads: map[string]uint64{}, At: at}
	put := func(unit, collection, state string, removed bool) string {
		feed := "unit/" + unit
		b.Heads[feed]++
		row := push.Row{ID: newID(), Collection: collection, Feed: feed, Seq: b.Heads[feed], Version: 1, Op: newID(), Removed: removed, State: state,
			Body: fmt.Appendf(nil, `{"state":%q}`, state)}
		b.Records = append(b.Records, row)
		return row.ID
	}
	own, below := put("120102001", "deadletters", "open", false), put("120102001-1", "deadletters", "open", false)
	second := put("120102001", "deadletters", "open", false)
	other := put("120102002", "deadletters", "open", false)
	put("120102001", "deadletters", "retried", false)
	put("120102001", "conflicts", "open", false)
	put("120102001", "deadletters", "open", true)
	s.put(b)
	ask := func(after string, limit int, units ...string) []string {
		found, err := s.Waiting(s.ctx, pull.Waiting{Collection: "deadletters", State: "open", Units: units, After: after, Limit: limit})
		s.must(err)
		ids := []string{}
		for _, r := range found {
			if r.Version != 1 || r.Collection != "deadletters" || len(r.Body) == 0 {
				s.Errorf("record %+v", r)
			}
			ids = append(ids, r.ID)
		}
		return ids
	}
	for _, c := range []struct {
		got  []string
		want []string
	}{
		{ask("", 10, "120102001"), []string{own, below, second}},
		{ask("", 2, "120102001"), []string{own, below}},
		{ask(below, 2, "120102001"), []string{second}},
		{ask("", 10, "120102001-1", "120102002"), []string{below, other}},
		{ask("", 10, "120102"), []string{own, below, second, other}},
		{ask("", 10), []string{}},
	} {
		if !slices.Equal(c.got, c.want) {
			s.Errorf("got %v, want %v", c.got, c.want)
		}
	}
}

func (s *writes) opText() {
	b := batch(s.enrol(), "unit/a", 1)
	s.put(b)
	if text, err := s.OpText(s.ctx, b.Ops[0].ID); err != nil || string(text) != string(b.Ops[0].Text) {
		s.Errorf("%s, %v", text, err)
	}
	if _, err := s.OpText(s.ctx, newID()); !errors.Is(err, fault.New(fault.NotFound)) {
		s.Errorf("an op that never was: %v", err)
	}
}
