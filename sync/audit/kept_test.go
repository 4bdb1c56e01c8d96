package audit_test

import (
	"path/filepath"
	"testing"
	"time"

	merkle "github.com/fieldwarden/fieldwarden/domain/ledger"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/storage/db"
	"github.com/fieldwarden/fieldwarden/sync/audit"
	"github.com/fieldwarden/fieldwarden/sync/push"
)

// A store that was put back as a whole, rows, leaves, hashes and checkpoints alike, is sound in itself. Whoever has kept a checkpoint from before
// finds out, and so does he who has kept one of another history.
func TestAKeptCheckpointFindsTruncation(t *testing.T) {
	onSQLite(t, func(t *testing.T, s *store) {
		p := newPast(s)
		early := filepath.Join(t.TempDir(), "early.db")
		s.exec("VACUUM INTO '" + early + "'")
		visit := newID()
		s.send(s.op(record.Create, visit, 0, record.Object{"unit": street, "state": "open"}))
		p.round()
		newest, err := s.db.Latest(t.Context())
		check(t, err)
		late := audit.Kept{Name: "late", Note: newest.Note}
		p.kept = late
		p.untouched("with the newest checkpoint")

		d, err := db.Open(t.Context(), db.Config{URL: "sqlite://" + early, Now: time.Now})
		check(t, err)
		t.Cleanup(func() { d.Close() })
		run := func(kept ...audit.Kept) audit.Report {
			a := audit.Auditor{Reader: d, Catalogue: s.push.Catalogue, Bytes: s.files, Ledger: d, Pseudonyms: p.seq.Pseudonyms, LedgerKeys: p.keys, Kept: kept}
			r, err := a.Run(t.Context())
			check(t, err)
			return r
		}
		if r := run(); !r.Sound() {
			t.Errorf("by itself: %+v", r.Problems)
		}
		if r := run(late); len(r.Problems) != 1 || r.Problems[0].Where != "late" {
			t.Errorf("with a later checkpoint: %+v", r.Problems)
		}
		// The early store goes on by itself: at the size of the kept checkpoint it has another root.
		own := p.seq
		own.Store = d
		other := push.Service{Store: d, Catalogue: s.push.Catalogue, District: "120102", Now: time.Now, NewID: newID}
		for range 3 {
			check(t, other.ApplyOwn(t.Context(), []push.ServerOp{{Collection: "units", Record: newID(), Action: record.Create,
				Patch: record.Object{"code": "120102009", "name": "街道", "kind": "street"}}}))
		}
		if n, err := own.Round(t.Context()); err != nil || n != 3 {
			t.Fatalf("%d leaves, %v", n, err)
		}
		if r := run(late); len(r.Problems) != 1 || r.Problems[0].Where != "late" {
			t.Errorf("with a checkpoint of another history: %+v", r.Problems)
		}
	})
}

// What chance seldom hits, and what only who holds the ledger's own key could do.
func TestCleverAlterationsAreFound(t *testing.T) {
	onSQLite(t, func(t *testing.T, s *store) {
		p := newPast(s)
		p.open()
		newest, err := s.db.Latest(t.Context())
		check(t, err)
		signed, err := merkle.Open(newest.Note)
		check(t, err)
		signed.Root[0] ^= 1
		keys, err := p.seq.Keys.LedgerKeys(t.Context())
		check(t, err)
		signer, err := keys[1].Signer(signed.Origin)
		check(t, err)
		forged, err := merkle.Sign(signed.Checkpoint, signer)
		check(t, err)
		for kind, statements := range map[string][]string{
			"leaf": {`UPDATE ops SET outcome = replace(outcome, '"version":2', '"version":3') WHERE seq = 2`, // the answer is another, and still an answer
				"UPDATE revisions SET body = (SELECT body FROM revisions o WHERE o.record = revisions.record AND o.version = 1) WHERE version = 2", // an edit is taken back
				"UPDATE ops SET latest = latest + 1 WHERE seq = 1"},
			"checkpoint": {"UPDATE checkpoints SET note = " + quoted(string(forged)) + " WHERE n = (SELECT MAX(n) FROM checkpoints)"},
			"hash":       {"UPDATE hashes SET hash = (SELECT hash FROM hashes WHERE i = 0) WHERE i = 4"},
		} {
			for _, statement := range statements {
				p.try(statement)
				wantProblem(t, p.audit(), kind)
				p.undo("ops", "revisions", "checkpoints", "hashes")
			}
		}
		p.untouched("after")
	})
}
