package storagetest

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

func (s *writes) numbers() {
	b, second := batch(s.enrol(), "unit/a", 1), batch(s.enrol(), "unit/b", 1)
	s.put(b)
	second.Doubles = []push.NumberUse{{Series: b.Numbers[0].Series, N: b.Numbers[0].N, Document: "second", Op: "o"}}
	second.Numbers = nil
	s.put(second) // the citizen holds it already: keeping the double is no error, and changes nothing
	third := batch(s.enrol(), "unit/c", 1)
	third.Numbers[0] = push.NumberUse{Series: b.Numbers[0].Series, N: b.Numbers[0].N, Document: "third"}
	if err := s.InTx(s.ctx, func(ctx context.Context, tx push.Tx) error { return tx.Write(ctx, third) }); err == nil {
		s.Error("a number that was thought to be nobody's was claimed twice")
	}
	s.tx(func(ctx context.Context, tx push.Tx) {
		use := push.NumberUse{Series: b.Numbers[0].Series, N: b.Numbers[0].N}
		taken, err := tx.NumberClaims(ctx, []push.NumberUse{use, {Series: use.Series, N: 99}})
		s.must(err)
		if len(taken) != 1 || taken[use] != b.Records[0].ID {
			s.Errorf("claims %v, want the first document", taken)
		}
	})
}

// edits writes further ops of a device on one record: which of them made a version, and how each was answered.
func (s *writes) edits(device, rec string, from uint64, outcomes ...record.Outcome) []push.OpRow {
	s.Helper()
	b := &push.Batch{Device: &push.Device{ID: device, LastSeq: from + uint64(len(outcomes)) - 1}, Heads: map[string]uint64{}, At: at}
	version := uint64(0)
	for i, o := range outcomes {
		o.Op, o.Seq = newID(), from+uint64(i)
		b.Ops = append(b.Ops, push.OpRow{Op: record.Op{ID: o.Op, Seq: o.Seq, Collection: "certificates", Record: rec, Action: record.Update},
			Device: device, Text: fmt.Appendf(nil, `{"n":%d}`, o.Seq), Hash: o.Op, Outcome: o})
		if o.Status == record.Applied && o.Version > version {
			version = o.Version
			b.Revisions = append(b.Revisions, push.Revision{Version: push.Version{Record: rec, Version: version}, Collection: "certificates", Op: o.Op, Body: []byte("{}")})
		}
	}
	s.put(b)
	return b.Ops
}

func (s *writes) opsById() {
	b, online := batch(s.enrol(), "unit/a", 1), batch(s.enrol(), "unit/b", 1)
	online.Device, online.Push = nil, nil
	online.Ops[0].Device, online.Ops[0].Push, online.Ops[0].Online, online.Ops[0].Text = "", "", "desk", []byte(`{"online":true}`)
	s.put(b)
	s.put(online)
	s.tx(func(ctx context.Context, tx push.Tx) {
		ids := []string{b.Ops[0].ID, online.Ops[0].ID, newID()}
		taken, err := tx.Ops(ctx, ids)
		s.must(err)
		first, second := taken[ids[0]], taken[ids[1]]
		if len(taken) != 2 || first.Device != b.Device.ID || first.Online != "" || second.Device != "" || second.Online != "desk" {
			s.Errorf("taken %+v", taken)
		}
		if string(second.Text) != `{"online":true}` || first.Outcome.Conflict != b.Ops[0].Outcome.Conflict {
			s.Errorf("text %s, outcome %+v", second.Text, first.Outcome)
		}
		if none, err := tx.Ops(ctx, nil); err != nil || len(none) != 0 {
			s.Errorf("no ids: %v, %v", none, err)
		}
	})
}

func (s *writes) ownSince() {
	mine, other := s.enrol(), s.enrol()
	b := batch(mine, "unit/a", 1)
	s.put(b)
	rec := b.Records[0].ID
	s.edits(other, rec, 1, record.Outcome{Status: record.Applied, Version: 2})
	ops := s.edits(mine, rec, 2,
		record.Outcome{Status: record.Conflicted, Version: 2}, // every edit clashed: no version
		record.Outcome{Status: record.Rejected},
		record.Outcome{Status: record.Held},
		record.Outcome{Status: record.Applied, Version: 3})
	s.edits(other, newID(), 2, record.Outcome{Status: record.Applied, Version: 9})
	for since, want := range map[uint64][]push.OwnOp{
		1: {{Version: 2, Text: ops[0].Text}, {Version: 3, Made: true, Text: ops[3].Text}},
		2: {{Version: 3, Made: true, Text: ops[3].Text}},
		3: nil,
	} {
		s.tx(func(ctx context.Context, tx push.Tx) {
			own, err := tx.OwnSince(ctx, mine, []push.Version{{Record: rec, Version: since}})
			s.must(err)
			if fmt.Sprintf("%+v", own[rec]) != fmt.Sprintf("%+v", want) {
				s.Errorf("own ops since version %d: %+v, want %+v", since, own[rec], want)
			}
		})
	}
}

