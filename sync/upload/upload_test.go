package upload_test

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/sync/upload"
)

func TestFromAnnouncementToReceipt(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		s := w.start()
		queued := 0
		s.Queued = func() { queued++ }
		data := random(300_000)
		evidenceID, id := w.begin(s, data)

		if st := w.send(s, id, data[:100_000], 0); st.Offset != 100_000 || st.State != upload.Receiving {
			t.Errorf("%+v", st)
		}
		if st, err := s.Status(ctx, w.caller, id); err != nil || st.Offset != 100_000 {
			t.Errorf("%+v, %v", st, err)
		}
		again, created, err := s.Create(ctx, w.caller, upload.New{Evidence: evidenceID, Length: int64(len(data))})
		if err != nil || created || again.ID != id || again.Offset != 100_000 {
			t.Errorf("create again: %+v, %v, %v", again, created, err)
		}
		if _, err := s.Content(ctx, w.caller, evidenceID); !errors.Is(err, fault.New(fault.NotHeld)) {
			t.Errorf("content before it is held: %v", err)
		}
		if _, err := s.Receipt(ctx, w.caller, evidenceID); !errors.Is(err, fault.New(fault.NotHeld)) {
			t.Errorf("receipt before it is held: %v", err)
		}
		if st := w.send(s, id, data, 100_000); st.Offset != 300_000 || st.State != upload.Whole || queued != 1 {
			t.Errorf("%+v, queued %d", st, queued)
		}
		wantFault(t, s.End(ctx, w.caller, id), fault.UploadSealed)
		if waiting, _, err := d.Pending(ctx); err != nil || waiting != 1 {
			t.Errorf("%d jobs wait: %v", waiting, err)
		}
		for range 2 {
			if err := s.Promote(ctx, id); err != nil {
				t.Fatal(err)
			}
			w.wantHeld(s, evidenceID, data)
		}
		// The last PATCH again, its answer having been lost.
		if st := w.send(s, id, data, 300_000); st.Offset != 300_000 || st.State != upload.Held {
			t.Errorf("%+v", st)
		}
		if st, created, err := s.Create(ctx, w.caller, upload.New{Evidence: evidenceID, Length: int64(len(data))}); err != nil || created || st.State != upload.Held {
			t.Errorf("create when held: %+v, %v, %v", st, created, err)
		}
	})
}

// TestResume cuts the line at random places, in random ways, restarts the server in between, and comes to the same end.
func TestResume(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		rapid.Check(t, func(rt *rapid.T) { resume(rt, w) })
	})
}

func resume(rt *rapid.T, w *world) {
	cut := errors.New("the line is cut")
	s := w.start()
	data := random(rapid.IntRange(1, 400_000).Draw(rt, "length"))
	evidenceID, id := w.begin(s, data)
	for offset := 0; offset < len(data); {
		n := rapid.IntRange(0, 4).Draw(rt, "quarters") * (len(data) - offset) / 4
		if rapid.Bool().Draw(rt, "odd") {
			n = min(n+1, len(data)-offset)
		}
		chunk := data[offset : offset+n]
		var sum *upload.Checksum
		body, want := io.Reader(bytes.NewReader(chunk)), offset+n
		if rapid.Bool().Draw(rt, "checked") {
			digest := sha256.Sum256(chunk)
			sum = &upload.Checksum{Algorithm: "sha256", Digest: digest[:]}
		}
		broken := rapid.Bool().Draw(rt, "cut")
		if broken {
			body = io.MultiReader(body, iotest.ErrReader(cut))
		}
		if broken && sum != nil {
			want = offset
		}
		st, err := s.Append(ctx, w.caller, id, upload.Chunk{Offset: int64(offset), Sum: sum}, body)
		if broken != (err != nil) || broken && !errors.Is(err, cut) || st.Offset != int64(want) {
			rt.Fatalf("chunk %d+%d: %+v, %v; want offset %d", offset, n, st, err, want)
		}
		offset = want
		if rapid.IntRange(0, 4).Draw(rt, "restart") == 0 {
			s = w.start()
		}
		if st, err := s.Status(ctx, w.caller, id); err != nil || st.Offset != int64(offset) {
			rt.Fatalf("status: %+v, %v; want offset %d", st, err, offset)
		}
	}
	if err := s.Promote(ctx, id); err != nil {
		rt.Fatal(err)
	}
	w.wantHeld(s, evidenceID, data)
}

