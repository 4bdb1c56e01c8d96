package storagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Reads is what every pull.Reader and pull.History must do. open gives an empty one.
func Reads(t *testing.T, open func(t *testing.T) Database) {
	for _, c := range []struct {
		name string
		run  func(*writes)
	}{
		{"a record appears once, at its newest place", (*writes).compaction},
		{"pages join without gap or double", (*writes).pages},
		{"what is removed is told and not shown", (*writes).removal},
		{"what has come back is not told gone", (*writes).comeBack},
		{"a walk reads all, within its bounds", (*writes).walk},
		{"large bodies end a page", (*writes).largeBodies},
		{"some records of a feed", (*writes).pick},
		{"the history of a record", (*writes).history},
		{"what lies on the desks", (*writes).desks},
		{"records of a feed by their last change", (*writes).touched},
		{"the text of an op", (*writes).opText},
		{"a feed that was never written", (*writes).emptyFeed},
		{"a copy is in its feed like a record of its own", (*writes).copied},
		{"what is set aside is told once and not shown", (*writes).aside},
		{"feeds by the beginning of their names", (*writes).written},
		{"the epoch stands", (*writes).epoch},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(&writes{t, open(t), t.Context()}) })
	}
}

// fill writes n records into a feed, beginning at seq.
func (s *writes) fill(feed string, seq uint64, n int) []push.Row {
	s.Helper()
	b := &push.Batch{Heads: map[string]uint64{feed: seq + uint64(n) - 1}, At: at}
	for i := range n {
		b.Records = append(b.Records, push.Row{ID: newID(), Collection: "tasks", Feed: feed, Seq: seq + uint64(i), Version: 1, Op: newID(),
			Body: fmt.Appendf(nil, `{"n":%d}`, i)})
	}
	s.put(b)
	return b.Records
}

// rewrite moves rows on: to new places, new feeds, or away.
func (s *writes) rewrite(departures []push.Departure, rows ...push.Row) {
	s.Helper()
	heads := map[string]uint64{}
	for _, r := range rows {
		heads[r.Feed] = max(heads[r.Feed], r.Seq)
	}
	for _, d := range departures {
		heads[d.Feed] = max(heads[d.Feed], d.Seq)
	}
	s.put(&push.Batch{Records: rows, Departures: departures, Heads: heads, At: at})
}

// lines reads a feed to its end and tells each change in short.
func (s *writes) lines(feed string, after uint64, limit int) (lines []string) {
	s.Helper()
	for {
		page, head, err := s.Changes(s.ctx, feed, after, limit)
		s.must(err)
		if len(page) == 0 {
			return lines
		}
		if len(page) > limit {
			s.Fatalf("%d changes in a page of %d", len(page), limit)
		}
		for _, c := range page {
			if c.Seq <= after || c.Seq > head || c.Feed != feed {
				s.Fatalf("change %+v after %d, head %d", c, after, head)
			}
			after = c.Seq
			lines = append(lines, fmt.Sprintf("%d %s v%d %s%s", c.Seq, c.ID, c.Version, c.Body, c.Gone))
		}
	}
}

func (s *writes) expect(got []string, want ...string) {
	s.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		s.Errorf("changes\ngot  %q\nwant %q", got, want)
	}
}

func (s *writes) compaction() {
	rows := s.fill("unit/a", 1, 3)
	next := rows[0]
	next.Seq, next.Version, next.Body = 4, 2, []byte(`{"n":"new"}`)
	s.rewrite(nil, next)
	s.expect(s.lines("unit/a", 0, 10),
		fmt.Sprintf(`2 %s v1 {"n":1}`, rows[1].ID), fmt.Sprintf(`3 %s v1 {"n":2}`, rows[2].ID), fmt.Sprintf(`4 %s v2 {"n":"new"}`, rows[0].ID))
	s.expect(s.lines("unit/a", 3, 10), fmt.Sprintf(`4 %s v2 {"n":"new"}`, rows[0].ID))
	s.expect(s.lines("unit/a", 4, 10))
}

func (s *writes) pages() {
	s.fill("unit/a", 1, 7)
	s.fill("unit/b", 1, 2)
	whole := s.lines("unit/a", 0, 100)
	if len(whole) != 7 {
		s.Fatalf("%d changes, want 7", len(whole))
	}
	for limit := 1; limit < 9; limit++ {
		s.expect(s.lines("unit/a", 0, limit), whole...)
	}
	if _, head, err := s.Changes(s.ctx, "unit/a", 0, 1); head != 7 || err != nil {
		s.Errorf("head %d, %v", head, err)
	}
}

