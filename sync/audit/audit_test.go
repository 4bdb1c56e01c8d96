package audit_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"database/sql"
	"encoding/hex"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx", by which tests tamper

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/storage/storagetest/services"
	"github.com/fieldwarden/fieldwarden/sync/audit"
	"github.com/fieldwarden/fieldwarden/sync/collections"
	"github.com/fieldwarden/fieldwarden/sync/push"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

func TestMain(m *testing.M) { services.Main(m) }

const street = "120102001"

// store is a database with some history that a test can tamper with behind the program's back.
type store struct {
	t      *testing.T
	db     *db.DB
	raw    *sql.DB
	lite   bool
	files  memory
	push   *push.Service
	device string
	head   string
	seq    uint64
	key    *ecdsa.PrivateKey
	author string
}

// memory is a blob store that can be tampered with.
type memory map[string][]byte

func (m memory) OpenRange(_ context.Context, key string, from, _ int64) (io.ReadCloser, error) {
	data, ok := m[key]
	if !ok {
		return nil, fault.New(fault.NotFound)
	}
	return io.NopCloser(bytes.NewReader(data[from:])), nil
}

// each runs the test on both databases, with a history of two pushes and one file.
func each(t *testing.T, fn func(t *testing.T, s *store)) {
	t.Run("sqlite", func(t *testing.T) { onSQLite(t, fn) })
	t.Run("postgres", func(t *testing.T) {
		url := services.Postgres(t)
		fn(t, begin(t, url, "pgx", url))
	})
}

func onSQLite(t *testing.T, fn func(t *testing.T, s *store)) {
	path := filepath.Join(t.TempDir(), "test.db")
	fn(t, begin(t, "sqlite://"+path, "sqlite", "file:"+path))
}

func begin(t *testing.T, url, driver, source string) *store {
	ctx := context.Background()
	d, err := db.Open(ctx, db.Config{URL: url, Now: time.Now})
	check(t, err)
	t.Cleanup(func() { d.Close() })
	_, err = d.MigrateUp(ctx)
	check(t, err)
	raw, err := sql.Open(driver, source)
	check(t, err)
	t.Cleanup(func() { raw.Close() })
	catalogue, err := collections.Catalogue()
	check(t, err)
	s := &store{t: t, db: d, raw: raw, lite: driver == "sqlite", files: memory{}, device: newID(), author: newID(),
		push: &push.Service{Store: d, Catalogue: catalogue, District: "120102", Now: time.Now, NewID: newID}}
	s.enrol()
	visit := newID()
	s.send(s.op(record.Create, visit, 0, record.Object{"unit": street, "state": "planned", "summary": "甲方"}),
		s.op(record.Update, visit, 0, record.Object{"summary": "乙方"}))
	s.send(s.op(record.Update, visit, 2, record.Object{"opinion": "无异议"}))
	s.file()
	return s
}

// enrol makes an officer and a device on which he has signed in.
func (s *store) enrol() {
	ctx := context.Background()
	check(s.t, s.push.ApplyOwn(ctx, []push.ServerOp{{Collection: "officers", Record: s.author, Action: record.Create, Patch: record.Object{
		"name": "甲", "unit": street, "state": people.Active, "grants": record.Object{"g": record.Object{"role": "officer", "unit": street}}}}}))
	var err error
	s.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(s.t, err)
	public, err := x509.MarshalPKIXPublicKey(&s.key.PublicKey)
	check(s.t, err)
	now := time.Now()
	check(s.t, s.db.CreateCode(ctx, people.EnrolmentCode{Digest: s.device, Unit: street, ExpiresAt: now.Add(time.Hour)}))
	_, err = s.db.Enrol(ctx, s.device, people.Device{ID: s.device, PublicKey: public, Thumbprint: s.device, EnrolledAt: now}, now)
	check(s.t, err)
	check(s.t, s.db.BeginFamily(ctx, people.Family{ID: newID(), Officer: s.author, Device: s.device, CreatedAt: now, ExpiresAt: now.Add(time.Hour)},
		people.RefreshToken{Digest: s.device, Family: s.device}))
}

func (s *store) op(action record.Action, id string, base uint64, patch record.Object) wire.Sealed {
	s.t.Helper()
	return s.sealed("inspections", action, id, base, patch)
}

// opOn makes an op in the first form of a collection.
func (s *store) opOn(collection string, action record.Action, id string, patch record.Object) wire.Sealed {
	s.t.Helper()
	return s.sealed(collection, action, id, 0, patch)
}