func TestChecksum(t *testing.T) {
	w := newWorld(t, databases.SQLite(t, time.Now))
	s := w.start()
	data := random(200_000)
	_, id := w.begin(s, data)
	sum1, sum256 := sha1.Sum(data[:1000]), sha256.Sum256(data[1000:])
	try := func(offset int, sum upload.Checksum, body []byte, want fault.Code, end int64) {
		t.Helper()
		st, err := s.Append(ctx, w.caller, id, upload.Chunk{Offset: int64(offset), Sum: &sum}, bytes.NewReader(body))
		if want != "" {
			wantFault(t, err, want)
		} else if err != nil {
			t.Error(err)
		}
		if st.ID != "" && st.Offset != end {
			t.Errorf("offset %d, want %d", st.Offset, end)
		}
	}
	good1, good256 := upload.Checksum{Algorithm: "sha1", Digest: sum1[:]}, upload.Checksum{Algorithm: "sha256", Digest: sum256[:]}
	damaged := bytes.Clone(data)
	damaged[500] ^= 1
	damaged[150_000] ^= 1
	try(0, upload.Checksum{Algorithm: "crc32", Digest: []byte{1}}, data[:1000], fault.ChecksumUnsupported, 0)
	try(0, upload.Checksum{Algorithm: "sha1"}, data[:1000], fault.UploadChecksum, 0)
	try(0, good1, damaged[:1000], fault.UploadChecksum, 0)
	try(0, good1, data[:999], fault.UploadChecksum, 0)
	try(0, good256, data[:1000], fault.UploadChecksum, 0)
	try(0, good1, data[:1000], "", 1000)
	try(1000, good256, damaged[1000:], fault.UploadChecksum, 1000)
	try(1000, good256, append(bytes.Clone(data[1000:]), 0), fault.UploadTooLong, 1000)
	try(1000, good256, data[1000:], "", 200_000)
	if st, err := s.Status(ctx, w.caller, id); err != nil || st.State != upload.Whole {
		t.Errorf("%+v, %v", st, err)
	}
}

func TestBadAppends(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		s := w.start()
		data := random(1000)
		_, id := w.begin(s, data)
		w.send(s, id, data[:400], 0)
		for _, offset := range []int64{0, 399, 401, 1000, 1001, -1} {
			st, err := s.Append(ctx, w.caller, id, upload.Chunk{Offset: offset}, bytes.NewReader(data[400:]))
			wantFault(t, err, fault.UploadOffset)
			if st.Offset != 400 {
				t.Errorf("at %d: %+v", offset, st)
			}
		}
		st, err := s.Append(ctx, w.caller, id, upload.Chunk{Offset: 400}, bytes.NewReader(random(601)))
		wantFault(t, err, fault.UploadTooLong)
		if st.Offset != 400 {
			t.Errorf("bytes beyond the length: %+v", st)
		}
		if st := w.send(s, id, data[:400], 400); st.Offset != 400 {
			t.Errorf("an empty chunk: %+v", st)
		}
		if st := w.send(s, id, data, 400); st.State != upload.Whole {
			t.Errorf("%+v", st)
		}
	})
}

func TestBadCreates(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		s := w.start()
		data := random(1000)
		id := w.announce(data)
		for _, length := range []int64{999, 1001, 0, -1} {
			_, _, err := s.Create(ctx, w.caller, upload.New{Evidence: id, Length: length})
			wantFault(t, err, fault.UploadLength)
		}
		for _, absent := range []string{newID(), "", "x", "../" + id} {
			_, _, err := s.Create(ctx, w.caller, upload.New{Evidence: absent, Length: 1000})
			wantFault(t, err, fault.NotFound)
		}
		w.wantSpooled(0)
	})
}

// TestForeign: who has no right over the unit is told what he would be told of what is not there.
func TestForeign(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		s := w.start()
		data := random(1000)
		evidenceID, id := w.begin(s, data)
		heldID, held := w.begin(s, data)
		w.send(s, held, data, 0)
		if err := s.Promote(ctx, held); err != nil {
			t.Fatal(err)
		}
		expired := w.caller
		expired.Grants = []people.Grant{{Role: people.RoleOfficer, Unit: street, To: time.Now().Add(-time.Second)}}
		chief := w.caller // a chief looks and does not upload
		chief.Grants = []people.Grant{{Role: people.RoleChief, Unit: street}}
		for name, caller := range map[string]people.Caller{"stranger": w.stranger, "expired": expired, "nobody": {}, "chief": chief} {
			_, _, err1 := s.Create(ctx, caller, upload.New{Evidence: evidenceID, Length: 1000})
			_, err2 := s.Status(ctx, caller, id)
			body := bytes.NewReader(data)
			_, err3 := s.Append(ctx, caller, id, upload.Chunk{}, body)
			err4 := s.End(ctx, caller, id)
			_, err5 := s.Receipt(ctx, caller, heldID)
			_, err6 := s.Content(ctx, caller, heldID)
			if name == "chief" {
				if err6 != nil {
					t.Errorf("the chief may look: %v", err6)
				}
				err6 = fault.New(fault.NotFound)
			}
			for i, err := range []error{err1, err2, err3, err4, err5, err6} {
				if !errors.Is(err, fault.New(fault.NotFound)) {
					t.Errorf("%s, call %d: %v", name, i+1, err)
				}
			}
			if body.Len() != len(data) {
				t.Errorf("%s: the body was read", name)
			}
		}
		absent := newID()
		_, err1 := s.Status(ctx, w.caller, absent)
		_, err2 := s.Append(ctx, w.caller, absent, upload.Chunk{}, bytes.NewReader(data))
		_, err3 := s.Content(ctx, w.caller, absent)
		for _, err := range []error{err1, err2, err3, s.End(ctx, w.caller, "..")} {
			wantFault(t, err, fault.NotFound)
		}
	})
}