func (s *writes) removal() {
	rows := s.fill("unit/a", 1, 2)
	gone := rows[0]
	gone.Seq, gone.Version, gone.Removed = 3, 2, true
	s.rewrite([]push.Departure{{Feed: "unit/a", Seq: 3, Record: gone.ID, Collection: "tasks", Reason: wire.GoneRemoved}}, gone)
	moved := rows[1]
	moved.Feed, moved.Seq, moved.Version = "unit/b", 1, 2
	s.rewrite([]push.Departure{{Feed: "unit/a", Seq: 4, Record: moved.ID, Collection: "tasks", Reason: wire.GoneMoved}}, moved)
	s.expect(s.lines("unit/a", 0, 1), "3 "+gone.ID+" v0 removed", "4 "+moved.ID+" v0 moved")
	s.expect(s.lines("unit/b", 0, 1), fmt.Sprintf(`1 %s v2 {"n":1}`, moved.ID))
	r, err := s.Record(s.ctx, "tasks", gone.ID)
	s.must(err)
	if !r.Removed || string(r.Body) != string(gone.Body) || r.Feed != "unit/a" || r.Version != 2 {
		s.Errorf("a removed record is kept as %+v", r)
	}
}

func (s *writes) comeBack() {
	row := s.fill("unit/a", 1, 1)[0]
	away := row
	away.Feed, away.Seq, away.Version = "unit/b", 1, 2
	s.rewrite([]push.Departure{{Feed: "unit/a", Seq: 2, Record: row.ID, Collection: "tasks", Reason: wire.GoneMoved}}, away)
	back := row
	back.Seq, back.Version = 3, 3
	s.rewrite([]push.Departure{{Feed: "unit/b", Seq: 2, Record: row.ID, Collection: "tasks", Reason: wire.GoneMoved}}, back)
	s.expect(s.lines("unit/a", 0, 1), fmt.Sprintf(`3 %s v3 {"n":0}`, row.ID))
	s.expect(s.lines("unit/b", 0, 1), "2 "+row.ID+" v0 moved")
	s.rewrite([]push.Departure{{Feed: "unit/a", Seq: 4, Record: row.ID, Collection: "tasks", Reason: wire.GoneMoved}},
		push.Row{ID: row.ID, Collection: "tasks", Feed: "unit/b", Seq: 3, Version: 4, Op: newID(), Body: row.Body})
	s.expect(s.lines("unit/a", 0, 1), "4 "+row.ID+" v0 moved")
	s.expect(s.lines("unit/b", 0, 1), fmt.Sprintf(`3 %s v4 {"n":0}`, row.ID))
}

func (s *writes) walk() {
	const n = 4303 // more than two pages of any sensible size
	rows := s.fill("unit/a", 1, n)
	var seen []uint64
	s.must(s.Each(s.ctx, "unit/a", 0, n, func(c pull.Change) error {
		if c.ID != rows[c.Seq-1].ID || string(c.Body) != string(rows[c.Seq-1].Body) || c.Version != 1 || c.Collection != "tasks" {
			return fmt.Errorf("change %+v", c)
		}
		seen = append(seen, c.Seq)
		return nil
	}))
	for i, seq := range seen {
		if seq != uint64(i+1) {
			s.Fatalf("place %d has seq %d", i, seq)
		}
	}
	if len(seen) != n {
		s.Errorf("%d of %d records", len(seen), n)
	}
	seen = nil
	s.must(s.Each(s.ctx, "unit/a", 10, 13, func(c pull.Change) error { seen = append(seen, c.Seq); return nil }))
	if fmt.Sprint(seen) != "[11 12 13]" {
		s.Errorf("between 10 and 13 the walk sees %v", seen)
	}
	stop := errors.New("enough")
	calls := 0
	if err := s.Each(s.ctx, "unit/a", 0, n, func(pull.Change) error { calls++; return stop }); !errors.Is(err, stop) || calls != 1 {
		s.Errorf("a walk that is stopped ends with %v after %d calls", err, calls)
	}
	ended, cancel := context.WithCancel(s.ctx)
	cancel()
	if err := s.Each(ended, "unit/a", 0, n, func(pull.Change) error { return nil }); err == nil {
		s.Error("a walk goes on without its context")
	}
}

func (s *writes) largeBodies() {
	rows := s.fill("unit/a", 1, 5)
	for i := range rows {
		rows[i].Seq, rows[i].Version = uint64(6+i), 2
		rows[i].Body = fmt.Appendf(nil, `{"n":"%s"}`, bytes.Repeat([]byte{byte('a' + i)}, pull.PageOctets*2/5))
	}
	s.rewrite(nil, rows...)
	after, sizes := uint64(0), []int{}
	for {
		page, head, err := s.Changes(s.ctx, "unit/a", after, 100)
		s.must(err)
		if head != 10 {
			s.Fatalf("head %d", head)
		}
		if len(page) == 0 {
			break
		}
		for _, c := range page {
			if c.Seq != after+1 && after > 0 || string(c.Body) != string(rows[c.Seq-6].Body) {
				s.Fatalf("seq %d after %d, %d octets", c.Seq, after, len(c.Body))
			}
			after = c.Seq
		}
		sizes = append(sizes, len(page))
	}
	if fmt.Sprint(sizes) != "[3 2]" {
		s.Errorf("pages of %v", sizes)
	}
	n := 0
	s.must(s.Each(s.ctx, "unit/a", 0, 10, func(c pull.Change) error {
		if string(c.Body) != string(rows[n].Body) {
			return fmt.Errorf("record %d has another's body", n)
		}
		n++
		return nil
	}))
	if picked, err := s.Pick(s.ctx, "unit/a", []string{rows[0].ID, rows[1].ID, rows[2].ID, rows[3].ID}); n != 5 || len(picked) != 3 || err != nil {
		s.Errorf("%d walked, %d picked, %v", n, len(picked), err)
	}
}

