package upload_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/domain/evidence"
	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/blob"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/spool"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/collections"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/upload"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

func TestMain(m *testing.M) { services.Main(m) }

const street = "120102001"

var ctx = context.Background()

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// world is a server with a folder: what is in the folder and the database outlives the service.
type world struct {
	t        testing.TB
	db       *db.DB
	root     string
	records  *push.Service
	keys     signer
	now      func() time.Time
	caller   people.Caller // an officer of the street
	stranger people.Caller // an officer of another
}

// signer is a key of the server.
type signer struct{ key *ecdsa.PrivateKey }

func (s signer) Signer(_ context.Context, use string) (string, *ecdsa.PrivateKey, error) {
	if use != upload.ReceiptUse {
		return "", nil, errors.New("asked for a key of another use")
	}
	return "k1", s.key, nil
}

func (s signer) public(kid string) (*ecdsa.PublicKey, error) {
	if kid != "k1" {
		return nil, errors.New("no such key")
	}
	return &s.key.PublicKey, nil
}

func newWorld(t testing.TB, d *db.DB) *world {
	t.Helper()
	ev, acts, findings, conflicts := evidence.Evidence, evidence.Custodies, collections.Findings, collections.Conflicts
	catalogue, err := record.NewCatalogue(&ev, &acts, &findings, &conflicts)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	officer := func(unit string) people.Caller {
		return people.Caller{Officer: newID(), Device: newID(), Unit: unit, Grants: []people.Grant{{Role: people.RoleOfficer, Unit: unit}}}
	}
	return &world{t: t, db: d, root: t.TempDir(), keys: signer{key}, now: time.Now, caller: officer(street), stranger: officer("120102002"),
		records: &push.Service{Store: d, Catalogue: catalogue, District: "120102", Now: time.Now, NewID: newID}}
}

