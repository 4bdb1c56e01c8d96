package derive_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/blob"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/collections"
	"github.com/fieldwarden/fieldwarden/sync/custody"
	"github.com/fieldwarden/fieldwarden/sync/derive"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

func TestMain(m *testing.M) { services.Main(m) }

const street = "120102001"

var ctx = context.Background()

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// world is a database and a folder of blobs, with the service over them.
type world struct {
	t testing.TB
	*derive.Service
	db    *db.DB
	blobs evidence.Blobs
	shelf string // the folder where they are
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldOn(t, "sqlite://"+filepath.Join(t.TempDir(), "world.db"))
}

func newWorldOn(t testing.TB, url string) *world {
	t.Helper()
	d, err := db.Open(ctx, db.Config{URL: url, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	if _, err := d.MigrateUp(ctx); err != nil {
		t.Fatal(err)
	}
	catalogue, err := collections.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	shelf := filepath.Join(t.TempDir(), "blobs")
	folder, err := blob.OpenFolder(shelf, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, db: d, blobs: blob.Verified(folder), shelf: shelf}
	records := &push.Service{Store: d, Catalogue: catalogue, District: "120102", Now: time.Now, NewID: newID}
	w.Service = &derive.Service{History: d, Records: records, Blobs: w.blobs, Custody: &custody.Service{Records: records, Now: time.Now, NewID: newID}, Now: time.Now, NewID: newID, Log: slog.New(slog.DiscardHandler)}
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) own(ops ...push.ServerOp) {
	w.t.Helper()
	w.must(w.Records.ApplyOwn(ctx, ops))
}

// announced is what a device says of octets; more overrides it.
func announced(octets []byte, more record.Object) record.Object {
	sum := sha256.Sum256(octets)
	body := record.Object{"unit": street, "kind": "video", "officer": newID(), "startedAt": "2026-11-25T01:00:00Z", "endedAt": "2026-11-25T01:00:04Z",
		"mime": "video/mp4", "length": float64(len(octets)), "sha256": hex.EncodeToString(sum[:])}
	for name, value := range more {
		body[name] = value
	}
	return body
}

// hold makes an evidence that the server holds.
func (w *world) hold(octets []byte, more record.Object) string {
	w.t.Helper()
	body := announced(octets, more)
	digest := evidence.Digest{Length: int64(len(octets)), SHA256: body["sha256"].(string)}
	key := evidence.Key(evidence.Recordings, digest.SHA256)
	w.must(w.blobs.Put(ctx, key, digest, bytes.NewReader(octets)))
	id := newID()
	w.own(push.ServerOp{Collection: "evidence", Record: id, Action: record.Create, Patch: body},
		push.ServerOp{Collection: "evidence", Record: id, Action: record.Update, Patch: record.Object{"custody": record.Object{
			"state": "held", "key": key, "sha256": digest.SHA256, "length": float64(digest.Length)}}})
	return id
}

// spoil puts other bytes in the place of stored ones, past the adapter.
func (w *world) spoil(key, other string) {
	w.t.Helper()
	path := filepath.Join(w.shelf, "objects", filepath.FromSlash(key))
	w.must(os.Remove(path))
	w.must(os.WriteFile(path, []byte(other), 0o600))
}

func (w *world) body(collection, id string) record.Object {
	w.t.Helper()
	r, err := w.db.Record(ctx, collection, id)
	w.must(err)
	body, err := wire.Object(r.Body)
	w.must(err)
	return body
}

// media is custody/media of an evidence.
func (w *world) media(id string) record.Object {
	w.t.Helper()
	custody, _ := w.body("evidence", id)["custody"].(record.Object)
	media, _ := custody["media"].(record.Object)
	return media
}

// about lists the bodies of the records of a collection that name an evidence in a field.
func (w *world) about(collection, field, id string) (out []record.Object) {
	w.t.Helper()
	found, err := w.db.Lookup(ctx, collection, field, id)
	w.must(err)
	for _, r := range found {
		body, err := wire.Object(r.Body)
		w.must(err)
		out = append(out, body)
	}
	return out
}
