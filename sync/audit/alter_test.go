package audit_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"log/slog"
	"math/big"
	mrand "math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/timestamp"
	"golang.org/x/mod/sumdb/note"

	merkle "github.com/fieldwarden/fieldwarden/domain/ledger"

	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/people/keyring"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/audit"
	"github.com/fieldwarden/fieldwarden/sync/ledger"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// past is a store with a real history: two handhelds in conflict, an edit online, a removal, rejected ops, papers, a ledger of many checkpoints
// over which its key was rotated, a time stamp and a cosignature; accounts, a fork and what was decided about it, numbers and a double, a restore.
type past struct {
	*store
	seq  ledger.Sequencer
	kept audit.Kept // what an auditor took home some time ago
	keys [][]byte
	rng  *mrand.Rand
}

func newPast(s *store) *past {
	s.t.Helper()
	now := time.Now()
	clock := func() time.Time { now = now.Add(2 * time.Second); return now }
	keys, err := keyring.New(s.db, make([]byte, 32), clock)
	check(s.t, err)
	p := &past{store: s, rng: mrand.New(mrand.NewPCG(2026, 11)), seq: ledger.Sequencer{Store: s.db, Keys: ledger.Ring{Keyring: keys},
		Pseudonyms: ledger.Pseudonyms{Key: []byte("district")}, Name: "warden.example/ledger", Now: clock, Log: slog.New(slog.DiscardHandler)}}
	p.round()
	visit, gone := newID(), newID()
	s.send(s.op(record.Create, visit, 0, record.Object{"unit": street, "state": "open", "summary": "甲"}), s.op(record.Create, gone, 0, record.Object{"unit": street, "state": "planned"}))
	caller := people.Caller{Device: s.device, Officer: s.author, Unit: street, Grants: []people.Grant{{Role: people.RoleOfficer, Unit: street}}}
	online := func(base uint64, patch record.Object) {
		_, err := s.push.ApplyOnline(s.t.Context(), caller, []wire.OnlineOp{{ID: newID(), Collection: "inspections", Record: visit, Action: "update", Base: base, Patch: patch}})
		check(s.t, err)
	}
	online(1, record.Object{"summary": "乙"})
	p.round()
	check(s.t, keys.RotateLedger(s.t.Context()))
	s.send(s.op(record.Update, visit, 1, record.Object{"summary": "丙", "opinion": "无"}), s.op(record.Update, newID(), 0, record.Object{"summary": "no such record"}))
	p.round()
	newest, err := s.db.Latest(s.t.Context())
	check(s.t, err)
	p.kept = audit.Kept{Name: "kept", Note: newest.Note}
	p.vouch(newest)
	for i := range 4 {
		s.send(s.op(record.Update, visit, 3, record.Object{"answers": record.Object{fmt.Sprint("q", i): record.Object{"value": "是"}}}))
		s.file()
		p.round()
	}
	s.send(s.op(record.Remove, gone, 1, nil))
	p.accounts()
	p.fork()
	p.round()
	p.served()
	p.lease()
	p.restore()
	p.round()
	all, err := p.seq.Keys.LedgerKeys(s.t.Context())
	check(s.t, err)
	for _, key := range all {
		p.keys = append(p.keys, key.Public)
	}
	return p
}

// accounts makes two accounts, one with another password, one out of use.
func (p *past) accounts() {
	ctx := p.t.Context()
	for i, officer := range []string{p.author, newID()} {
		id := newID()
		check(p.t, p.db.CreateAccount(ctx, people.Account{ID: id, Name: fmt.Sprint("account", i), Officer: officer, PasswordHash: "$argon2id$" + id}, record.ServerAuthor))
		check(p.t, p.db.SetPassword(ctx, id, "$argon2id$other$"+id, officer, p.seq.Now()))
		if i == 1 {
			check(p.t, p.db.DisableAccount(ctx, id, p.author, p.seq.Now()))
		}
	}
}