func (s *writes) unmet() {
	mine, other := s.enrol(), s.enrol()
	rec, fine := newID(), newID()
	ops := s.edits(mine, rec, 1, record.Outcome{Status: record.Rejected}, record.Outcome{Status: record.Held})
	s.edits(mine, fine, 3, record.Outcome{Status: record.Applied, Version: 1})
	s.edits(other, newID(), 1, record.Outcome{Status: record.Rejected})
	s.tx(func(ctx context.Context, tx push.Tx) {
		unmet, err := tx.Unmet(ctx, mine, []string{rec, fine})
		s.must(err)
		if len(unmet) != 1 || unmet[rec] != ops[1].ID {
			s.Errorf("unmet %v, want %s for %s", unmet, ops[1].ID, rec)
		}
		unmet, err = tx.Unmet(ctx, other, []string{rec})
		s.must(err)
		if len(unmet) > 0 {
			s.Errorf("another device waits for %v", unmet)
		}
	})
}

func (s *writes) match() {
	device := s.enrol()
	b := batch(device, "unit/a", 1)
	twin, gone, odd := b.Records[0], b.Records[0], b.Records[0]
	twin.ID, twin.Seq = newID(), 2
	gone.ID, gone.Seq, gone.Removed = newID(), 3, true
	odd.ID, odd.Seq, odd.Collection = newID(), 4, "items"
	b.Records, b.Heads["unit/a"] = append(b.Records, twin, gone, odd), 4
	s.put(b)
	want := []string{b.Records[0].ID, twin.ID}
	slices.Sort(want)
	s.tx(func(ctx context.Context, tx push.Tx) {
		rows, err := tx.Match(ctx, "certificates", "officer", device)
		s.must(err)
		var found []string
		for _, r := range rows {
			found = append(found, r.ID)
		}
		if !slices.Equal(found, want) {
			s.Errorf("found %v, want %v", found, want)
		}
		asked := record.Lookup{Collection: "certificates", Field: "officer", Value: device}
		locked, err := tx.LockFeeds(ctx, nil, push.Wants{Lookups: []record.Lookup{asked, {Collection: "certificates", Field: "number", Value: "none"}}})
		s.must(err)
		if !reflect.DeepEqual(locked.Matches[asked], rows) || len(locked.Matches) != 2 {
			s.Errorf("with the locks %v, want %v", locked.Matches, rows)
		}
		if rows, err := tx.Match(ctx, "certificates", "officer", "' OR '1'='1"); err != nil || len(rows) > 0 {
			s.Errorf("a hostile value finds %v, %v", rows, err)
		}
		if _, err := tx.Match(ctx, "certificates", "x') OR 1=1 --", "v"); err == nil {
			s.Error("a hostile field name is asked for")
		}
	})
	looked, err := s.Lookup(s.ctx, "certificates", "officer", device)
	s.must(err)
	if len(looked) != 2 || looked[0].ID != want[0] || looked[0].Version != 1 || string(looked[0].Body) != string(twin.Body) {
		s.Errorf("looked up %+v", looked)
	}
}

// schemas: rows of several forms in one push, one that says none, and a record that was of one form and is of another.
func (s *writes) schemas() {
	device := s.enrol()
	b := batch(device, "unit/a", 1)
	for i, schema := range []int{1, 0, 3} {
		row, rev := b.Records[0], b.Revisions[0]
		row.ID, row.Op, row.Seq, row.Schema = newID(), newID(), uint64(i+2), schema
		rev.Record, rev.Op, rev.Schema = row.ID, row.Op, schema
		b.Records, b.Revisions = append(b.Records, row), append(b.Revisions, rev)
	}
	b.Heads["unit/a"] = 4
	s.put(b)
	s.haveSchemas(b, 2, 1, 1, 3)
	again := batch(device, "unit/a", 5)
	again.Records, again.Revisions = b.Records[:1], nil
	again.Records[0].Version, again.Records[0].Seq, again.Records[0].Schema = 2, 5, 1
	s.put(again)
	s.haveSchemas(b, 1, 1, 1, 3)
}

func (s *writes) haveSchemas(b *push.Batch, want ...int) {
	s.Helper()
	found, _, err := s.Changes(s.ctx, "unit/a", 0, 10)
	s.must(err)
	seen := map[string]int{}
	for _, c := range found {
		seen[c.ID] = c.Schema
	}
	s.must(s.Each(s.ctx, "unit/a", 0, 10, func(c pull.Change) error {
		if c.Schema != seen[c.ID] {
			s.Errorf("a walk says form %d, a page %d", c.Schema, seen[c.ID])
		}
		return nil
	}))
	for i, row := range b.Records {
		rec, err := s.Record(s.ctx, row.Collection, row.ID)
		s.must(err)
		picked, err := s.Pick(s.ctx, "unit/a", []string{row.ID})
		s.must(err)
		if rec.Schema != want[i] || seen[row.ID] != want[i] || len(picked) != 1 || picked[0].Schema != want[i] {
			s.Errorf("record %d: form %d, by a page %d, picked %+v; want %d", i, rec.Schema, seen[row.ID], picked, want[i])
		}
	}
}