func (s *writes) pick() {
	rows := s.fill("unit/a", 1, 4)
	elsewhere := s.fill("unit/b", 1, 1)[0]
	gone := rows[1]
	gone.Seq, gone.Version, gone.Removed = 5, 2, true
	s.rewrite([]push.Departure{{Feed: "unit/a", Seq: 5, Record: gone.ID, Collection: "tasks", Reason: wire.GoneRemoved}}, gone)
	picked, err := s.Pick(s.ctx, "unit/a", []string{rows[3].ID, gone.ID, elsewhere.ID, newID(), rows[0].ID, rows[0].ID})
	s.must(err)
	var got []string
	for _, c := range picked {
		got = append(got, fmt.Sprintf("%s %d %s v%d %s %s%s", c.Feed, c.Seq, c.ID, c.Version, c.Collection, c.Body, c.Gone))
	}
	s.expect(got, fmt.Sprintf(`unit/a 1 %s v1 tasks {"n":0}`, rows[0].ID), fmt.Sprintf(`unit/a 4 %s v1 tasks {"n":3}`, rows[3].ID))
	if picked, err := s.Pick(s.ctx, "unit/a", nil); len(picked) != 0 || err != nil {
		s.Errorf("of none %v, %v", picked, err)
	}
}

func (s *writes) history() {
	device := s.enrol()
	b := batch(device, "unit/a", 1)
	s.put(b)
	rec := b.Records[0].ID
	op := push.OpRow{Op: b.Ops[0].Op, Text: []byte("{}"), Hash: "h", Outcome: b.Ops[0].Outcome}
	op.ID, op.Seq, op.Action, op.Author = newID(), 0, "remove", "server"
	s.put(&push.Batch{Ops: []push.OpRow{op}, At: at, Heads: map[string]uint64{}, Revisions: []push.Revision{
		{Version: push.Version{Record: rec, Version: 2}, Collection: "certificates", Op: op.ID, Removed: true, Body: []byte("{}")}}})
	got, err := s.Revisions(s.ctx, rec)
	s.must(err)
	if len(got) != 2 || got[0].Version != 1 || got[1].Version != 2 || got[1].Device != "" || got[1].Action != "remove" {
		s.Errorf("revisions %+v", got)
	}
	if _, err := s.Record(s.ctx, "tasks", rec); err == nil {
		s.Error("a record is found in a collection that it is not in")
	}
}

func (s *writes) emptyFeed() {
	page, head, err := s.Changes(s.ctx, "unit/none", 0, 10)
	if len(page) != 0 || head != 0 || err != nil {
		s.Errorf("%v, head %d, %v", page, head, err)
	}
	heads, err := s.Heads(s.ctx, []string{"unit/none"})
	if heads["unit/none"] != 0 || len(heads) != 1 || err != nil {
		s.Errorf("heads %v, %v", heads, err)
	}
	s.must(s.Each(s.ctx, "unit/none", 0, 10, func(c pull.Change) error { return fmt.Errorf("change %+v", c) }))
}

func (s *writes) written() {
	for _, feed := range []string{"unit/120102001", "unit/12010200101", "unit/120102002", "unit/1201020", "unit/120102CGW", "ref/120102", "device/unit/120102001"} {
		s.fill(feed, 1, 1)
	}
	s.tx(func(ctx context.Context, tx push.Tx) {
		_, err := tx.LockFeeds(ctx, []string{"unit/12010200102"}, push.Wants{})
		s.must(err)
	})
	for prefix, want := range map[string]string{
		"unit/120102001":   "[unit/120102001 unit/12010200101]",
		"unit/12010200101": "[unit/12010200101]",
		"unit/120102CGW":   "[unit/120102CGW]",
		"unit/120102C":     "[unit/120102CGW]",
		"unit/999":         "[]",
		"unit/120102001%":  "[]",
	} {
		if names, err := s.Written(s.ctx, prefix); fmt.Sprint(names) != want || err != nil {
			s.Errorf("feeds that begin with %s: %v, %v; want %s", prefix, names, err, want)
		}
	}
}

func (s *writes) epoch() {
	first, err := s.Epoch(s.ctx)
	s.must(err)
	second, err := s.Epoch(s.ctx)
	if first == "" || first != second || err != nil {
		s.Errorf("epochs %q and %q, %v", first, second, err)
	}
}
