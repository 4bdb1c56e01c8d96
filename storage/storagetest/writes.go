package storagetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/jobs"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// Database is everything that one database keeps for reconciliation: what is pushed into it can be pulled out of it.
type Database interface {
	push.Store
	pull.Reader
	pull.History
	jobs.Queue
	people.Identities
}

// Writes is what every push.Store must do. open gives an empty one.
func Writes(t *testing.T, open func(t *testing.T) Database) {
	for _, c := range []struct {
		name string
		run  func(*writes)
	}{
		{"what is written is read back whole", (*writes).readBack},
		{"each body has its form", (*writes).schemas},
		{"a failure leaves no trace", (*writes).failure},
		{"a panic leaves no trace", (*writes).panicking},
		{"a context that ends leaves no trace", (*writes).cancelled},
		{"a failing write leaves no trace", (*writes).failingWrite},
		{"an op is taken once", (*writes).once},
		{"the first claim of a number stands", (*writes).numbers},
		{"ops by their ids", (*writes).opsById},
		{"the device's own ops since a version", (*writes).ownSince},
		{"what waits for a rejected creation", (*writes).unmet},
		{"records are found by a field", (*writes).match},
		{"writers of one feed wait for each other", (*writes).feedLocks},
		{"feeds in any order make no circle", (*writes).noDeadlock},
		{"pushes of one device wait for each other", (*writes).deviceLocks},
		{"what is not there is absent", (*writes).absent},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(&writes{t, open(t), t.Context()}) })
	}
}

// writes is one run of one case.
type writes struct {
	*testing.T
	Database
	ctx context.Context
}

func (s *writes) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// tx runs one unit of work that must succeed.
func (s *writes) tx(fn func(ctx context.Context, tx push.Tx)) {
	s.Helper()
	s.must(s.InTx(s.ctx, func(ctx context.Context, tx push.Tx) error {
		fn(ctx, tx)
		return nil
	}))
}

func (s *writes) enrol() string {
	s.Helper()
	id := newID()
	s.must(s.CreateCode(s.ctx, people.EnrolmentCode{Digest: id, Unit: "120102001", ExpiresAt: at.Add(time.Hour)}))
	_, err := s.Enrol(s.ctx, id, people.Device{ID: id, PublicKey: []byte("key of " + id), Thumbprint: id, EnrolledAt: at}, at)
	s.must(err)
	return id
}

// batch is a push of one op that creates one record, with every field set and every kind of row in it.
func batch(device, feed string, seq uint64) *push.Batch {
	op, rec := newID(), newID()
	body := fmt.Appendf(nil, `{"officer":%q,"text":"中文"}`, device)
	return &push.Batch{
		Device: &push.Device{ID: device, LastSeq: seq, HeadHash: "head-" + op},
		Push:   &push.Provenance{ID: newID(), Device: device, FirstSeq: seq, LastSeq: seq, Head: "head", Signature: "signature"},
		Ops: []push.OpRow{{
			Op: record.Op{ID: op, Seq: seq, Collection: "certificates", Record: rec, Action: record.Create, Author: "author",
				OccurredAt: at.Add(-time.Hour)},
			Device: device, Push: "push", Text: []byte(`{"seq":1}`), Hash: "hash-" + op, Earliest: at.Add(-2 * time.Hour), Latest: at.Add(-time.Minute),
			Outcome: record.Outcome{Op: op, Seq: seq, Status: record.Conflicted, Version: 1, Code: "code", Zh: "中", En: "en", Field: "a/b",
				Conflict: newID(), Findings: []string{newID(), newID()}, HeldBy: newID()},
		}},
		Revisions:  []push.Revision{{Version: push.Version{Record: rec, Version: 1}, Collection: "certificates", Op: op, Schema: 2, Body: body}},
		Records:    []push.Row{{ID: rec, Collection: "certificates", Feed: feed, Seq: seq, Version: 1, Op: op, Schema: 2, Body: body}},
		Departures: []push.Departure{{Feed: "old/" + feed, Seq: seq, Record: newID(), Collection: "certificates", Reason: "moved"}},
		Heads:      map[string]uint64{feed: seq, "old/" + feed: seq},
		Numbers:    []push.NumberUse{{Series: "series/" + feed, N: seq, Document: rec}},
		Jobs:       []record.Job{{Kind: "kind", Key: rec}},
		At:         at,
	}
}

