package storagetest

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// touched: the records of one feed and one collection since a moment, in the order of their last change, over more than a page; each once, at its newest place.
func (s *writes) touched() {
	const n = 450
	ids := make([]string, n)
	put := func(minute int, collection, feed string, version uint64, removed bool, ids ...string) {
		b := &push.Batch{Heads: map[string]uint64{feed: uint64(minute*n + len(ids))}, At: at.Add(time.Duration(minute) * time.Minute)}
		for i, id := range ids {
			b.Records = append(b.Records, push.Row{ID: id, Collection: collection, Feed: feed, Seq: uint64(minute*n + i + 1), Version: version, Op: newID(), Removed: removed, Body: fmt.Appendf(nil, `{"minute":%d}`, minute)})
			b.Revisions = append(b.Revisions, push.Revision{Version: push.Version{Record: id, Version: version}, Collection: collection, Op: newID(), Body: []byte("{}")})
		}
		s.put(b)
	}
	for i := range ids {
		ids[i] = newID()
	}
	put(1, "documents", "unit/a", 1, false, ids...)
	put(2, "documents", "unit/b", 1, false, newID())
	put(3, "tasks", "unit/a", 1, false, newID())
	late := newID()
	put(4, "documents", "unit/a", 1, false, late)
	put(5, "documents", "unit/a", 2, true, ids[7])
	put(6, "documents", "unit/a", 2, false, ids[3])
	walk := func(minute int) (got []string) {
		s.must(s.Touched(s.ctx, pull.Touched{Collection: "documents", Feed: "unit/a", Since: at.Add(time.Duration(minute) * time.Minute)}, func(r pull.Record) error {
			if r.Collection != "documents" || r.Feed != "unit/a" || len(r.Body) == 0 {
				s.Errorf("%+v", r)
			}
			got = append(got, r.ID)
			return nil
		}))
		return got
	}
	want := slices.Concat(slices.Sorted(slices.Values(slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id == ids[3] || id == ids[7] }))), []string{late, ids[3]})
	if got := walk(1); !slices.Equal(got, want) {
		s.Errorf("%d records, want %d in their order", len(got), len(want))
	}
	if got := walk(4); !slices.Equal(got, []string{late, ids[3]}) {
		s.Errorf("since the fourth minute %v", got)
	}
	enough := errors.New("enough")
	if err := s.Touched(s.ctx, pull.Touched{Collection: "documents", Feed: "unit/a"}, func(pull.Record) error { return enough }); !errors.Is(err, enough) {
		s.Errorf("not ended: %v", err)
	}
	s.among(late, ids)
}

func (s *writes) among(late string, ids []string) {
	found, err := s.Among(s.ctx, "documents", []string{late, ids[3], ids[7], newID()})
	s.must(err)
	if len(found) != 2 || found[0].ID != min(late, ids[3]) || found[1].ID != max(late, ids[3]) || found[0].Version+found[1].Version != 3 {
		s.Errorf("of four named records, one removed and one that never was: %+v", found)
	}
	if none, err := s.Among(s.ctx, "tasks", []string{late}); err != nil || len(none) != 0 {
		s.Errorf("of another collection: %v %v", none, err)
	}
	for _, c := range []struct {
		ids    []string
		minute int
	}{{[]string{late}, 4}, {[]string{late, ids[3]}, 1}} {
		if began, err := s.Began(s.ctx, c.ids); err != nil || !began.Equal(at.Add(time.Duration(c.minute)*time.Minute)) {
			s.Errorf("%v began %v: %v", c.ids, began, err)
		}
	}
	if began, err := s.Began(s.ctx, []string{newID()}); err != nil || !began.IsZero() {
		s.Errorf("what never was began %v: %v", began, err)
	}
}
