package upload_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/sync/upload"
)

// part brings some bytes as a part of an evidence.
func (w *world) part(s *upload.Service, evidenceID string, data []byte) (id string) {
	w.t.Helper()
	st, created, err := s.Create(ctx, w.caller, upload.New{Evidence: evidenceID, Length: int64(len(data)), Part: true})
	if err != nil || !created || !st.Part {
		w.t.Fatalf("create a part: %+v, %v, %v", st, created, err)
	}
	if st := w.send(s, st.ID, data, 0); st.State != upload.Receiving || st.Offset != int64(len(data)) {
		w.t.Fatalf("a part that is complete: %+v", st)
	}
	return st.ID
}

func joinedOf(evidenceID string, parts ...string) upload.New {
	return upload.New{Evidence: evidenceID, Parts: parts}
}

// TestJoin cuts recordings at random places, brings the parts in random order over restarts, and joins them.
func TestJoin(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		for seed := range uint64(6) {
			w, chance := newWorld(t, d), rand.New(rand.NewPCG(seed, 13))
			s := w.start()
			data := random(1 + chance.IntN(200_000))
			evidenceID := w.announce(data)
			cuts := []int{0, len(data), chance.IntN(len(data) + 1), chance.IntN(len(data) + 1)}
			slices.Sort(cuts)
			ids := make([]string, len(cuts)-1)
			for _, i := range chance.Perm(len(ids)) {
				ids[i] = w.part(s, evidenceID, data[cuts[i]:cuts[i+1]])
				if chance.IntN(3) == 0 {
					s = w.start()
				}
			}
			for i := range 2 { // the second after a lost answer
				st, created, err := s.Create(ctx, w.caller, joinedOf(evidenceID, ids...))
				if err != nil || created != (i == 0) || st.State != upload.Whole || st.Offset != int64(len(data)) {
					t.Fatalf("seed %d, cut at %v: %+v, %v, %v", seed, cuts, st, created, err)
				}
				if i == 1 {
					if err := s.Promote(ctx, st.ID); err != nil {
						t.Fatal(err)
					}
				}
			}
			for _, id := range ids {
				_, err := s.Status(ctx, w.caller, id)
				wantFault(t, err, fault.UploadEnded)
			}
			w.wantHeld(s, evidenceID, data)
		}
	})
}