// write locks what the batch needs, as a push does, and writes it.
func write(ctx context.Context, tx push.Tx, b *push.Batch) error {
	if b.Device != nil {
		if _, _, err := tx.LockDevice(ctx, b.Device.ID, nil); err != nil {
			return err
		}
	}
	var feeds []string
	for feed := range b.Heads {
		feeds = append(feeds, feed)
	}
	if _, err := tx.LockFeeds(ctx, feeds, push.Wants{}); err != nil {
		return err
	}
	return tx.Write(ctx, b)
}

func (s *writes) put(b *push.Batch) {
	s.Helper()
	s.must(s.InTx(s.ctx, func(ctx context.Context, tx push.Tx) error { return write(ctx, tx, b) }))
}

func (s *writes) readBack() {
	device := s.enrol()
	b := batch(device, "unit/a", 1)
	s.put(b)
	want, row := b.Ops[0], b.Records[0]
	s.tx(func(ctx context.Context, tx push.Tx) {
		d, in, err := tx.LockDevice(ctx, device, []string{row.ID, newID()})
		s.must(err)
		if len(in) != 1 || fmt.Sprint(in[row.ID]) != "[unit/a]" {
			s.Errorf("with the device: feeds %v", in)
		}
		if d.LastSeq != 1 || d.HeadHash != b.Device.HeadHash || string(d.PublicKey) != "key of "+device || d.Revoked {
			s.Errorf("device %+v", d)
		}
		past, err := tx.Outcomes(ctx, device, 1, 9)
		s.must(err)
		if got := past[1]; len(past) != 1 || got.Hash != want.Hash || !reflect.DeepEqual(got.Outcome, want.Outcome) {
			s.Errorf("outcomes\ngot  %+v\nwant %+v", past, want.Outcome)
		}
		rows, err := tx.Records(ctx, []string{row.ID, newID()})
		s.must(err)
		if len(rows) != 1 || !reflect.DeepEqual(rows[row.ID], row) {
			s.Errorf("records\ngot  %+v\nwant %+v", rows, row)
		}
		feeds, err := tx.FeedsOf(ctx, []string{row.ID, newID()})
		s.must(err)
		if len(feeds) != 1 || fmt.Sprint(feeds[row.ID]) != "[unit/a]" {
			s.Errorf("feeds %v", feeds)
		}
		bodies, err := tx.Bodies(ctx, []push.Version{{Record: row.ID, Version: 1}, {Record: row.ID, Version: 2}})
		s.must(err)
		if got := bodies[b.Revisions[0].Version]; len(bodies) != 1 || got.Schema != 2 || string(got.Body) != string(row.Body) {
			s.Errorf("bodies %v", bodies)
		}
		asked := record.Lookup{Collection: "certificates", Field: "officer", Value: "nobody"}
		locked, err := tx.LockFeeds(ctx, []string{"unit/a", "unit/new"}, push.Wants{Records: []string{row.ID, newID()}, Lookups: []record.Lookup{asked}})
		s.must(err)
		if heads := locked.Heads; heads["unit/a"] != 1 || heads["unit/new"] != 0 || len(heads) != 2 {
			s.Errorf("heads %v", heads)
		}
		if !reflect.DeepEqual(locked.Rows, rows) {
			s.Errorf("read with the locks\ngot  %+v\nwant %+v", locked.Rows, rows)
		}
		if found, ok := locked.Matches[asked]; !ok || len(found) > 0 || len(locked.Matches) != 1 {
			s.Errorf("looked up with the locks: %v", locked.Matches)
		}
	})
	revisions, err := s.Revisions(s.ctx, row.ID)
	s.must(err)
	wantRevision := pull.Revision{Version: 1, Op: want.ID, Action: "create", Author: "author", Device: device, OccurredAt: want.OccurredAt,
		ReceivedAt: at, Status: "conflict", Collection: "certificates", Schema: 2, Body: row.Body}
	if len(revisions) != 1 || !reflect.DeepEqual(revisions[0], wantRevision) {
		s.Errorf("revisions\ngot  %+v\nwant %+v", revisions, wantRevision)
	}
	if waiting, dead, err := s.Pending(s.ctx); waiting != 1 || dead != 0 || err != nil {
		s.Errorf("%d jobs wait, %d are dead: %v", waiting, dead, err)
	}
}