func (s *store) sealed(collection string, action record.Action, id string, base uint64, patch record.Object) wire.Sealed {
	s.t.Helper()
	s.seq++
	sealed, err := wire.Seal(wire.Op{ID: newID(), Seq: s.seq, Collection: collection, Record: id, Action: string(action),
		Base: base, Patch: patch, OccurredAt: time.Now().UTC(), Author: s.author, Schema: 1, Prev: s.head})
	check(s.t, err)
	s.head = sealed.Hash
	return sealed
}

func (s *store) send(ops ...wire.Sealed) {
	s.t.Helper()
	check(s.t, s.pushed(ops...))
}

func (s *store) pushed(ops ...wire.Sealed) error {
	p := wire.Push{Device: s.device, Head: ops[len(ops)-1].Hash}
	for _, op := range ops {
		p.Ops = append(p.Ops, jsontext.Value(op.Text))
	}
	var err error
	p.Signature, err = wire.Sign(s.key, wire.SigningInput(s.device, p.Head))
	check(s.t, err)
	_, err = s.push.Apply(context.Background(), people.Caller{Device: s.device, Officer: s.author, Unit: street}, p)
	return err
}

// file puts a paper into the store, as the render job does: a void one, with the marked copy and what was handed over.
func (s *store) file() {
	said := func(key, text string) record.Object {
		sum := sha256.Sum256([]byte(text))
		s.files[key] = []byte(text)
		return record.Object{"key": key, "sha256": hex.EncodeToString(sum[:]), "length": float64(len(text))}
	}
	rendered := said("papers/a", "a paper")
	rendered["issued"] = said("papers/b", "handed")
	check(s.t, s.push.ApplyOwn(context.Background(), []push.ServerOp{{Collection: "documents", Record: newID(), Action: record.Create,
		Patch: record.Object{"unit": street, "kind": "test", "template": newID(), "templateVersion": 1.0, "state": "issued",
			"rendered": rendered}}}))
}

// tamper runs statements with the guards of append-only tables taken away, as whoever owns the database could.
func (s *store) tamper(statements string) {
	s.t.Helper()
	for _, table := range []string{"ops", "pushes", "revisions"} {
		if !s.lite {
			s.exec("ALTER TABLE " + table + " DISABLE TRIGGER USER")
			continue
		}
		for _, action := range []string{"update", "delete"} {
			s.exec("DROP TRIGGER IF EXISTS " + table + "_no_" + action)
		}
	}
	for statement := range strings.SplitSeq(statements, ";") {
		s.exec(strings.ReplaceAll(statement, "$device", "'"+s.device+"'"))
	}
}

func (s *store) exec(statement string) {
	s.t.Helper()
	if _, err := s.raw.Exec(statement); err != nil {
		s.t.Fatalf("%s: %v", statement, err)
	}
}

func (s *store) audit() audit.Report {
	s.t.Helper()
	a := audit.Auditor{Reader: s.db, Catalogue: s.push.Catalogue, Bytes: s.files}
	r, err := a.Run(context.Background())
	check(s.t, err)
	return r
}

// An untouched store is found sound, and everything in it was looked at.
func TestUntouched(t *testing.T) {
	each(t, func(t *testing.T, s *store) {
		r := s.audit()
		if !r.Sound() {
			t.Errorf("found %+v", r.Problems)
		}
		if r.Devices != 1 || r.Ops != 3 || r.Pushes != 2 || r.Versions < 5 || r.Files != 2 || r.Bytes != 13 {
			t.Errorf("looked at %+v", r)
		}
	})
}

