package pull_test

import (
	"bytes"
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/pull"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// listed reads the digests of all records of a feed, page by page.
func listed(t *testing.T, s *pull.Service, feed string, head uint64) (all []wire.RecordDigest, pages int) {
	t.Helper()
	q := wire.DigestQuery{Head: head}
	for b := range 256 {
		q.Buckets = append(q.Buckets, wire.Bucket(b).String())
	}
	for {
		list, err := s.Differing(t.Context(), officer("d", unit), feed, q)
		if err != nil {
			t.Fatal(err)
		}
		if len(list.Records) > pull.MaxListed {
			t.Fatalf("%d digests in one reply", len(list.Records))
		}
		all, pages = append(all, list.Records...), pages+1
		if q.After = list.Next; q.After == 0 {
			return all, pages
		}
	}
}

// What a feed is told to come to is what its live records come to, whichever way they are asked for.
func TestDigestIsOfTheLiveRecords(t *testing.T) {
	for _, n := range []int{0, 1, 700, pull.MaxListed, pull.MaxListed + 1, 2*pull.MaxListed + 3} {
		m := newMemory()
		m.fill(work, n, 5)
		if n > 1 {
			m.put(work, work+" 0", nil)
		}
		s := m.service()
		told, err := s.Digest(t.Context(), officer("d", unit), work, nil)
		if err != nil {
			t.Fatal(err)
		}
		sums, digester := &wire.Sums{}, wire.NewDigester()
		if n > 0 {
			for _, c := range m.feeds[work].lines {
				if c.Gone == "" {
					sums.Add(wire.BucketOf(c.ID), digester.Record(c.ID, c.Collection, c.Version, c.Body))
				}
			}
		}
		if got, err := told.Sums(); err != nil || *got != *sums {
			t.Errorf("of %d: %+v, want %+v (%v)", n, told.Count, sums.Count, err)
		}
		list, pages := listed(t, s, work, told.Head)
		of := &wire.Sums{}
		for _, r := range list {
			of.Add(wire.BucketOf(r.ID), r.Digest)
		}
		if *of != *sums || n > pull.MaxListed+1 && pages != 3 {
			t.Errorf("of %d: %d are listed in %d pages", n, len(list), pages)
		}
	}
}

// The sums are added up once for each head.
func TestSumsAreKeptUntilTheFeedMovesOn(t *testing.T) {
	m := newMemory()
	m.fill(work, 300, 5)
	s := m.service()
	digest := func() wire.FeedDigest {
		t.Helper()
		d, err := s.Digest(t.Context(), officer("d", unit), work, nil)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	first := digest()
	reads := m.reads
	if second := digest(); m.reads != reads || fmt.Sprint(first) != fmt.Sprint(second) {
		t.Errorf("%d pages were read for a feed that stands still", m.reads-reads)
	}
	m.put(work, work+" 7", []byte(`{}`))
	if third := digest(); m.reads == reads || third.Head != 301 || len(differ(t, first, third)) != 1 {
		t.Errorf("after a change: head %d, %v", third.Head, differ(t, first, third))
	}
	m.epoch = "restored" // the same heads, with other content
	m.feeds[work].lines[0].Body = []byte(`{"restored":true}`)
	if fourth := digest(); len(differ(t, first, fourth)) != 2 {
		t.Error("the sums of another epoch are told")
	}
}

func differ(t *testing.T, a, b wire.FeedDigest) []wire.Bucket {
	t.Helper()
	x, err := a.Sums()
	if err != nil {
		t.Fatal(err)
	}
	y, err := b.Sums()
	if err != nil {
		t.Fatal(err)
	}
	return x.Differ(y)
}

// A change in the middle of the walk is not half in the sums: they are added up anew, or the device is sent away.
func TestSumsAreOfOneState(t *testing.T) {
	m := newMemory()
	m.fill(work, 300, 5)
	m.meddle = func(read int) {
		if read == 2 {
			m.put(work, work+" 250", []byte(`{"moved":true}`)) // from before the walk to behind its end
		}
	}
	s := m.service()
	told, err := s.Digest(t.Context(), officer("d", unit), work, nil)
	if err != nil || told.Head != 301 || told.Count != 300 {
		t.Fatalf("head %d of %d records, %v", told.Head, told.Count, err)
	}
	m.meddle = func(read int) { m.put(work, work+" 0", fmt.Appendf(nil, `{"read":%d}`, read)) }
	m.put(work, work+" 1", []byte(`{}`))
	_, err = s.Digest(t.Context(), officer("d", unit), work, nil)
	fails(t, err, fault.DigestBusy)
	_, err = s.Differing(t.Context(), officer("d", unit), work, wire.DigestQuery{Head: m.feeds[work].head, Buckets: []string{"00"}})
	fails(t, err, fault.HeadMoved)
}

// Only so many feeds are read at once; who comes then is told when to come again, and what is known is still told.
func TestFewFeedsAreComparedAtOnce(t *testing.T) {
	m := newMemory()
	m.fill(reference, 10, 5)
	s := m.service()
	if _, err := s.Digest(t.Context(), officer("d", unit), reference, nil); err != nil {
		t.Fatal(err)
	}
	m.fill(work, 10, 5)
	reading, goOn := make(chan bool), make(chan bool)
	m.meddle = func(int) {
		reading <- true
		<-goOn
	}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if _, err := s.Digest(t.Context(), officer("d", unit), work, nil); err != nil {
				t.Error(err)
			}
		})
		<-reading
	}
	_, err := s.Digest(t.Context(), officer("d", unit), work, nil)
	fails(t, err, fault.DigestBusy)
	if fault.Of(err).RetryAfter == 0 {
		t.Error("nobody says when to come again")
	}
	_, err = s.Differing(t.Context(), officer("d", unit), work, wire.DigestQuery{Head: 10, Buckets: []string{"00"}})
	fails(t, err, fault.DigestBusy)
	if _, err := s.Digest(t.Context(), officer("d", unit), reference, nil); err != nil {
		t.Errorf("what is known is not told: %v", err)
	}
	go func() {
		for range reading {
			goOn <- true
		}
	}()
	goOn <- true
	goOn <- true
	wg.Wait()
	if _, err := s.Differing(t.Context(), officer("d", unit), work, wire.DigestQuery{Head: 10, Buckets: []string{"00"}}); err != nil {
		t.Errorf("the places are not given back: %v", err)
	}
	m.meddle = nil
	close(reading)
}