// nothing fails unless the batch has left nothing behind.
func (s *writes) nothing(b *push.Batch) {
	s.Helper()
	row := b.Records[0]
	s.tx(func(ctx context.Context, tx push.Tx) {
		past, err := tx.Outcomes(ctx, b.Device.ID, 1, 9)
		s.must(err)
		rows, err := tx.Records(ctx, []string{row.ID})
		s.must(err)
		bodies, err := tx.Bodies(ctx, []push.Version{{Record: row.ID, Version: 1}})
		s.must(err)
		taken, err := tx.NumberClaims(ctx, b.Numbers)
		s.must(err)
		if len(past)+len(rows)+len(bodies)+len(taken) > 0 {
			s.Errorf("left behind: outcomes %v, records %v, bodies %v, numbers %v", past, rows, bodies, taken)
		}
	})
	heads, err := s.Heads(s.ctx, []string{row.Feed})
	s.must(err)
	acked, err := s.Acked(s.ctx, b.Device.ID)
	s.must(err)
	waiting, _, err := s.Pending(s.ctx)
	s.must(err)
	if heads[row.Feed] != 0 || acked != 0 || waiting != 0 {
		s.Errorf("left behind: head %d, acked %d, %d jobs", heads[row.Feed], acked, waiting)
	}
}

func (s *writes) failure() {
	b, why := batch(s.enrol(), "unit/a", 1), errors.New("changed my mind")
	err := s.InTx(s.ctx, func(ctx context.Context, tx push.Tx) error {
		if err := write(ctx, tx, b); err != nil {
			return err
		}
		return why
	})
	if !errors.Is(err, why) {
		s.Errorf("the error became %v", err)
	}
	s.nothing(b)
}

func (s *writes) panicking() {
	b := batch(s.enrol(), "unit/a", 1)
	func() {
		defer func() {
			if recover() == nil {
				s.Error("the panic was swallowed")
			}
		}()
		_ = s.InTx(s.ctx, func(ctx context.Context, tx push.Tx) error {
			s.must(write(ctx, tx, b))
			panic("a defect")
		})
	}()
	s.nothing(b)
}

func (s *writes) cancelled() {
	b := batch(s.enrol(), "unit/a", 1)
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	err := s.InTx(ctx, func(ctx context.Context, tx push.Tx) error {
		defer cancel()
		return write(ctx, tx, b)
	})
	if err == nil {
		s.Error("a transaction whose context has ended says that it is committed")
	}
	s.nothing(b)
}

func (s *writes) failingWrite() {
	b := batch(s.enrol(), "unit/a", 1)
	b.Revisions = append(b.Revisions, b.Revisions[0]) // a version twice: refused by the last line of defence
	if err := s.InTx(s.ctx, func(ctx context.Context, tx push.Tx) error { return write(ctx, tx, b) }); err == nil {
		s.Error("a version was written twice")
	}
	s.nothing(b)
}

func (s *writes) once() {
	device := s.enrol()
	first := batch(device, "unit/a", 1)
	s.put(first)
	again := batch(device, "unit/a", 2)
	again.Ops[0].ID = first.Ops[0].ID
	err := s.InTx(s.ctx, func(ctx context.Context, tx push.Tx) error { return write(ctx, tx, again) })
	if !errors.Is(err, fault.New(fault.ReplayDiffers)) {
		s.Errorf("the same op id again: %v, want %s", err, fault.ReplayDiffers)
	}
	same := batch(device, "unit/a", 1)
	if err := s.InTx(s.ctx, func(ctx context.Context, tx push.Tx) error { return write(ctx, tx, same) }); err == nil {
		s.Error("another op under a number that was taken is stored")
	}
	if acked, _ := s.Acked(s.ctx, device); acked != 1 {
		s.Errorf("acked %d", acked)
	}
}