// fork lets the device send something else under numbers that it has used, twice, and people release it.
func (p *past) fork() {
	seq, head := p.store.seq, p.head
	for range 2 {
		p.store.seq, p.head = seq-1, ""
		ops := []wire.Sealed{p.op(record.Create, newID(), 0, record.Object{"unit": street, "state": "open"})}
		if err := p.pushed(ops...); err == nil {
			p.t.Fatal("a fork was taken")
		}
		check(p.t, p.db.ReleaseDevice(p.t.Context(), people.Decision{Device: p.device, At: p.seq.Now(), Officer: p.author, Decision: people.Released, Reason: "旧备份恢复，已核实"}))
	}
	p.store.seq, p.head = seq, head
}

// served writes what only the server writes into a paper and a recording.
func (p *past) served() {
	paper, recording := newID(), newID()
	own := func(collection, id string, action record.Action, patch record.Object) {
		check(p.t, p.push.ApplyOwn(p.t.Context(), []push.ServerOp{{Collection: collection, Record: id, Action: action, Patch: patch}}))
	}
	own("documents", paper, record.Create, record.Object{"unit": street, "kind": "test", "template": newID(), "templateVersion": 1.0, "state": "issued"})
	own("documents", paper, record.Update, record.Object{"service": record.Object{"servedOn": "2026-11-27", "mode": "direct"}})
	own("documents", paper, record.Update, record.Object{"correctedBy": record.Object{"document": newID(), "at": "2026-11-28T01:00:00Z"}})
	own("evidence", recording, record.Create, record.Object{"unit": street, "kind": "audio", "officer": p.author, "startedAt": "2026-11-25T01:00:00Z",
		"endedAt": "2026-11-25T01:00:04Z", "mime": "audio/mpeg", "length": 7.0, "sha256": strings.Repeat("0a", 32)})
	own("evidence", recording, record.Update, record.Object{"custody": record.Object{"state": "receiving", "receipt": "eyJhbGciOiJFUzI1NiJ9.receipt.signature"}})
}

// lease gives out numbers, some of which papers bear, one of them two.
func (p *past) lease() {
	const series = "120102/penalty/2026"
	for range 2 {
		_, err := p.db.LeaseNumbers(p.t.Context(), newID(), series, 10)
		check(p.t, err)
	}
	for _, n := range []float64{1, 2, 2, 3, 1} {
		check(p.t, p.push.ApplyOwn(p.t.Context(), []push.ServerOp{{Collection: "documents", Record: newID(), Action: record.Create, Patch: record.Object{"unit": street, "kind": "penalty",
			"template": newID(), "templateVersion": 1.0, "state": "issued", "number": record.Object{"series": series, "n": n, "text": fmt.Sprint("第", n, "号")}}}}))
	}
}

// restore is a restore from a backup: versions and numbers skip.
func (p *past) restore() {
	_, _, err := p.db.BeginEpoch(p.t.Context(), "", "2026", 5)
	check(p.t, err)
	p.send(p.op(record.Create, newID(), 0, record.Object{"unit": street, "state": "open"}))
}

func (p *past) round() {
	p.t.Helper()
	if n, err := p.seq.Round(p.t.Context()); err != nil || n == 0 {
		p.t.Fatalf("%d leaves, %v", n, err)
	}
}

// vouch stamps and cosigns a checkpoint, as an authority and a witness would.
func (p *past) vouch(c ledger.Checkpoint) {
	p.t.Helper()
	signed, err := merkle.Open(c.Note)
	check(p.t, err)
	check(p.t, p.db.KeepStamp(p.t.Context(), ledger.Stamp{Checkpoint: c.N, Kind: ledger.Stamped, Signer: "http://tsa.example", At: c.At, Data: stamp(p.t, signed.Checkpoint)}))
	public, private, err := ed25519.GenerateKey(rand.Reader)
	check(p.t, err)
	witness := merkle.NewWitness("witness.example", public)
	line, err := note.Sign(&note.Note{Text: signed.Text()}, cosigner{witness, private})
	check(p.t, err)
	_, lines, _ := strings.Cut(string(line), "\n\n")
	check(p.t, p.db.KeepStamp(p.t.Context(), ledger.Stamp{Checkpoint: c.N, Kind: ledger.Cosigned, Signer: witness.Key(), At: c.At, Data: []byte(lines)}))
}

