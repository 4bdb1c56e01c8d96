package ledger_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	merkle "github.com/fieldwarden/fieldwarden/domain/ledger"

	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/people/keyring"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/collections"
	"github.com/fieldwarden/fieldwarden/sync/ledger"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

func TestMain(m *testing.M) { services.Main(m) }

const (
	street = "120102001"
	name   = "warden.example/ledger"
)

var ctx = context.Background()

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// world is a district with one handheld and a ledger whose clock a test moves.
type world struct {
	t       testing.TB
	db      *db.DB
	push    *push.Service
	keys    *keyring.Keyring
	now     time.Time
	seq     ledger.Sequencer
	device  string
	officer string
	key     *ecdsa.PrivateKey
	last    uint64
	head    string
}

func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, newWorld(t, "sqlite://"+filepath.Join(t.TempDir(), "test.db"))) })
	t.Run("postgres", func(t *testing.T) { fn(t, newWorld(t, services.Postgres(t))) })
}

func newWorld(t testing.TB, url string) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC), device: newID(), officer: newID()}
	clock := func() time.Time { return w.now }
	var err error
	w.db, err = db.Open(ctx, db.Config{URL: url, Now: clock})
	must(t, err)
	t.Cleanup(func() { w.db.Close() })
	_, err = w.db.MigrateUp(ctx)
	must(t, err)
	catalogue, err := collections.Catalogue()
	must(t, err)
	w.push = &push.Service{Store: w.db, Catalogue: catalogue, District: "120102", Now: clock, NewID: newID}
	w.keys, err = keyring.New(w.db, bytes.Repeat([]byte{7}, 32), clock)
	must(t, err)
	w.seq = ledger.Sequencer{Store: w.db, Keys: ledger.Ring{Keyring: w.keys}, Pseudonyms: ledger.Pseudonyms{Key: []byte("k")}, Name: name, Now: clock, Log: slog.New(slog.DiscardHandler)}
	w.enrol()
	return w
}

func (w *world) enrol() {
	w.own("officers", w.officer, record.Object{"name": "甲", "unit": street, "state": people.Active,
		"grants": record.Object{"g": record.Object{"role": "officer", "unit": street}}})
	var err error
	w.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(w.t, err)
	public, err := x509.MarshalPKIXPublicKey(&w.key.PublicKey)
	must(w.t, err)
	must(w.t, w.db.CreateCode(ctx, people.EnrolmentCode{Digest: w.device, Unit: street, ExpiresAt: w.now.Add(time.Hour)}))
	_, err = w.db.Enrol(ctx, w.device, people.Device{ID: w.device, PublicKey: public, Thumbprint: w.device, EnrolledAt: w.now}, w.now)
	must(w.t, err)
	must(w.t, w.db.BeginFamily(ctx, people.Family{ID: newID(), Officer: w.officer, Device: w.device, CreatedAt: w.now, ExpiresAt: w.now.Add(time.Hour)},
		people.RefreshToken{Digest: w.device, Family: w.device}))
}

func (w *world) own(collection, id string, body record.Object) {
	w.t.Helper()
	must(w.t, w.push.ApplyOwn(ctx, []push.ServerOp{{Collection: collection, Record: id, Action: record.Create, Patch: body}}))
}

// send pushes n edits of the handheld.
func (w *world) send(n int) {
	w.t.Helper()
	p := wire.Push{Device: w.device}
	for range n {
		w.last++
		op, err := wire.Seal(wire.Op{ID: newID(), Seq: w.last, Collection: "inspections", Record: newID(), Action: "create", Schema: 1, Prev: w.head,
			Patch: record.Object{"unit": street, "state": "planned"}, OccurredAt: w.now, Author: w.officer})
		must(w.t, err)
		p.Ops, w.head = append(p.Ops, jsontext.Value(op.Text)), op.Hash
	}
	p.Head = w.head
	var err error
	p.Signature, err = wire.Sign(w.key, wire.SigningInput(w.device, p.Head))
	must(w.t, err)
	_, err = w.push.Apply(ctx, people.Caller{Device: w.device, Officer: w.officer, Unit: street}, p)
	must(w.t, err)
}

// pass lets time pass, and then a round.
func (w *world) pass() int {
	w.t.Helper()
	w.now = w.now.Add(2 * time.Second)
	n, err := w.seq.Round(ctx)
	must(w.t, err)
	return n
}

// leaves reads the whole log and checks that it is one: numbers, refs once, hashes, every checkpoint signed and over its leaves.
func (w *world) leaves() []ledger.Numbered {
	w.t.Helper()
	size, err := w.db.Size(ctx)
	must(w.t, err)
	all, err := w.db.Leaves(ctx, 0, size)
	must(w.t, err)
	seen := map[ledger.Ref]bool{}
	for i, leaf := range all {
		if leaf.N != int64(i) || seen[leaf.Ref] {
			w.t.Fatalf("leaf %d is %d, of %v", i, leaf.N, leaf.Ref)
		}
		if _, err := ledger.OpenLeaf(leaf.Text); err != nil {
			w.t.Fatalf("leaf %s: %v", leaf.Text, err)
		}
		seen[leaf.Ref] = true
	}
	r := ledger.Log{Reader: w.db}
	for at := int64(0); at < size; {
		c, err := w.db.CheckpointOver(ctx, at)
		must(w.t, err)
		signed, err := merkle.Open(c.Note)
		must(w.t, err)
		root, err := merkle.Root(c.Size, r.Hashes(ctx))
		if err != nil || signed.Root != root || signed.Size != c.Size || signed.Origin != name {
			w.t.Fatalf("checkpoint at %d: %+v, %v", c.Size, signed, err)
		}
		at = c.Size
	}
	return all
}
