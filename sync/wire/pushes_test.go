package wire_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/databases"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/collections"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

func TestMain(m *testing.M) { services.Main(m) }

type jwk struct{ Kty, Crv, X, Y, D string }

func (k jwk) private(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	d, err := base64.RawURLEncoding.DecodeString(k.D)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), d)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

type pushFile struct {
	Device struct {
		ID, Unit   string
		PrivateKey jwk
	}
	Officer, District string
	Signing           struct{ Input, Signature string }
	Vectors           []pushVector
}

type pushVector struct {
	Name, Note, Text string
	Released         bool // by a person, before the push
	Expect           struct {
		Outcomes []wire.Outcome
		Acked    uint64
		Problem  *struct {
			Code     fault.Code
			Status   int
			Field    string
			Expected uint64
		}
	}
}

// world is a server with the one device and the one officer that the vectors speak of.
type world struct {
	db      *db.DB
	service *push.Service
	caller  people.Caller
}

func newWorld(t *testing.T, file pushFile) *world {
	t.Helper()
	ctx := context.Background()
	now := func() time.Time { return time.Date(2026, 11, 25, 2, 0, 0, 0, time.UTC) }
	catalogue, err := collections.Catalogue()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{db: databases.SQLite(t, now), caller: people.Caller{Device: file.Device.ID, Officer: file.Officer, Unit: file.Device.Unit}}
	w.service = &push.Service{Store: w.db, Catalogue: catalogue, District: file.District, Now: now,
		NewID: func() string { return uuid.Must(uuid.NewV7()).String() }}
	public, err := x509.MarshalPKIXPublicKey(&file.Device.PrivateKey.private(t).PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	device := people.Device{ID: file.Device.ID, Unit: file.Device.Unit, PublicKey: public, Thumbprint: "t", EnrolledAt: now()}
	family := people.Family{ID: "f", Officer: file.Officer, Device: device.ID, ExpiresAt: now().Add(time.Hour)}
	codeErr := w.db.CreateCode(ctx, people.EnrolmentCode{Digest: "c", Unit: device.Unit, ExpiresAt: now().Add(time.Hour)})
	_, enrolErr := w.db.Enrol(ctx, "c", device, now())
	err = errors.Join(codeErr, enrolErr, w.db.BeginFamily(ctx, family, people.RefreshToken{Digest: "r", Family: "f"}),
		w.service.ApplyOwn(ctx, []push.ServerOp{{Collection: "officers", Record: file.Officer, Action: record.Create, Patch: record.Object{
			"name": "测试员", "unit": file.Device.Unit, "state": people.Active,
			"grants": record.Object{"g": record.Object{"role": string(people.RoleOfficer), "unit": file.Device.Unit}}}}}))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// push does what the edge does: decode strictly, then apply.
func (w *world) push(text string) (wire.PushReply, error) {
	var p wire.Push
	if err := wire.Decode([]byte(text), &p); err != nil {
		return wire.PushReply{}, fault.New(fault.Malformed).Because(err)
	}
	return w.service.Apply(context.Background(), w.caller, p)
}

func TestPushVectors(t *testing.T) {
	file := vectors[pushFile](t, "pushes")
	w := newWorld(t, file)
	for _, v := range file.Vectors {
		if v.Released {
			decision := people.Decision{Device: file.Device.ID, Officer: file.Officer, Decision: people.Released, Reason: "r", At: time.Now()}
			if err := w.db.ReleaseDevice(context.Background(), decision); err != nil {
				t.Fatal(err)
			}
		}
		reply, err := w.push(v.Text)
		if problem := v.Expect.Problem; problem != nil {
			var gap *push.Gap
			f := fault.Of(err)
			if err == nil || f.Code != problem.Code || problem.Field != "" && f.Field != problem.Field {
				t.Errorf("%s: %v, want %s at %q", v.Name, err, problem.Code, problem.Field)
			}
			if problem.Expected != 0 && (!errors.As(err, &gap) || gap.Expected != problem.Expected) {
				t.Errorf("%s: %v, want it to expect %d", v.Name, err, problem.Expected)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", v.Name, err)
			continue
		}
		checkOutcomes(t, v, reply)
	}
}

// checkOutcomes compares what a vector fixes: texts for people may change, and ids of findings differ from server to server.
func checkOutcomes(t *testing.T, v pushVector, reply wire.PushReply) {
	t.Helper()
	if reply.Acked != v.Expect.Acked || len(reply.Outcomes) != len(v.Expect.Outcomes) {
		t.Errorf("%s: acked %d with %d outcomes, want %d with %d", v.Name, reply.Acked, len(reply.Outcomes),
			v.Expect.Acked, len(v.Expect.Outcomes))
		return
	}
	for i, got := range reply.Outcomes {
		want := v.Expect.Outcomes[i]
		if got.Status != want.Status || got.Version != want.Version || got.Code != want.Code || got.Field != want.Field ||
			got.HeldBy != want.HeldBy || got.Replayed != want.Replayed {
			t.Errorf("%s: outcome %d\n got %+v\nwant %+v", v.Name, i, got, want)
		}
	}
}

// The signing input and the signature of the vectors, as an author of a client would check them.
func TestSigningVector(t *testing.T) {
	file := vectors[pushFile](t, "pushes")
	key := file.Device.PrivateKey.private(t)
	if err := wire.Verify(&key.PublicKey, []byte(file.Signing.Input), file.Signing.Signature); err != nil {
		t.Error(err)
	}
	own, err := wire.Sign(key, []byte(file.Signing.Input))
	if err != nil || wire.Verify(&key.PublicKey, []byte(file.Signing.Input), own) != nil {
		t.Errorf("a signature of ours does not verify: %v", err)
	}
	if wire.Verify(&key.PublicKey, append([]byte(file.Signing.Input), ' '), own) == nil {
		t.Error("a signature verifies over another text")
	}
	for _, v := range file.Vectors {
		if len(v.Expect.Outcomes) != 3 {
			continue
		}
		var p wire.Push
		if err := wire.Decode([]byte(v.Text), &p); err != nil {
			t.Fatal(err)
		}
		if input := wire.SigningInput(p.Device, p.Head); string(input) != file.Signing.Input {
			t.Errorf("%s: signing input %q, want %q", v.Name, input, file.Signing.Input)
		}
		// What is kept is what was signed: the text of each op, taken out of the push, has the hash the next one names.
		prev := ""
		for _, text := range p.Ops {
			op, err := wire.Open(bytes.Clone(text))
			if err != nil || op.Prev != prev {
				t.Errorf("%s: op %d names %s (%v), want %s", v.Name, op.Seq, op.Prev, err, prev)
			}
			prev = op.Hash
		}
	}
}

// What an author seals a receiver can open; what could never be opened is refused before it enters the chain.
func TestSealRefusesWhatNobodyCouldOpen(t *testing.T) {
	nested := func(levels int) map[string]any {
		body := map[string]any{}
		for inner, i := body, 1; i < levels; i++ {
			next := map[string]any{}
			inner["a"], inner = next, next
		}
		return body
	}
	op := wire.Op{ID: "i", Seq: 1, Patch: nested(29)}
	sealed, err := wire.Seal(op)
	if err != nil {
		t.Fatal(err)
	}
	text, err := wire.Canonical(wire.Push{Ops: []jsontext.Value{sealed.Text}})
	if err != nil {
		t.Fatal(err)
	}
	if err := wire.Decode(text, &wire.Push{}); err != nil {
		t.Errorf("the deepest op that Seal takes does not travel: %v", err)
	}
	op.Patch = nested(30)
	if _, err := wire.Seal(op); !errors.Is(err, wire.ErrTooDeep) {
		t.Errorf("one level more: %v", err)
	}
	for _, bad := range []wire.Op{{Seq: 1 << 53}, {Base: 1 << 53}, {Clock: wire.Clock{MonotonicMs: -1 << 53}},
		{Clock: wire.Clock{Anchor: &wire.Anchor{MonotonicMs: 1 << 53}}}} {
		if _, err := wire.Seal(bad); !errors.Is(err, wire.ErrInteger) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if _, err := wire.Seal(wire.Op{Patch: map[string]any{"a": "\xff"}}); err == nil {
		t.Error("text that is not UTF-8 was sealed")
	}
}