func TestRecordsByTheirIDs(t *testing.T) {
	m := newMemory()
	var ids []string
	for range 4 {
		ids = append(ids, uuid.Must(uuid.NewV7()).String())
	}
	m.put(work, ids[0], []byte(`{"n":0}`))
	m.put(work, ids[1], nil)
	m.put("unit/120102002", ids[2], []byte(`{"secret":true}`))
	s := m.service()
	got, err := s.Records(t.Context(), officer("d", unit), wire.RecordsQuery{Feed: work, IDs: append(ids, ids[0])})
	if err != nil || got.More || len(got.Changes) != 4 || string(got.Changes[0].Body) != `{"n":0}` || got.Changes[0].Seq != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	for i, c := range got.Changes[1:] { // removed, another district's, unknown: all are told alike
		if fmt.Sprint(c) != fmt.Sprint(wire.Change{Feed: work, ID: ids[i+1], Gone: wire.GoneMoved}) {
			t.Errorf("%+v", c)
		}
	}
	for _, id := range ids[:3] {
		m.put(work, id, bytes.Repeat([]byte("1"), pull.PageOctets/2))
	}
	got, err = s.Records(t.Context(), officer("d", unit), wire.RecordsQuery{Feed: work, IDs: ids})
	if err != nil || !got.More || len(got.Changes) != 2 {
		t.Errorf("%d large records, more %v, %v", len(got.Changes), got.More, err)
	}
	got, err = s.Records(t.Context(), officer("d", unit), wire.RecordsQuery{Feed: work, IDs: ids[2:]})
	if err != nil || got.More || len(got.Changes) != 2 {
		t.Errorf("the rest: %d records, more %v, %v", len(got.Changes), got.More, err)
	}
}

func TestComparingRefuses(t *testing.T) {
	m := newMemory()
	m.fill(work, 3, 5)
	s, who := m.service(), officer("d", unit)
	const foreign = "unit/120102002"
	_, err := s.Digest(t.Context(), who, foreign, nil)
	fails(t, err, fault.FeedForbidden)
	_, err = s.Differing(t.Context(), who, foreign, wire.DigestQuery{Buckets: []string{"00"}})
	fails(t, err, fault.FeedForbidden)
	id := uuid.Must(uuid.NewV7()).String()
	_, err = s.Records(t.Context(), who, wire.RecordsQuery{Feed: foreign, IDs: []string{id}})
	fails(t, err, fault.FeedForbidden)
	_, err = s.Differing(t.Context(), who, work, wire.DigestQuery{Head: 2, Buckets: []string{"00"}})
	fails(t, err, fault.HeadMoved)
	for _, buckets := range [][]string{nil, make([]string, 257), {"0"}, {"AA"}, {"000"}} {
		_, err = s.Differing(t.Context(), who, work, wire.DigestQuery{Head: 3, Buckets: buckets})
		fails(t, err, fault.FieldInvalid)
	}
	for _, ids := range [][]string{nil, make([]string, pull.MaxPicked+1), {"x"}, {id, ""}} {
		_, err = s.Records(t.Context(), who, wire.RecordsQuery{Feed: work, IDs: ids})
		fails(t, err, fault.FieldInvalid)
	}
}
