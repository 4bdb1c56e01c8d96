package ledger_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/ledger"
	"github.com/fieldwarden/fieldwarden/sync/ledger/bundle"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// manifest announces a recording.
func (w *world) manifest(recording []byte) record.Object {
	sum := sha256.Sum256(recording)
	return record.Object{"unit": street, "kind": "video", "officer": w.officer, "startedAt": "2026-11-28T08:00:00Z", "endedAt": "2026-11-28T08:05:00Z",
		"mime": "video/mp4", "length": float64(len(recording)), "sha256": hex.EncodeToString(sum[:])}
}

// announce pushes the announcement of a recording among other edits.
func (w *world) announce(recording []byte) (evidence string) {
	w.t.Helper()
	evidence = newID()
	p := wire.Push{Device: w.device}
	for i := range 4 {
		w.last++
		op := wire.Op{ID: newID(), Seq: w.last, Collection: "inspections", Record: newID(), Action: "create", Schema: 1, Prev: w.head,
			Patch: record.Object{"unit": street, "state": "planned"}, OccurredAt: w.now, Author: w.officer}
		if i == 1 {
			op.Collection, op.Record, op.Patch = "evidence", evidence, w.manifest(recording)
		}
		sealed, err := wire.Seal(op)
		must(w.t, err)
		p.Ops, w.head = append(p.Ops, jsontext.Value(sealed.Text)), sealed.Hash
	}
	p.Head = w.head
	var err error
	p.Signature, err = wire.Sign(w.key, wire.SigningInput(w.device, p.Head))
	must(w.t, err)
	reply, err := w.push.Apply(ctx, people.Caller{Device: w.device, Officer: w.officer, Unit: street}, p)
	must(w.t, err)
	if s := reply.Outcomes[1].Status; s != "applied" {
		w.t.Fatalf("the announcement: %+v", reply.Outcomes[1])
	}
	return evidence
}

func (w *world) bundle(evidence string, recording []byte) []byte {
	w.t.Helper()
	maker := bundle.Maker{Reader: w.db, Ledger: ledger.Log{Reader: w.db}, Now: func() time.Time { return w.now }}
	b, err := maker.Gather(ctx, evidence)
	must(w.t, err)
	var out bytes.Buffer
	must(w.t, b.Write(&out, bytes.NewReader(recording)))
	return out.Bytes()
}

func verify(t *testing.T, archive []byte, trust bundle.Trust) bundle.Report {
	t.Helper()
	r, err := bundle.Verify(bytes.NewReader(archive), int64(len(archive)), trust)
	must(t, err)
	return r
}

func (w *world) vkeys() []string {
	w.t.Helper()
	keys, err := ledger.Log{Reader: w.db}.Keys(ctx)
	must(w.t, err)
	return keys
}

func states(r bundle.Report, state bundle.State) (checks []string) {
	for _, line := range r.Lines {
		if line.State == state {
			checks = append(checks, line.Check)
		}
	}
	return checks
}

// A bundle is sound for who has the ledger's key, whichever it was when; for who has another it is not.
func TestBundle(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.pass()
		recording := bytes.Repeat([]byte("moving pictures "), 999)
		evidence := w.announce(recording)
		w.now = w.now.Add(time.Second)
		must(t, w.keys.RotateLedger(ctx))
		w.pass()
		archive := w.bundle(evidence, recording)
		keys := w.vkeys()
		for name, trust := range map[string]bundle.Trust{"both keys": {Keys: keys}, "the first": {Keys: keys[:1]}, "the second": {Keys: keys[1:]}, "none": {}} {
			r := verify(t, archive, trust)
			if !r.Sound || r.KeyGiven == (name == "none") || r.Evidence != evidence || len(states(r, bundle.Sound)) < 9 {
				t.Errorf("%s: %+v", name, r)
			}
		}
		other := newWorld(t, "sqlite://"+t.TempDir()+"/other.db")
		other.pass()
		if r := verify(t, archive, bundle.Trust{Keys: other.vkeys()}); r.Sound {
			t.Errorf("with another ledger's key it is sound: %+v", r)
		}
	})
}

// A recording that was announced online has a bundle too, which says that no device has signed.
func TestBundleOfAnOnlineEdit(t *testing.T) {
	w := newWorld(t, "sqlite://"+t.TempDir()+"/test.db")
	recording, evidence := []byte("a photo"), newID()
	caller := people.Caller{Device: w.device, Officer: w.officer, Unit: street, Grants: []people.Grant{{Role: people.RoleOfficer, Unit: street}}}
	_, err := w.push.ApplyOnline(ctx, caller, []wire.OnlineOp{{ID: newID(), Collection: "evidence", Record: evidence, Action: "create", Patch: w.manifest(recording)}})
	must(t, err)
	w.pass()
	r := verify(t, w.bundle(evidence, recording), bundle.Trust{Keys: w.vkeys()})
	if !r.Sound || !strings.Contains(strings.Join(states(r, bundle.Open), " "), "signature") {
		t.Errorf("%+v", r)
	}
}