func TestBadJoins(t *testing.T) {
	w := newWorld(t, databases.SQLite(t, time.Now))
	s := w.start()
	data := random(1000)
	evidenceID, other := w.announce(data), w.announce(data)
	a, b := w.part(s, evidenceID, data[:400]), w.part(s, evidenceID, data[400:])
	open, _, err := s.Create(ctx, w.caller, upload.New{Evidence: evidenceID, Length: 600, Part: true})
	if err != nil {
		t.Fatal(err)
	}
	_, whole := w.begin(s, data)
	elsewhere := w.part(s, other, data[400:])
	colleague := w.caller
	colleague.Device = newID()
	many := make([]string, upload.MaxParts+1)
	for i := range many {
		many[i] = a
	}
	for name, c := range map[string]struct {
		caller people.Caller
		parts  []string
		want   fault.Code
	}{
		"one is missing":             {w.caller, []string{a}, fault.UploadLength},
		"one too many":               {w.caller, []string{a, b, a}, fault.UploadLength},
		"one is not complete":        {w.caller, []string{a, open.ID}, fault.UploadPartOpen},
		"one is not there":           {w.caller, []string{a, newID()}, fault.NotFound},
		"one is no part":             {w.caller, []string{a, whole}, fault.NotFound},
		"one is of another evidence": {w.caller, []string{a, elsewhere}, fault.NotFound},
		"another device of the unit": {colleague, []string{a, b}, fault.NotFound},
		"a stranger":                 {w.stranger, []string{a, b}, fault.NotFound},
		"too many":                   {w.caller, many, fault.UploadParts},
	} {
		_, _, err := s.Create(ctx, c.caller, joinedOf(evidenceID, c.parts...))
		if !errors.Is(err, fault.New(c.want)) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if _, err := (db.Uploads{DB: w.db}).Live(ctx, evidenceID); !errors.Is(err, fault.New(fault.NotFound)) {
		t.Errorf("a refused join leaves an upload: %v", err)
	}
	if _, _, err := s.Create(ctx, w.caller, upload.New{Evidence: evidenceID, Length: 1001, Part: true}); !errors.Is(err, fault.New(fault.UploadLength)) {
		t.Errorf("a part longer than the whole: %v", err)
	}
	st, _, err := s.Create(ctx, w.caller, joinedOf(evidenceID, a, b))
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Append(ctx, w.caller, st.ID, upload.Chunk{Offset: 1000}, bytes.NewReader(nil))
	wantFault(t, err, fault.UploadJoined)
	if err := s.End(ctx, w.caller, open.ID); err != nil {
		t.Error(err)
	}
}

// TestJoinInTheWrongOrder: the whole is checked as every upload, and what was sent is kept apart.
func TestJoinInTheWrongOrder(t *testing.T) {
	w := newWorld(t, databases.SQLite(t, time.Now))
	s := w.start()
	data := random(1000)
	evidenceID := w.announce(data)
	a, b := w.part(s, evidenceID, data[:400]), w.part(s, evidenceID, data[400:])
	st, _, err := s.Create(ctx, w.caller, joinedOf(evidenceID, b, a))
	wantFault(t, err, fault.DigestMismatch)
	if n := w.findings(evidenceID); n != 1 || st.State != upload.Mismatch {
		t.Errorf("%d findings, %+v", n, st)
	}
	w.wantSpooled(0)
	a, b = w.part(s, evidenceID, data[:400]), w.part(s, evidenceID, data[400:])
	if st, _, err = s.Create(ctx, w.caller, joinedOf(evidenceID, a, b)); err != nil {
		t.Fatal(err)
	}
	if err := s.Promote(ctx, st.ID); err != nil {
		t.Fatal(err)
	}
	w.wantHeld(s, evidenceID, data)
}

// TestPartsBesideAWhole: what is complete goes before what is not, whichever way it came.
func TestPartsBesideAWhole(t *testing.T) {
	w := newWorld(t, databases.SQLite(t, time.Now))
	s := w.start()
	data := random(1000)
	evidenceID, begun := w.begin(s, data)
	w.send(s, begun, data[:700], 0)
	a, b := w.part(s, evidenceID, data[:400]), w.part(s, evidenceID, data[400:])
	st, created, err := s.Create(ctx, w.caller, joinedOf(evidenceID, a, b))
	if err != nil || !created || st.State != upload.Whole {
		t.Fatalf("%+v, %v, %v", st, created, err)
	}
	_, err = s.Status(ctx, w.caller, begun)
	wantFault(t, err, fault.UploadEnded)
	again, created, err := s.Create(ctx, w.caller, upload.New{Evidence: evidenceID, Length: 1000})
	if err != nil || created || again.ID != st.ID || again.Offset != 1000 {
		t.Errorf("begun anew: %+v, %v, %v", again, created, err)
	}

	evidenceID, begun = w.begin(s, data)
	a, b = w.part(s, evidenceID, data[:400]), w.part(s, evidenceID, data[400:])
	w.send(s, begun, data, 0)
	st, created, err = s.Create(ctx, w.caller, joinedOf(evidenceID, a, b))
	if err != nil || created || st.ID != begun || st.State != upload.Whole {
		t.Errorf("%+v, %v, %v", st, created, err)
	}
}

// TestPartsExpire: parts that nobody joins go with their time, complete or not; a join that was broken off is finished.
func TestPartsExpire(t *testing.T) {
	w := newWorld(t, databases.SQLite(t, time.Now))
	now := time.Now()
	w.now = func() time.Time { return now }
	s := w.start()
	data := random(1000)
	forgotten := w.part(s, w.announce(data), data)
	evidenceID := w.announce(data)
	a, b := w.part(s, evidenceID, data[:400]), w.part(s, evidenceID, data[400:])
	broken := upload.Upload{ID: newID(), Evidence: evidenceID, Device: w.caller.Device, Unit: street, Length: 1000, SHA256: sumOf(data),
		State: upload.Receiving, CreatedAt: now, ExpiresAt: now.Add(time.Hour), Parts: []string{a, b}}
	lost := broken
	lost.ID, lost.Evidence, lost.Parts = newID(), w.announce(data), []string{newID()}
	for _, u := range []upload.Upload{broken, lost} {
		if _, _, err := s.Store.Create(ctx, u); err != nil {
			t.Fatal(err)
		}
	}
	now = now.Add(2 * time.Hour)
	if err := s.ExpireDue(ctx); err != nil {
		t.Fatal(err)
	}
	now = now.Add(23 * time.Hour)
	if err := s.ExpireDue(ctx); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{forgotten, lost.ID} {
		_, err := s.Status(ctx, w.caller, id)
		wantFault(t, err, fault.UploadEnded)
	}
	if err := s.Promote(ctx, broken.ID); err != nil {
		t.Fatal(err)
	}
	w.now = time.Now
	w.wantHeld(s, evidenceID, data)
}

// TestLengthDeclaredLater: of a whole the manifest knows it all along, of a part only who sends it.
func TestLengthDeclaredLater(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		s := w.start()
		data := random(1000)
		evidenceID := w.announce(data)
		declare := func(id string, offset int64, body []byte, length int64, want fault.Code, end int64) {
			t.Helper()
			st, err := s.Append(ctx, w.caller, id, upload.Chunk{Offset: offset, Length: &length}, bytes.NewReader(body))
			if want != "" {
				wantFault(t, err, want)
			} else if err != nil {
				t.Error(err)
			}
			if st.Offset != end {
				t.Errorf("offset %d, want %d", st.Offset, end)
			}
		}
		part, _, err := s.Create(ctx, w.caller, upload.New{Evidence: evidenceID, Deferred: true, Part: true})
		if err != nil || part.Length != upload.Unknown {
			t.Fatalf("%+v, %v", part, err)
		}
		w.send(s, part.ID, data[:300], 0)
		_, err = s.Append(ctx, w.caller, part.ID, upload.Chunk{Offset: 300}, bytes.NewReader(random(701)))
		wantFault(t, err, fault.UploadTooLong)
		declare(part.ID, 0, nil, 400, fault.UploadOffset, 300) // and nothing is declared
		declare(part.ID, 300, nil, 299, fault.UploadLength, 300)
		declare(part.ID, 300, nil, 1001, fault.UploadLength, 300)
		_, _, err = s.Create(ctx, w.caller, joinedOf(evidenceID, part.ID))
		wantFault(t, err, fault.UploadPartOpen)
		declare(part.ID, 300, data[300:400], 400, "", 400)
		declare(part.ID, 400, nil, 400, "", 400)
		declare(part.ID, 400, nil, 401, fault.UploadLength, 400)
		st, _, err := s.Create(ctx, w.caller, joinedOf(evidenceID, part.ID, w.part(s, evidenceID, data[400:])))
		if err != nil || st.State != upload.Whole {
			t.Fatalf("%+v, %v", st, err)
		}

		whole, _, err := s.Create(ctx, w.caller, upload.New{Evidence: w.announce(data), Deferred: true})
		if err != nil || whole.Length != 1000 {
			t.Fatalf("%+v, %v", whole, err)
		}
		declare(whole.ID, 0, data[:10], 999, fault.UploadLength, 0)
		declare(whole.ID, 0, data, 1000, "", 1000)
	})
}

