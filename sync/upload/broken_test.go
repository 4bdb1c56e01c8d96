package upload_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/upload"
)

// breaker breaks one of the calls that a service makes to the outside: the at-th. Either it is not done, or it is done and
// the answer is lost.
type breaker struct {
	at    int
	heard bool // false: done but unheard; true: not done
	calls int
	last  string // name of the call that was broken
}

var errBroken = errors.New("broken for the test")

func (b *breaker) call(name string, fn func() error) error {
	b.calls++
	if b.calls != b.at {
		return fn()
	}
	b.last = name
	if !b.heard {
		if err := fn(); err != nil {
			return err
		}
	}
	return errBroken
}

type brokenStore struct {
	upload.Store
	*breaker
}

func (s brokenStore) Create(ctx context.Context, u upload.Upload) (kept upload.Upload, created bool, err error) {
	err = s.call("create", func() (err error) { kept, created, err = s.Store.Create(ctx, u); return err })
	return kept, created, err
}

func (s brokenStore) Live(ctx context.Context, id string) (u upload.Upload, err error) {
	err = s.call("live", func() (err error) { u, err = s.Store.Live(ctx, id); return err })
	return u, err
}

func (s brokenStore) Declare(ctx context.Context, id string, length int64) (known bool, err error) {
	err = s.call("declare", func() (err error) { known, err = s.Store.Declare(ctx, id, length); return err })
	return known, err
}

func (s brokenStore) Find(ctx context.Context, id string) (u upload.Upload, err error) {
	err = s.call("find", func() (err error) { u, err = s.Store.Find(ctx, id); return err })
	return u, err
}

func (s brokenStore) Advance(ctx context.Context, id string, from, to upload.State) (moved bool, err error) {
	err = s.call("advance to "+string(to), func() (err error) { moved, err = s.Store.Advance(ctx, id, from, to); return err })
	return moved, err
}

func (s brokenStore) Sealed(ctx context.Context, id, kind string) error {
	return s.call("sealed", func() error { return s.Store.Sealed(ctx, id, kind) })
}

func (s brokenStore) AnnouncedBy(ctx context.Context, id string) (device string, err error) {
	err = s.call("announcedBy", func() (err error) { device, err = s.Store.AnnouncedBy(ctx, id); return err })
	return device, err
}

func (s brokenStore) Evidence(ctx context.Context, id string) (body map[string]any, err error) {
	err = s.call("evidence", func() (err error) { body, err = s.Store.Evidence(ctx, id); return err })
	return body, err
}

type brokenSpool struct {
	evidence.Spool
	*breaker
}

func (s brokenSpool) Create(ctx context.Context, id string) error {
	return s.call("spool create", func() error { return s.Spool.Create(ctx, id) })
}

func (s brokenSpool) Join(ctx context.Context, id string, others []string) (n int64, err error) {
	err = s.call("spool join", func() (err error) { n, err = s.Spool.Join(ctx, id, others); return err })
	return n, err
}

func (s brokenSpool) Append(ctx context.Context, id string, offset int64, body io.Reader) (end int64, err error) {
	broken := s.call("spool append", func() error { end, err = s.Spool.Append(ctx, id, offset, body); return nil })
	if broken != nil {
		return offset, broken
	}
	return end, err
}

func (s brokenSpool) Offset(ctx context.Context, id string) (n int64, err error) {
	err = s.call("spool offset", func() (err error) { n, err = s.Spool.Offset(ctx, id); return err })
	return n, err
}

func (s brokenSpool) Open(ctx context.Context, id string, from int64) (f fs.File, err error) {
	err = s.call("spool open", func() (err error) { f, err = s.Spool.Open(ctx, id, from); return err })
	return f, err
}

func (s brokenSpool) SetAside(ctx context.Context, id string) error {
	return s.call("spool set aside", func() error { return s.Spool.SetAside(ctx, id) })
}

func (s brokenSpool) Remove(ctx context.Context, id string) error {
	return s.call("spool remove", func() error { return s.Spool.Remove(ctx, id) })
}

func (s brokenSpool) Waiting(ctx context.Context) (all []evidence.Waiting, err error) {
	err = s.call("spool waiting", func() (err error) { all, err = s.Spool.Waiting(ctx); return err })
	return all, err
}

type brokenBlobs struct {
	evidence.Blobs
	*breaker
}

func (b brokenBlobs) Put(ctx context.Context, key string, want evidence.Digest, body io.Reader) error {
	return b.call("blob put", func() error { return b.Blobs.Put(ctx, key, want, body) })
}

