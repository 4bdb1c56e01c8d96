package storagetest

import (
	"context"
	"fmt"
	"time"

	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

func (s *writes) copied() {
	row := s.fill("unit/a", 1, 1)[0]
	s.fill("unit/b", 1, 2)
	row.Seq, row.Version, row.Copies = 2, 2, map[string]uint64{"unit/b": 3, "unit/c": 1}
	s.put(&push.Batch{Records: []push.Row{row}, Heads: map[string]uint64{"unit/a": 2, "unit/b": 3, "unit/c": 1}, At: at})
	s.expect(s.lines("unit/a", 0, 10), fmt.Sprintf(`2 %s v2 {"n":0}`, row.ID))
	s.expect(s.lines("unit/b", 2, 10), fmt.Sprintf(`3 %s v2 {"n":0}`, row.ID))
	s.tx(func(ctx context.Context, tx push.Tx) {
		rows, err := tx.Records(ctx, []string{row.ID})
		s.must(err)
		if got := rows[row.ID].Copies; fmt.Sprint(got) != fmt.Sprint(row.Copies) {
			s.Errorf("copies %v", got)
		}
		feeds, err := tx.FeedsOf(ctx, []string{row.ID})
		s.must(err)
		if len(feeds[row.ID]) != 3 || feeds[row.ID][0] != "unit/a" {
			s.Errorf("feeds %v, want its own first", feeds)
		}
	})
	// The next version has a number in every feed, and the old one is nowhere; pages and walks join both kinds in order.
	row.Seq, row.Version, row.Body, row.Copies = 3, 3, []byte(`{"n":"new"}`), map[string]uint64{"unit/b": 4}
	s.put(&push.Batch{Records: []push.Row{row}, Uncopied: []string{row.ID}, Heads: map[string]uint64{"unit/a": 3, "unit/b": 4, "unit/c": 2}, At: at,
		Departures: []push.Departure{{Feed: "unit/c", Seq: 2, Record: row.ID, Collection: "tasks", Reason: wire.GoneMoved}}})
	s.expect(s.lines("unit/c", 0, 10), "2 "+row.ID+" v0 moved")
	s.fill("unit/b", 5, 1)
	for limit := 1; limit < 5; limit++ {
		if lines := s.lines("unit/b", 0, limit); len(lines) != 4 || lines[2] != fmt.Sprintf(`4 %s v3 {"n":"new"}`, row.ID) {
			s.Errorf("by pages of %d: %q", limit, lines)
		}
	}
	var seqs []uint64
	s.must(s.Each(s.ctx, "unit/b", 1, 4, func(c pull.Change) error { seqs = append(seqs, c.Seq); return nil }))
	if fmt.Sprint(seqs) != "[2 4]" {
		s.Errorf("the walk sees %v", seqs)
	}
	// What left and is shared again is not told gone.
	row.Seq, row.Version, row.Copies = 4, 4, map[string]uint64{"unit/b": 6, "unit/c": 3}
	s.put(&push.Batch{Records: []push.Row{row}, Uncopied: []string{row.ID}, Heads: map[string]uint64{"unit/a": 4, "unit/b": 6, "unit/c": 3}, At: at})
	s.expect(s.lines("unit/c", 0, 10), fmt.Sprintf(`3 %s v4 {"n":"new"}`, row.ID))
}

func (s *writes) aside() {
	rows := s.fill("unit/a", 1, 3)
	for i := range rows[:2] {
		rows[i].Closed, rows[i].Version, rows[i].Seq = true, 2, uint64(4+i)
	}
	s.put(&push.Batch{Records: rows[:1], Heads: map[string]uint64{"unit/a": 4}, At: at})
	s.put(&push.Batch{Records: rows[1:2], Heads: map[string]uint64{"unit/a": 5}, At: at.Add(time.Minute)})
	closed := func(before time.Time, limit int) (ids []string) {
		s.tx(func(ctx context.Context, tx push.Tx) {
			var err error
			ids, err = tx.Closed(ctx, before, limit)
			s.must(err)
		})
		return ids
	}
	first, both := fmt.Sprint([]string{rows[0].ID}), fmt.Sprint([]string{rows[0].ID, rows[1].ID})
	if got := fmt.Sprint(closed(at, 9), closed(at.Add(time.Second), 9), closed(at.Add(time.Hour), 9), closed(at.Add(time.Hour), 1)); got != "[] "+first+" "+both+" "+first {
		s.Errorf("closed %s", got)
	}
	gone := rows[0]
	gone.Aside, gone.Seq = true, 6
	s.rewrite([]push.Departure{{Feed: "unit/a", Seq: 6, Record: gone.ID, Collection: "tasks", Reason: wire.GoneClosed}}, gone)
	s.expect(s.lines("unit/a", 0, 2), fmt.Sprintf(`3 %s v1 {"n":2}`, rows[2].ID), fmt.Sprintf(`5 %s v2 {"n":1}`, rows[1].ID), "6 "+gone.ID+" v0 closed")
	s.must(s.Each(s.ctx, "unit/a", 5, 6, func(c pull.Change) error { return fmt.Errorf("set aside and shown: %+v", c) }))
	if got := closed(at.Add(time.Hour), 9); len(got) != 1 {
		s.Errorf("closed after one was set aside: %v", got)
	}
	r, err := s.Record(s.ctx, "tasks", gone.ID)
	if err != nil || r.Removed || r.Version != 2 {
		s.Errorf("set aside and read: %+v, %v", r, err)
	}
	gone.Aside, gone.Closed, gone.Seq, gone.Version = false, false, 7, 3
	s.rewrite(nil, gone)
	s.expect(s.lines("unit/a", 5, 2), fmt.Sprintf(`7 %s v3 {"n":0}`, gone.ID))
}
