package push_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/collections"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

func TestMain(m *testing.M) { services.Main(m) }

const street = "120102001"

// field is a small world for tests: one street, a catalogue with every merge class and a gate of each effect, and handhelds.
type field struct {
	t       testing.TB
	db      *db.DB
	service *push.Service
	officer string
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// visits is a collection with every merge class.
func visits() record.Collection {
	return record.Collection{
		Name: "inspections", Schema: 1, Scope: record.Unit,
		Fields: []record.Field{
			{Path: "unit", Kind: record.String, Required: true},
			{Path: "summary", Kind: record.String},
			{Path: "note", Class: record.Latest, Kind: record.String},
			{Path: "answers", Class: record.Entries, Kind: record.Map},
			{Path: "answers/*/value", Kind: record.String},
			{Path: "marks", Class: record.Append, Kind: record.Map},
			{Path: "state", Class: record.State, Kind: record.String},
			{Path: "sum", Class: record.Frozen, Kind: record.Number},
			{Path: "receipt", Class: record.Server},
		},
		Transitions: map[string][]string{"": {"open"}, "open": {"closed"}},
		FrozenWhen:  func(b record.Object) bool { return b["state"] == "closed" },
		Gates: []record.Gate{
			{Code: "T1", Basis: "试验", Effect: record.Flag, Judge: when("summary", "flag me")},
			{Code: "T2", Basis: "试验", Effect: record.Refuse, Judge: when("summary", "refuse me")},
		},
		Jobs: func(ev record.Event) []record.Job {
			if ev.After["state"] == "closed" && ev.Before["state"] != "closed" {
				return []record.Job{{Kind: "close", Key: ev.Op.Record}}
			}
			return nil
		},
		Claims: func(ev record.Event) []record.Claim {
			if n, ok := ev.After["sum"].(float64); ok && ev.Before["sum"] == nil {
				return []record.Claim{{Series: "s", N: uint64(n)}}
			}
			return nil
		},
	}
}

func when(key, value string) func(context.Context, record.Event, record.Facts) ([]record.Breach, error) {
	return func(_ context.Context, ev record.Event, _ record.Facts) ([]record.Breach, error) {
		if ev.After[key] == value && ev.Before[key] != value {
			return []record.Breach{{Zh: "试验", En: "test", Field: key}}, nil
		}
		return nil, nil
	}
}

func newField(t testing.TB, d *db.DB) *field {
	officers := record.Collection{Name: "officers", Schema: 1, Scope: record.District,
		Fields: []record.Field{{Path: "grants", Class: record.Entries, Kind: record.Map}}}
	visits := visits()
	all, err := collections.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := record.NewCatalogue(&officers, &visits, all["units"], all["findings"], all["conflicts"], all["deadletters"])
	if err != nil {
		t.Fatal(err)
	}
	f := &field{t: t, db: d, officer: newID(), service: &push.Service{Store: d, Catalogue: catalogue, District: "120102",
		Now: time.Now, NewID: newID}}
	f.grant(f.officer, street)
	return f
}

// grant makes an officer with the officer's role in a unit.
func (f *field) grant(officer, unit string) {
	f.t.Helper()
	f.own(serverOfficer(officer, unit))
}

// serverOfficer makes somebody who is an officer in each of the units.
func serverOfficer(officer string, units ...string) push.ServerOp {
	grants := record.Object{}
	for _, unit := range units {
		grants[unit] = record.Object{"role": "officer", "unit": unit}
	}
	return push.ServerOp{Collection: "officers", Record: officer, Action: record.Create, Patch: record.Object{"name": "甲", "grants": grants}}
}

func (f *field) own(ops ...push.ServerOp) {
	f.t.Helper()
	if err := f.service.ApplyOwn(context.Background(), ops); err != nil {
		f.t.Fatal(err)
	}
}

// handheld is a device that signs a chain of ops; it holds nothing else.
type handheld struct {
	f       *field
	id      string
	officer string
	unit    string // where the device belongs
	key     *ecdsa.PrivateKey
	seq     uint64
	head    string
}

var enrolled atomic.Int64

func (f *field) handheld() *handheld {
	f.t.Helper()
	ctx := context.Background()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.t.Fatal(err)
	}
	public, _ := x509.MarshalPKIXPublicKey(&key.PublicKey)
	h := &handheld{f: f, id: newID(), officer: f.officer, unit: street, key: key}
	n := fmt.Sprint(enrolled.Add(1))
	if err := f.db.CreateCode(ctx, people.EnrolmentCode{Digest: n, Unit: street, ExpiresAt: time.Now().Add(time.Hour)}); err != nil {
		f.t.Fatal(err)
	}
	if _, err := f.db.Enrol(ctx, n, people.Device{ID: h.id, PublicKey: public, Thumbprint: n, EnrolledAt: time.Now()}, time.Now()); err != nil {
		f.t.Fatal(err)
	}
	h.signIn(f.officer)
	return h
}