// TestEveryCallOfAJoinBroken: the device brings two parts, one of them without saying how long it is, and joins them, again and again. A part whose
// creation it has not heard of is left to its time. Those that it knows end with the join and take their bytes along; and until they have ended they have
// all that was told of them, whatever was broken.
func TestEveryCallOfAJoinBroken(t *testing.T) {
	d := databases.SQLite(t, time.Now)
	everyCall(t, func(t *testing.T, b *breaker) {
		w := newWorld(t, d)
		s := w.startBroken(b)
		data := random(3000)
		evidenceID := w.announce(data)
		st, parts := w.persistJoin(t, s, evidenceID, data)
		for _, id := range parts {
			if u, err := (db.Uploads{DB: d}).Find(ctx, id); err != nil || u.State != upload.Ended || w.size(id) >= 0 {
				t.Errorf("a part of what is joined: %+v with %d octets, %v", u, w.size(id), err)
			}
		}
		for range 3 {
			if err := s.Promote(ctx, st.ID); err == nil {
				break
			}
		}
		w.now = func() time.Time { return time.Now().Add(25 * time.Hour) }
		if err := w.start().ExpireDue(ctx); err != nil {
			t.Error(err)
		}
		w.now = time.Now
		w.wantHeld(w.start(), evidenceID, data)
		if n := w.findings(evidenceID); n != 0 {
			t.Errorf("%d findings", n)
		}
	})
}

// size is how many octets the spool has of an upload that receives; less than none if it is not there.
func (w *world) size(id string) int64 {
	info, err := os.Stat(filepath.Join(w.root, "spool", "receiving", id))
	if err != nil {
		return -1
	}
	return info.Size()
}

func (w *world) persistJoin(t *testing.T, s *upload.Service, evidenceID string, data []byte) (joined upload.Status, parts []string) {
	t.Helper()
	told := map[string]int64{}
	keeps := func() {
		for id, n := range told {
			if u, err := (db.Uploads{DB: w.db}).Find(ctx, id); err != nil || u.State == upload.Receiving && w.size(id) < n {
				t.Errorf("of a part %d octets were told, and %d are there: %+v, %v", n, w.size(id), u, err)
			}
		}
	}
	again := func(step func() (upload.Status, error)) upload.Status {
		for range 5 {
			st, err := step()
			keeps()
			if err == nil {
				return st
			}
			if !errors.Is(err, errBroken) {
				t.Fatal(err)
			}
		}
		t.Fatal("the device does not come to an end")
		return upload.Status{}
	}
	bring := func(n upload.New, bytesOf []byte) string {
		length := int64(len(bytesOf))
		id := again(func() (upload.Status, error) { st, _, err := s.Create(ctx, w.caller, n); return st, err }).ID
		again(func() (upload.Status, error) {
			st, err := s.Status(ctx, w.caller, id)
			if err == nil {
				st, err = s.Append(ctx, w.caller, id, upload.Chunk{Offset: st.Offset, Length: &length}, bytes.NewReader(bytesOf[st.Offset:]))
			}
			return st, err
		})
		told[id] = length
		return id
	}
	first := bring(upload.New{Evidence: evidenceID, Part: true, Deferred: true}, data[:1000])
	second := bring(upload.New{Evidence: evidenceID, Part: true, Length: 2000}, data[1000:])
	return again(func() (upload.Status, error) {
		st, _, err := s.Create(ctx, w.caller, joinedOf(evidenceID, first, second))
		return st, err
	}), []string{first, second}
}