func (w *world) spool() *spool.Folder {
	w.t.Helper()
	s, err := spool.Open(filepath.Join(w.root, "spool"))
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

func (w *world) blobs() evidence.Blobs {
	w.t.Helper()
	b, err := blob.OpenFolder(filepath.Join(w.root, "blobs"), time.Now)
	if err != nil {
		w.t.Fatal(err)
	}
	return blob.Verified(b)
}

// start is the service of a process that has just started.
func (w *world) start() *upload.Service {
	w.t.Helper()
	return &upload.Service{Store: db.Uploads{DB: w.db}, Spool: w.spool(), Blobs: w.blobs(), Records: w.records, Keys: w.keys,
		Issuer: "https://fieldwarden.test", TTL: 24 * time.Hour, Now: w.now, NewID: newID, Log: slog.New(slog.DiscardHandler)}
}

func sumOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// random makes n bytes that are not like any others.
func random(n int) []byte {
	data := make([]byte, n)
	_, _ = rand.Read(data) // never fails
	return data
}

func manifest(data []byte) record.Object {
	return record.Object{"unit": street, "kind": "video", "officer": newID(), "startedAt": "2026-11-25T01:00:00Z",
		"endedAt": "2026-11-25T01:00:30Z", "mime": "video/mp4", "length": float64(len(data)), "sha256": sumOf(data)}
}

// announce makes the evidence record of some bytes.
func (w *world) announce(data []byte) string {
	w.t.Helper()
	id := newID()
	err := w.records.ApplyOwn(ctx, []push.ServerOp{{Collection: "evidence", Record: id, Action: record.Create, Patch: manifest(data)}})
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

// begin announces and creates.
func (w *world) begin(s *upload.Service, data []byte) (evidenceID, uploadID string) {
	w.t.Helper()
	evidenceID = w.announce(data)
	st, created, err := s.Create(ctx, w.caller, upload.New{Evidence: evidenceID, Length: int64(len(data))})
	if err != nil || !created || st.Offset != 0 || st.State != upload.Receiving {
		w.t.Fatalf("create: %+v, %v, %v", st, created, err)
	}
	return evidenceID, st.ID
}

// send appends the rest of the bytes from an offset, and wants it to work.
func (w *world) send(s *upload.Service, id string, data []byte, offset int64) upload.Status {
	w.t.Helper()
	st, err := s.Append(ctx, w.caller, id, upload.Chunk{Offset: offset}, bytes.NewReader(data[offset:]))
	if err != nil {
		w.t.Fatalf("append at %d: %+v, %v", offset, st, err)
	}
	return st
}

func (w *world) body(collection, id string) record.Object {
	w.t.Helper()
	r, err := w.db.Record(ctx, collection, id)
	if err != nil {
		w.t.Fatal(err)
	}
	body, err := wire.Object(r.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return body
}

func (w *world) custody(evidenceID string) record.Object {
	w.t.Helper()
	custody, _ := w.body("evidence", evidenceID)["custody"].(record.Object)
	return custody
}

// findings counts the findings on an evidence.
func (w *world) findings(evidenceID string) int {
	w.t.Helper()
	found, err := w.db.Lookup(ctx, "findings", "record", evidenceID)
	if err != nil {
		w.t.Fatal(err)
	}
	return len(found)
}

// wantHeld checks everything that must be true of an evidence in custody.
func (w *world) wantHeld(s *upload.Service, evidenceID string, data []byte) {
	w.t.Helper()
	custody := w.custody(evidenceID)
	if custody["state"] != "held" || custody["sha256"] != sumOf(data) || custody["length"] != float64(len(data)) ||
		custody["key"] != evidence.Key(evidence.Recordings, sumOf(data)) {
		w.t.Fatalf("custody: %v", custody)
	}
	text, _ := custody["receivedAt"].(string)
	if at, err := time.Parse(time.RFC3339Nano, text); err != nil || time.Since(at).Abs() > time.Hour {
		w.t.Errorf("received at %q: %v", text, err)
	}
	token, err := s.Receipt(ctx, w.caller, evidenceID)
	if err != nil || token != custody["receipt"] {
		w.t.Fatalf("receipt: %v", err)
	}
	r, err := upload.OpenReceipt(token, w.keys.public)
	if err != nil || r.Evidence != evidenceID || r.Digest != (evidence.Digest{Length: int64(len(data)), SHA256: sumOf(data)}) ||
		r.Issuer != s.Issuer || r.Device != w.caller.Device || time.Since(r.HeldAt).Abs() > 48*time.Hour {
		w.t.Errorf("receipt %+v: %v", r, err)
	}
	stored, err := s.Blobs.Stat(ctx, custody["key"].(string))
	if err != nil || stored.RetainedUntil.Before(time.Now().AddDate(0, 6, -1)) {
		w.t.Errorf("stored: %+v, %v", stored, err)
	}
	content, err := s.Content(ctx, w.caller, evidenceID)
	if err != nil || content.Length != int64(len(data)) || content.SHA256 != sumOf(data) || content.MIME != "video/mp4" {
		w.t.Fatalf("content: %+v, %v", content, err)
	}
	body, err := content.OpenRange(ctx, 0, -1)
	if err != nil {
		w.t.Fatal(err)
	}
	defer body.Close()
	if got, err := io.ReadAll(body); err != nil || !bytes.Equal(got, data) {
		w.t.Errorf("the content is %d other bytes: %v", len(got), err)
	}
	w.wantSpooled(0)
}

// wantSpooled checks how many uploads are in the spool.
func (w *world) wantSpooled(n int) {
	w.t.Helper()
	files, err := os.ReadDir(filepath.Join(w.root, "spool", "receiving"))
	if err != nil || len(files) != n {
		w.t.Errorf("%d files in the spool, want %d: %v", len(files), n, err)
	}
}

func wantFault(t testing.TB, err error, code fault.Code) {
	t.Helper()
	if !errors.Is(err, fault.New(code)) {
		t.Errorf("got %v, want fault %s", err, code)
	}
}
