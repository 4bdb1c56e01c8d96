package upload_test

import (
	"bytes"
	"testing"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// stored puts bytes into the blob store that the database knows nothing of.
func (w *world) stored(key string, data []byte) {
	w.t.Helper()
	if err := w.blobs().Put(ctx, key, evidence.Digest{Length: int64(len(data)), SHA256: sumOf(data)}, bytes.NewReader(data)); err != nil {
		w.t.Fatal(err)
	}
}

// Recordings whose receipts the database has forgotten are found in the store by their digest, read through and receipted. What is
// not there, not the right bytes or not one's own is not claimed to be held.
func TestFoundAgain(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		s := w.start()
		data, other, shared := random(3000), random(3000), random(500)
		evidenceID := w.announce(data)
		w.stored(evidence.Key(evidence.Recordings, sumOf(data)), data)
		absent := w.announce(random(10))
		spoilt := w.announce(other)
		w.stored(evidence.Key(evidence.Recordings, sumOf(other)), random(3000)) // as long, but other bytes
		first, second := w.announce(shared), w.announce(shared)
		w.stored(evidence.Key(evidence.Recordings, sumOf(shared)), shared)
		removed := w.announce(random(20))
		if err := w.records.ApplyOwn(ctx, []push.ServerOp{{Collection: "evidence", Record: removed, Action: record.Remove}}); err != nil {
			t.Fatal(err)
		}
		for want := 1; want >= 0; want-- {
			if n, err := s.FindAgain(ctx); err != nil || n != want {
				t.Fatalf("found %d, %v; want %d", n, err, want)
			}
		}
		w.caller.Device = "" // that announced it: here the server did
		w.wantHeld(s, evidenceID, data)
		for _, id := range []string{absent, spoilt, first, second} {
			if c := w.custody(id); c != nil {
				t.Errorf("evidence %s is said to be in custody: %v", id, c)
			}
		}
	})
}

// A database restored from a backup may hold an upload that was whole then and has been promoted since: its bytes are no longer in
// the spool. They are in the store, and so it is not given back to a device that has freed them.
func TestPromotedAfterTheBackup(t *testing.T) {
	databases.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		s := w.start()
		data := random(4000)
		evidenceID, id := w.begin(s, data)
		w.send(s, id, data, 0)
		if err := w.spool().Remove(ctx, id); err != nil {
			t.Fatal(err)
		}
		wantFault(t, s.Promote(ctx, id), fault.NotFound) // neither here nor there: the device is asked again
		if found, err := (db.Uploads{DB: d}).Find(ctx, id); err != nil || found.State != "receiving" {
			t.Fatalf("%+v, %v", found, err)
		}
		w.stored(evidence.Key(evidence.Recordings, sumOf(data)), data)
		if _, err := (db.Uploads{DB: d}).Advance(ctx, id, "receiving", "whole"); err != nil {
			t.Fatal(err)
		}
		if err := s.Promote(ctx, id); err != nil {
			t.Fatal(err)
		}
		w.wantHeld(s, evidenceID, data)
	})
}