// TestMismatch: what arrives is not what was announced. It is kept apart and flagged, and the device can begin anew.
func TestMismatch(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		s := w.start()
		data := random(200_000)
		evidenceID, id := w.begin(s, data)
		other := bytes.Clone(data)
		other[77] ^= 1
		st, err := s.Append(ctx, w.caller, id, upload.Chunk{}, bytes.NewReader(other))
		wantFault(t, err, fault.DigestMismatch)
		if st.State != upload.Mismatch || st.Offset != 200_000 {
			t.Errorf("%+v", st)
		}
		_, err = s.Status(ctx, w.caller, id)
		wantFault(t, err, fault.DigestMismatch)
		custody := w.custody(evidenceID)
		if custody["state"] != "mismatch" || custody["sha256"] != sumOf(other) || custody["receipt"] != nil {
			t.Errorf("custody: %v", custody)
		}
		if n := w.findings(evidenceID); n != 1 {
			t.Errorf("%d findings", n)
		}
		kept, err := os.ReadFile(filepath.Join(w.root, "spool", "apart", id))
		if err != nil || !bytes.Equal(kept, other) {
			t.Errorf("kept apart: %d bytes, %v", len(kept), err)
		}
		if waiting, _, err := d.Pending(ctx); err != nil || waiting != 0 {
			t.Errorf("%d jobs wait: %v", waiting, err)
		}
		_, err = s.Content(ctx, w.caller, evidenceID)
		wantFault(t, err, fault.NotHeld)

		st, created, err := s.Create(ctx, w.caller, upload.New{Evidence: evidenceID, Length: 200_000})
		if err != nil || !created || st.ID == id || st.Offset != 0 {
			t.Fatalf("create anew: %+v, %v, %v", st, created, err)
		}
		w.send(s, st.ID, data, 0)
		if err := s.Promote(ctx, st.ID); err != nil {
			t.Fatal(err)
		}
		w.wantHeld(s, evidenceID, data)
	})
}

func TestEndAndExpire(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		now := time.Now()
		w.now = func() time.Time { return now }
		s := w.start()
		data := random(1000)
		ended, endedID := w.begin(s, data)
		w.send(s, endedID, data[:10], 0)
		if err := s.End(ctx, w.caller, endedID); err != nil {
			t.Fatal(err)
		}
		expired, expiredID := w.begin(s, data)
		w.send(s, expiredID, data[:10], 0)
		if err := s.ExpireDue(ctx); err != nil {
			t.Fatal(err)
		}
		if st, err := s.Status(ctx, w.caller, expiredID); err != nil || st.Offset != 10 {
			t.Errorf("expired too early: %+v, %v", st, err)
		}
		now = now.Add(25 * time.Hour)
		if err := s.ExpireDue(ctx); err != nil {
			t.Fatal(err)
		}
		w.wantSpooled(0)
		for evidenceID, id := range map[string]string{ended: endedID, expired: expiredID} {
			_, err1 := s.Status(ctx, w.caller, id)
			_, err2 := s.Append(ctx, w.caller, id, upload.Chunk{Offset: 10}, bytes.NewReader(data[10:]))
			for _, err := range []error{err1, err2, s.End(ctx, w.caller, id)} {
				wantFault(t, err, fault.UploadEnded)
			}
			st, created, err := s.Create(ctx, w.caller, upload.New{Evidence: evidenceID, Length: 1000})
			if err != nil || !created || st.Offset != 0 {
				t.Errorf("create anew: %+v, %v, %v", st, created, err)
			}
		}
	})
}

// TestExpiryKeepsWhatIsWhole: the last byte came, the seal failed, and the device was not seen again.
func TestExpiryKeepsWhatIsWhole(t *testing.T) {
	w := newWorld(t, databases.SQLite(t, time.Now))
	now := time.Now()
	w.now = func() time.Time { return now }
	s := w.start()
	data := random(1000)
	evidenceID, id := w.begin(s, data)
	if _, err := s.Spool.Append(ctx, id, 0, bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	now = now.Add(25 * time.Hour)
	if err := s.ExpireDue(ctx); err != nil {
		t.Fatal(err)
	}
	if err := s.Promote(ctx, id); err != nil {
		t.Fatal(err)
	}
	w.now = time.Now
	w.wantHeld(s, evidenceID, data)
}