func (h *handheld) signIn(officer string) {
	family := people.Family{ID: newID(), Officer: officer, Device: h.id, CreatedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour)}
	if err := h.f.db.BeginFamily(context.Background(), family, people.RefreshToken{Digest: family.ID, Family: family.ID}); err != nil {
		h.f.t.Fatal(err)
	}
}

// op makes the next op of the chain.
func (h *handheld) op(action record.Action, id string, base uint64, patch record.Object) wire.Op {
	h.seq++
	o := wire.Op{ID: newID(), Seq: h.seq, Collection: "inspections", Record: id, Action: string(action), Base: base, Patch: patch,
		OccurredAt: time.Now().UTC(), Author: h.officer, Schema: 1, Prev: h.head}
	sealed, err := wire.Seal(o)
	if err != nil {
		h.f.t.Fatal(err)
	}
	h.head = sealed.Hash
	return o
}

// sign makes a push out of ops, whatever they are.
func (h *handheld) sign(ops ...wire.Op) wire.Push {
	p := wire.Push{Device: h.id}
	for _, o := range ops {
		sealed, err := wire.Seal(o)
		if err != nil {
			h.f.t.Fatal(err)
		}
		p.Ops, p.Head = append(p.Ops, jsontext.Value(sealed.Text)), sealed.Hash
	}
	var err error
	if p.Signature, err = wire.Sign(h.key, wire.SigningInput(p.Device, p.Head)); err != nil {
		h.f.t.Fatal(err)
	}
	return p
}

// send pushes a copy of p: receivers take the ops' texts over.
func (h *handheld) send(p wire.Push) (wire.PushReply, error) {
	q := p
	q.Ops = nil
	for _, text := range p.Ops {
		q.Ops = append(q.Ops, text.Clone())
	}
	reply, err := h.f.service.Apply(context.Background(), people.Caller{Device: h.id, Officer: h.officer, Unit: h.unit}, q)
	if reply.ServerAt.Nanosecond()%1000 != 0 {
		h.f.t.Errorf("times travel with microseconds: %s", reply.ServerAt)
	}
	return reply, err
}

// push seals, signs and sends ops that must be taken, and returns their outcomes.
func (h *handheld) push(ops ...wire.Op) []wire.Outcome {
	h.f.t.Helper()
	reply, err := h.send(h.sign(ops...))
	if err != nil {
		h.f.t.Fatal(err)
	}
	if reply.Acked != ops[len(ops)-1].Seq {
		h.f.t.Fatalf("acked %d, want %d", reply.Acked, ops[len(ops)-1].Seq)
	}
	return reply.Outcomes
}

// body reads a record's body.
func (f *field) body(collection, id string) record.Object {
	f.t.Helper()
	r, err := f.db.Record(context.Background(), collection, id)
	if err != nil {
		f.t.Fatal(err)
	}
	body, err := wire.Object(r.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return body
}