func (s *writes) feedLocks() {
	const n = 40
	devices := make([]string, n)
	for i := range devices {
		devices[i] = s.enrol()
	}
	var all sync.WaitGroup
	errs := make(chan error, n)
	for _, device := range devices {
		all.Go(func() {
			errs <- s.InTx(s.ctx, func(ctx context.Context, tx push.Tx) error {
				locked, err := tx.LockFeeds(ctx, []string{"unit/a", "old/unit/a"}, push.Wants{})
				if err != nil {
					return err
				}
				heads := locked.Heads
				b := batch(device, "unit/a", 1)
				b.Records[0].Seq, b.Departures[0].Seq = heads["unit/a"]+1, heads["old/unit/a"]+1
				b.Heads = map[string]uint64{"unit/a": heads["unit/a"] + 1, "old/unit/a": heads["old/unit/a"] + 1}
				b.Numbers[0].N = heads["unit/a"] + 1
				return tx.Write(ctx, b)
			})
		})
	}
	all.Wait()
	for range devices {
		s.must(<-errs)
	}
	heads, err := s.Heads(s.ctx, []string{"unit/a"})
	s.must(err)
	if heads["unit/a"] != n {
		s.Errorf("after %d writers the head is %d", n, heads["unit/a"])
	}
}

func (s *writes) noDeadlock() {
	circle := [][]string{{"unit/a", "unit/b"}, {"unit/b", "unit/c"}, {"unit/c", "unit/a"}}
	var all sync.WaitGroup
	errs := make(chan error, 6)
	for i := range cap(errs) {
		all.Go(func() {
			for range 20 {
				if err := s.InTx(s.ctx, func(ctx context.Context, tx push.Tx) error {
					_, err := tx.LockFeeds(ctx, circle[i%len(circle)], push.Wants{})
					return err
				}); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		})
	}
	all.Wait()
	for range cap(errs) {
		s.must(<-errs)
	}
}

func (s *writes) deviceLocks() {
	device := s.enrol()
	const n = 20
	var all sync.WaitGroup
	errs := make(chan error, n)
	for range n {
		all.Go(func() {
			errs <- s.InTx(s.ctx, func(ctx context.Context, tx push.Tx) error {
				d, _, err := tx.LockDevice(ctx, device, nil)
				if err != nil {
					return err
				}
				return write(ctx, tx, batch(device, "unit/"+fmt.Sprint(d.LastSeq+1), d.LastSeq+1))
			})
		})
	}
	all.Wait()
	for range n {
		s.must(<-errs)
	}
	if acked, _ := s.Acked(s.ctx, device); acked != n {
		s.Errorf("after %d pushes acked %d", n, acked)
	}
}

func (s *writes) absent() {
	err := s.InTx(s.ctx, func(ctx context.Context, tx push.Tx) error {
		_, _, err := tx.LockDevice(ctx, newID(), nil)
		return err
	})
	if !errors.Is(err, fault.New(fault.NotFound)) {
		s.Errorf("an unknown device: %v", err)
	}
	if _, err := s.Record(s.ctx, "certificates", newID()); !errors.Is(err, fault.New(fault.NotFound)) {
		s.Errorf("an unknown record: %v", err)
	}
	if acked, err := s.Acked(s.ctx, newID()); acked != 0 || err != nil {
		s.Errorf("an unknown device is acked %d, %v", acked, err)
	}
	s.tx(func(ctx context.Context, tx push.Tx) {
		locked, err := tx.LockFeeds(ctx, nil, push.Wants{})
		s.must(err)
		rows, err := tx.Records(ctx, nil)
		s.must(err)
		feeds, err := tx.FeedsOf(ctx, nil)
		s.must(err)
		if len(locked.Heads)+len(locked.Rows)+len(rows)+len(feeds) > 0 {
			s.Errorf("asked for nothing, got %v %v %v", locked, rows, feeds)
		}
	})
}