type cosigner struct {
	*merkle.Witness
	key ed25519.PrivateKey
}

func (c cosigner) Sign(text []byte) ([]byte, error) {
	return merkle.Cosign(c.key, text, time.Unix(1_800_000_000, 0)), nil
}

// stamp is a token by an authority of this test's own.
func stamp(t *testing.T, c merkle.Checkpoint) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test TSA"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	check(t, err)
	certificate, err := x509.ParseCertificate(der)
	check(t, err)
	request, err := merkle.StampRequest(c)
	check(t, err)
	asked, err := timestamp.ParseRequest(request)
	check(t, err)
	response, err := (&timestamp.Timestamp{HashAlgorithm: crypto.SHA256, HashedMessage: asked.HashedMessage, Time: time.Now(), Nonce: asked.Nonce,
		Policy: []int{1, 2, 3}, AddTSACertificate: true}).CreateResponseWithOpts(certificate, key, crypto.SHA256)
	check(t, err)
	token, _, err := merkle.CheckStampResponse(response, c)
	check(t, err)
	return token
}

func (p *past) audit() audit.Report {
	p.t.Helper()
	a := audit.Auditor{Reader: p.db, Catalogue: p.push.Catalogue, Bytes: p.files, Ledger: p.db, Pseudonyms: p.seq.Pseudonyms, LedgerKeys: p.keys, Kept: []audit.Kept{p.kept}}
	r, err := a.Run(p.t.Context())
	if err != nil {
		return audit.Report{Problems: []audit.Problem{{Kind: "unreadable", En: err.Error()}}} // what cannot even be read is found too
	}
	return r
}

// Of a thousand alterations, deletions, reorderings and truncations at random, of files, rows, leaves, hashes, checkpoints and stamps, made with
// the guards of the database taken away, every one is found; and none in the store as it was.
func TestEveryAlterationIsFound(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { onSQLite(t, func(t *testing.T, s *store) { newPast(s).endure(1000) }) })
	t.Run("postgres", func(t *testing.T) {
		each(t, func(t *testing.T, s *store) {
			if !s.lite {
				newPast(s).endure(200)
			}
		})
	})
}

func (p *past) endure(alterations int) {
	p.untouched("before")
	p.open()
	found := map[string]int{}
	for done := 0; done < alterations; {
		if p.rng.IntN(10) == 0 {
			p.spoil(found)
			done++
			continue
		}
		what, tables := p.alter()
		if !slices.ContainsFunc(tables, func(table string) bool { return p.differs(table) > 0 }) {
			p.undo(tables...)
			continue // refused by the database, or the same again
		}
		done++
		if r := p.audit(); r.Sound() {
			p.t.Errorf("not found: %s", what)
		} else {
			found[r.Problems[0].Kind]++
		}
		p.undo(tables...)
	}
	p.untouched("after")
	p.t.Logf("found, by the kind of the first problem: %v", found)
}

func (p *past) untouched(when string) {
	p.t.Helper()
	r := p.audit()
	if !r.Sound() || r.Leaves < 15 || r.Checkpoints < 7 || r.Stamps != 2 || r.Numbers != 5 || r.Identities < 8 {
		p.t.Fatalf("%s: %+v", when, r)
	}
}

// spoil alters one file.
func (p *past) spoil(found map[string]int) {
	data := slices.Clone(p.files["papers/a"])
	defer func() { p.files["papers/a"] = data }()
	at := p.rng.IntN(len(data))
	switch p.rng.IntN(4) {
	case 0:
		delete(p.files, "papers/a")
	case 1:
		p.files["papers/a"] = data[:at:at]
	case 2:
		p.files["papers/a"] = append(slices.Clone(data), byte(at))
	default:
		p.files["papers/a"] = slices.Clone(data)
		p.files["papers/a"][at] ^= 1 << p.rng.IntN(8)
	}
	if r := p.audit(); r.Sound() {
		p.t.Error("an altered file is not found")
	} else {
		found[r.Problems[0].Kind]++
	}
}