// parts takes an archive apart.
func parts(t *testing.T, archive []byte) (names []string, texts map[string][]byte) {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	must(t, err)
	texts = map[string][]byte{}
	for _, f := range r.File {
		content, err := f.Open()
		must(t, err)
		text, err := io.ReadAll(content)
		must(t, err)
		names, texts[f.Name] = append(names, f.Name), text
	}
	return names, texts
}

func packed(t testing.TB, names []string, texts map[string][]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, name := range names {
		f, err := w.Create(name)
		must(t, err)
		_, err = f.Write(texts[name])
		must(t, err)
	}
	must(t, w.Close())
	return out.Bytes()
}

// Whatever bit is turned in whatever part that says something, whatever part is left out or put in another's place: it is not sound any more.
func TestAnAlteredBundleIsNotSound(t *testing.T) {
	w := newWorld(t, "sqlite://"+t.TempDir()+"/test.db")
	w.pass()
	recording := []byte("moving pictures")
	evidence := w.announce(recording)
	w.now = w.now.Add(time.Second)
	must(t, w.keys.RotateLedger(ctx))
	w.pass()
	names, texts := parts(t, w.bundle(evidence, recording))
	trust := bundle.Trust{Keys: w.vkeys()[:1]}
	if r := verify(t, packed(t, names, texts), trust); !r.Sound {
		t.Fatalf("as it was: %+v", r)
	}
	rng := rand.New(rand.NewPCG(4, 9))
	for range 400 {
		name := names[2+rng.IntN(len(names)-2)] // but READ-ME.txt and bundle.json, which nobody believes
		was := texts[name]
		text, what := bytes.Clone(was), "a bit is turned"
		switch rng.IntN(5) {
		case 0:
			text, what = nil, "emptied"
		case 1:
			text, what = bytes.Clone(texts[names[2+rng.IntN(len(names)-2)]]), "another part's"
		case 2:
			text, what = text[:rng.IntN(len(text))], "cut"
		default:
			text[rng.IntN(len(text))] ^= 1 << rng.IntN(8)
		}
		if bytes.Equal(text, was) {
			continue
		}
		texts[name] = text
		archive := packed(t, names, texts)
		if r, err := bundle.Verify(bytes.NewReader(archive), int64(len(archive)), trust); err == nil && r.Sound {
			t.Errorf("%s: %s, and it is sound\n%q\nwas\n%q", name, what, text, was)
		}
		texts[name] = was
	}
}

// What somebody has put beside takes nothing from a bundle, and does not pass for checked.
func TestWhatWasPutBesideIsNamed(t *testing.T) {
	w := newWorld(t, "sqlite://"+t.TempDir()+"/test.db")
	w.pass()
	recording := []byte("moving pictures")
	evidence := w.announce(recording)
	w.pass()
	names, texts := parts(t, w.bundle(evidence, recording))
	trust := bundle.Trust{Keys: w.vkeys()}
	if r := verify(t, packed(t, names, texts), trust); !r.Sound || slices.Contains(states(r, bundle.Open), "strange") {
		t.Fatalf("as it was: %+v", r)
	}
	for _, name := range []string{"expert opinion.pdf", "push/push.json.bak", "ledger/key.json"} {
		beside := maps.Clone(texts)
		beside[name] = []byte("x")
		r := verify(t, packed(t, append(slices.Clone(names), name), beside), trust)
		if !r.Sound || !slices.Contains(states(r, bundle.Open), "strange") {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// Whoever fetches the newest key alone is told why a bundle from before it does not fit, and it fits with all of them.
func TestAnOlderBundleAndANewerKey(t *testing.T) {
	w := newWorld(t, "sqlite://"+t.TempDir()+"/test.db")
	w.pass()
	recording := []byte("moving pictures")
	evidence := w.announce(recording)
	w.pass()
	archive := w.bundle(evidence, recording)
	w.now = w.now.Add(time.Second)
	must(t, w.keys.RotateLedger(ctx))
	w.pass()
	keys := w.vkeys()
	if r := verify(t, archive, bundle.Trust{Keys: keys}); len(keys) != 2 || !r.Sound {
		t.Errorf("with all keys: %+v", r)
	}
	r := verify(t, archive, bundle.Trust{Keys: keys[1:]})
	if text := fmt.Sprint(r.Lines); r.Sound || !strings.Contains(text, "--key may be repeated") {
		t.Errorf("with the newest alone: %s", text)
	}
}