// alterations are what somebody with the database in his hands could do, each with a kind of problem that must be told.
var alterations = []struct{ name, statements, kind string }{
	{"the text of an op is changed", "UPDATE ops SET text = replace(text, '乙方', '丙方') WHERE seq = 2", "chain"},
	{"text and hash of an op are changed together", "UPDATE ops SET text = (SELECT text FROM ops WHERE seq = 1), hash = (SELECT hash FROM ops WHERE seq = 1) WHERE seq = 2", "chain"},
	{"an op in the middle is gone", "DELETE FROM ops WHERE seq = 2", "chain"},
	{"the newest op is gone", "DELETE FROM ops WHERE seq = 3", "device"},
	{"the newest op is gone and the device's row follows", "DELETE FROM ops WHERE seq = 3; UPDATE devices SET last_seq = 2, head_hash = (SELECT hash FROM ops WHERE seq = 2)", "signature"},
	{"a push is gone", "DELETE FROM pushes WHERE first_seq = 1", "signature"},
	{"a signature is exchanged", "UPDATE pushes SET signature = (SELECT signature FROM pushes WHERE first_seq = 3) WHERE first_seq = 1", "signature"},
	{"a push is said to end elsewhere", "UPDATE pushes SET last_seq = 1 WHERE first_seq = 1", "signature"},
	{"the device's head is changed", "UPDATE devices SET head_hash = 'x'", "device"},
	{"a version is gone", "DELETE FROM revisions WHERE version = 2 AND collection = 'inspections'", "version"},
	{"a version is laid to another op", "UPDATE revisions SET op = (SELECT id FROM ops WHERE collection = 'documents') || 'x' WHERE version = 2", "version"},
	{"a body is changed and later edits stand on it", "UPDATE revisions SET body = replace(body, 'planned', 'open') WHERE version >= 2 AND collection = 'inspections'; " +
		"UPDATE records SET body = replace(body, 'planned', 'open') WHERE collection = 'inspections'", "version"},
	{"a removal is made up", "UPDATE revisions SET removed = true WHERE version = 2 AND collection = 'inspections'", "version"},
	{"a version's body is changed at the head", "UPDATE revisions SET body = replace(body, '无异议', '有异议') WHERE version = 3", "head"},
	{"a record's body is changed", "UPDATE records SET body = replace(body, '无异议', '有异议')", "head"},
	{"a version is said to be in a form that there is not", "UPDATE revisions SET schema = 2 WHERE version = 3; UPDATE records SET schema = 2 WHERE version = 3", "version"},
	{"a record is said to be in another form", "UPDATE records SET schema = 2 WHERE collection = 'inspections'", "head"},
	{"a record is said to be in another state", "UPDATE records SET state = 'cancelled' WHERE collection = 'inspections'", "head"},
	{"a record is set back", "UPDATE records SET version = 2 WHERE collection = 'inspections'", "head"},
	{"a record is gone", "DELETE FROM records WHERE collection = 'inspections'", "head"},
	{"a record's whole history is gone", "DELETE FROM revisions WHERE collection = 'inspections'", "head"},
}

// The walks are the same statements on both databases, so PostgreSQL sees the first alteration of each kind.
func TestAlterationsAreFound(t *testing.T) {
	seen := map[string]bool{}
	for _, alteration := range alterations {
		on := onSQLite
		if !seen[alteration.kind] {
			on = each
		}
		seen[alteration.kind] = true
		t.Run(alteration.name, func(t *testing.T) {
			on(t, func(t *testing.T, s *store) {
				s.tamper(alteration.statements)
				wantProblem(t, s.audit(), alteration.kind)
			})
		})
	}
}

// Bytes that were changed, cut, grown or taken away are found by reading them.
func TestAlteredBytesAreFound(t *testing.T) {
	for name, alter := range map[string]func(memory){
		"changed": func(m memory) { m["papers/a"] = []byte("a paper!")[:7]; m["papers/a"][0] = 'A' },
		"cut":     func(m memory) { m["papers/a"] = m["papers/a"][:3] },
		"grown":   func(m memory) { m["papers/a"] = append(m["papers/a"], 0) },
		"gone":    func(m memory) { delete(m, "papers/a") },
		"first":   func(m memory) { m["papers/b"][0] = 'H' },
	} {
		t.Run(name, func(t *testing.T) {
			onSQLite(t, func(t *testing.T, s *store) {
				alter(s.files)
				wantProblem(t, s.audit(), "bytes")
			})
		})
	}
}

// A device's public key that was exchanged verifies none of its signatures.
func TestAnExchangedKeyIsFound(t *testing.T) {
	each(t, func(t *testing.T, s *store) {
		other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		check(t, err)
		public, err := x509.MarshalPKIXPublicKey(&other.PublicKey)
		check(t, err)
		literal := "x'" + hex.EncodeToString(public) + "'"
		if !s.lite {
			literal = `'\x` + hex.EncodeToString(public) + "'"
		}
		s.exec("UPDATE devices SET public_key = " + literal)
		wantProblem(t, s.audit(), "signature")
	})
}

func wantProblem(t *testing.T, r audit.Report, kind string) {
	t.Helper()
	for _, p := range r.Problems {
		if p.Kind == kind {
			return
		}
	}
	t.Errorf("no problem of kind %s among %+v", kind, r.Problems)
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// A restore from a backup leaves a gap in the versions of what is edited afterwards. It is no problem, and any other gap is.
func TestTheGapOfARestore(t *testing.T) {
	each(t, func(t *testing.T, s *store) {
		id := newID()
		s.send(s.op(record.Create, id, 0, record.Object{"unit": street, "state": "planned"}))
		_, _, err := s.db.BeginEpoch(context.Background(), "", "2026", 0)
		check(t, err)
		s.send(s.op(record.Update, id, 1, record.Object{"summary": "恢复之后"}), s.op(record.Update, id, 1, record.Object{"summary": "又"}))
		if r := s.audit(); !r.Sound() {
			t.Errorf("found %+v", r.Problems)
		}
		s.exec("UPDATE epochs SET floor = floor + 1")
		wantProblem(t, s.audit(), "version")
	})
}