func (b brokenBlobs) Retain(ctx context.Context, key string, until time.Time) error {
	return b.call("blob retain", func() error { return b.Blobs.Retain(ctx, key, until) })
}

type brokenRecords struct {
	upload.Records
	*breaker
}

func (r brokenRecords) ApplyOwn(ctx context.Context, ops []push.ServerOp) error {
	return r.call("apply own", func() error { return r.Records.ApplyOwn(ctx, ops) })
}

type brokenKeys struct {
	upload.ReceiptSigner
	*breaker
}

func (k brokenKeys) Signer(ctx context.Context, use string) (kid string, key *ecdsa.PrivateKey, err error) {
	err = k.call("signer", func() (err error) { kid, key, err = k.ReceiptSigner.Signer(ctx, use); return err })
	return kid, key, err
}

func (w *world) startBroken(b *breaker) *upload.Service {
	s := w.start()
	s.Store, s.Spool, s.Blobs = brokenStore{s.Store, b}, brokenSpool{s.Spool, b}, brokenBlobs{s.Blobs, b}
	s.Records, s.Keys = brokenRecords{s.Records, b}, brokenKeys{s.Keys, b}
	return s
}

// everyCall runs a scenario again and again, each time with another of its calls broken, in both ways, until it has run
// through unbroken.
func everyCall(t *testing.T, run func(t *testing.T, b *breaker)) {
	for _, heard := range []bool{true, false} {
		broken := map[string]bool{}
		for at := 1; ; at++ {
			b := &breaker{at: at, heard: heard}
			t.Run(fmt.Sprintf("call %d, done %v", at, !heard), func(t *testing.T) { run(t, b) })
			if t.Failed() {
				t.Fatalf("with %q broken, done %v", b.last, !heard)
			}
			if b.last == "" {
				break
			}
			broken[b.last] = true
		}
		t.Logf("broken, done %v: %v", !heard, broken)
	}
}

// persist is what a device does: it asks how far the upload is, sends the rest, and begins again when something fails.
func (w *world) persist(t *testing.T, s *upload.Service, evidenceID string, data []byte) (id string, err error) {
	t.Helper()
	for range 10 {
		var st upload.Status
		if id == "" {
			st, _, err = s.Create(ctx, w.caller, upload.New{Evidence: evidenceID, Length: int64(len(data))})
		} else {
			st, err = s.Status(ctx, w.caller, id)
		}
		id = max(id, st.ID) // of a failed call there may be none
		if err == nil && st.State == upload.Receiving {
			st, err = s.Append(ctx, w.caller, st.ID, upload.Chunk{Offset: st.Offset}, bytes.NewReader(data[st.Offset:min(st.Offset+2000, int64(len(data)))]))
		}
		if err == nil && st.State != upload.Receiving {
			return id, nil
		}
		if err != nil && !errors.Is(err, errBroken) {
			return id, err
		}
	}
	t.Fatal("the device does not come to an end")
	return "", nil
}

func TestEveryCallBroken(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		everyCall(t, func(t *testing.T, b *breaker) {
			w := newWorld(t, d)
			s := w.startBroken(b)
			data := random(3000)
			evidenceID := w.announce(data)
			id, err := w.persist(t, s, evidenceID, data)
			if err != nil {
				t.Fatal(err)
			}
			for range 3 { // as the runner of jobs does
				if err = s.Promote(ctx, id); err == nil {
					break
				}
				wantFault(t, fault.Of(err), fault.Internal)
			}
			if err != nil {
				t.Fatal(err)
			}
			w.wantHeld(w.start(), evidenceID, data)
			revisions, err := d.Revisions(ctx, evidenceID)
			if err != nil || len(revisions) != 2 {
				t.Errorf("%d versions of the record, want the announcement and the receipt: %v", len(revisions), err)
			}
			if n := w.findings(evidenceID); n != 0 {
				t.Errorf("%d findings", n)
			}
		})
	})
}

func TestEveryCallOfAMismatchBroken(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		everyCall(t, func(t *testing.T, b *breaker) {
			w := newWorld(t, d)
			s := w.startBroken(b)
			data := random(3000)
			evidenceID := w.announce(data)
			other := bytes.Clone(data)
			other[0] ^= 1
			id, err := w.persist(t, s, evidenceID, other)
			wantFault(t, err, fault.DigestMismatch)
			if n := w.findings(evidenceID); n != 1 {
				t.Errorf("%d findings", n)
			}
			if custody := w.custody(evidenceID); custody["state"] != "mismatch" {
				t.Errorf("custody: %v", custody)
			}
			u, err := db.Uploads{DB: d}.Find(ctx, id)
			if err != nil || u.State != upload.Mismatch {
				t.Errorf("%+v, %v", u, err)
			}
			if !w.kept(id, other) {
				t.Error("the bytes are gone")
			}
		})
	})
}

// kept reports whether the spool's folder still has the bytes of an upload, wherever.
func (w *world) kept(id string, data []byte) bool {
	for _, sub := range []string{"receiving", "apart"} {
		if text, err := os.ReadFile(filepath.Join(w.root, "spool", sub, id)); err == nil && bytes.Equal(text, data) {
			return true
		}
	}
	return false
}

// down is a blob store that nobody can reach.
type down struct{ evidence.Blobs }

func (down) Put(context.Context, string, evidence.Digest, io.Reader) error {
	return fault.New(fault.TemporarilyDown)
}

// TestStoreDownOnlyDelays: uploads go on, the bytes stay in the spool, and are promoted when the store is back.
func TestStoreDownOnlyDelays(t *testing.T) {
	w := newWorld(t, databases.SQLite(t, time.Now))
	s := w.start()
	up := s.Blobs
	s.Blobs = down{up}
	data := random(3000)
	evidenceID, id := w.begin(s, data)
	w.send(s, id, data, 0)
	for range 20 {
		wantFault(t, s.Promote(ctx, id), fault.TemporarilyDown)
	}
	w.wantSpooled(1)
	if st, err := s.Status(ctx, w.caller, id); err != nil || st.State != upload.Whole || st.Offset != 3000 {
		t.Errorf("%+v, %v", st, err)
	}
	s.Blobs = up
	if err := s.Promote(ctx, id); err != nil {
		t.Fatal(err)
	}
	w.wantHeld(s, evidenceID, data)
}

// TestSpoolLost: the disk of the spool is gone. The device, which has no receipt, is told to send again.
func TestSpoolLost(t *testing.T) {
	for name, sent := range map[string]int{"while receiving": 1000, "when whole": 3000} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, databases.SQLite(t, time.Now))
			s := w.start()
			data := random(3000)
			evidenceID, id := w.begin(s, data)
			w.send(s, id, data[:sent], 0)
			if err := os.RemoveAll(filepath.Join(w.root, "spool")); err != nil {
				t.Fatal(err)
			}
			s = w.start()
			if sent == 3000 {
				wantFault(t, s.Promote(ctx, id), fault.NotFound)
			}
			if st, err := s.Status(ctx, w.caller, id); err != nil || st.Offset != 0 || st.State != upload.Receiving {
				t.Fatalf("%+v, %v", st, err)
			}
			w.send(s, id, data, 0)
			if err := s.Promote(ctx, id); err != nil {
				t.Fatal(err)
			}
			w.wantHeld(s, evidenceID, data)
		})
	}
}

// TestSpoolSpoilt: bytes change on the disk after they were verified.
func TestSpoolSpoilt(t *testing.T) {
	w := newWorld(t, databases.SQLite(t, time.Now))
	s := w.start()
	data := random(3000)
	evidenceID, id := w.begin(s, data)
	w.send(s, id, data, 0)
	other := bytes.Clone(data)
	other[1] ^= 1
	if err := os.WriteFile(filepath.Join(w.root, "spool", "receiving", id), other, 0o600); err != nil {
		t.Fatal(err)
	}
	wantFault(t, s.Promote(ctx, id), fault.DigestMismatch)
	if custody := w.custody(evidenceID); custody["state"] != "mismatch" || custody["receipt"] != nil || w.findings(evidenceID) != 1 {
		t.Errorf("custody: %v", custody)
	}
	if err := s.Promote(ctx, id); err != nil {
		t.Errorf("the job does not end: %v", err)
	}
	st, created, err := s.Create(ctx, w.caller, upload.New{Evidence: evidenceID, Length: 3000})
	if err != nil || !created {
		t.Fatalf("create anew: %v, %v", created, err)
	}
	w.send(s, st.ID, data, 0)
	if err := s.Promote(ctx, st.ID); err != nil {
		t.Fatal(err)
	}
	w.wantHeld(s, evidenceID, data)
}

// TestSameBytesTwice: two recordings with the same bytes share a blob, and each has its receipt.
func TestSameBytesTwice(t *testing.T) {
	w := newWorld(t, databases.SQLite(t, time.Now))
	s := w.start()
	data := random(3000)
	for range 2 {
		evidenceID, id := w.begin(s, data)
		w.send(s, id, data, 0)
		if err := s.Promote(ctx, id); err != nil {
			t.Fatal(err)
		}
		w.wantHeld(s, evidenceID, data)
	}
}
