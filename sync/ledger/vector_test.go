package ledger_test

import (
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/mod/sumdb/note"

	merkle "github.com/fieldwarden/fieldwarden/domain/ledger"

	"github.com/fieldwarden/fieldwarden/sync/ledger"
)

// vector is docs/protocol/vectors/ledger.json, which another program has made.
type vector struct {
	Name, PseudonymKey, ResultLines string
	Keys                            []struct{ Seed, Verifier string }
	Rows                            []struct {
		Kind, Ref, Leaf, LeafHash string
		Source                    struct {
			At                                               time.Time
			PublicKey, Device, Head, Signature, Author, Hash string
			First, Last                                      uint64
			Results                                          []struct {
				Hash, Outcome, Record, Body            string
				ReceivedAt, Earliest, Latest, VersedAt int64
				Version                                uint64
				Removed                                bool
				Schema                                 int
			}
		}
	}
	Stored      []string
	Checkpoints []struct {
		Size    int64
		Note    string
		Signers []int
	}
	Witness struct {
		Seed, Verifier, Line string
		Time                 int64
	}
	Proofs []struct {
		Index, Size int64
		Text        string
	}
	Consistency []struct {
		From, To int64
		Hashes   []string
	}
	Tiles  []struct{ Path, Hex string }
	Single []struct {
		Kind, Ref, Row, Leaf string
		At                   time.Time
	}
}

func theVector(t *testing.T) (v vector) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "protocol", "vectors", "ledger.json"))
	must(t, err)
	must(t, json.Unmarshal(text, &v, json.MatchCaseInsensitiveNames(true)))
	return v
}

// sourceOf is a row of the vector as the store would give it.
func (v vector) sourceOf(t *testing.T, i int) ledger.Source {
	t.Helper()
	s := v.Rows[i].Source
	public, err := hex.DecodeString(s.PublicKey)
	must(t, err)
	out := ledger.Source{At: s.At, Device: s.Device, First: s.First, Last: s.Last, Head: s.Head + s.Hash, Signature: s.Signature, Author: s.Author, Public: public}
	for _, r := range s.Results {
		out.Result = append(out.Result, ledger.OpResult{Hash: r.Hash, Outcome: []byte(r.Outcome), ReceivedAt: r.ReceivedAt, Earliest: r.Earliest, Latest: r.Latest,
			Version: r.Version, Record: r.Record, Removed: r.Removed, Schema: r.Schema, Body: []byte(r.Body), VersedAt: r.VersedAt})
	}
	return out
}

// inMemory is a log in memory.
type inMemory []merkle.Hash

func (m inMemory) ReadHashes(indexes []int64) (out []merkle.Hash, err error) {
	for _, i := range indexes {
		if i >= int64(len(m)) {
			return nil, fmt.Errorf("no hash %d", i)
		}
		out = append(out, m[i])
	}
	return out, nil
}

func TestLedgerVector(t *testing.T) {
	v := theVector(t)
	key, err := hex.DecodeString(v.PseudonymKey)
	must(t, err)
	var leaves [][]byte
	for i, row := range v.Rows {
		source := v.sourceOf(t, i)
		leaf, err := ledger.Pseudonyms{Key: key}.Describe(ledger.Ref{Kind: row.Kind, ID: row.Ref}, source, v.Name)
		must(t, err)
		text, err := leaf.Text()
		if err != nil || string(text) != row.Leaf {
			t.Errorf("leaf %d\n%s, want\n%s, %v", i, text, row.Leaf, err)
		}
		if row.Kind == ledger.Push && string(ledger.ResultLines(source.Result)) != v.ResultLines {
			t.Errorf("results\n%s, want\n%s", ledger.ResultLines(source.Result), v.ResultLines)
		}
		leaves = append(leaves, []byte(row.Leaf))
	}
	for _, row := range v.Single {
		leaf, err := ledger.Pseudonyms{Key: key}.Describe(ledger.Ref{Kind: row.Kind, ID: row.Ref}, ledger.Source{At: row.At, Row: []byte(row.Row)}, v.Name)
		must(t, err)
		if text, err := leaf.Text(); err != nil || string(text) != row.Leaf {
			t.Errorf("leaf of a single row\n%s, want\n%s, %v", text, row.Leaf, err)
		}
	}
	grown, err := merkle.Grow(0, leaves, inMemory(nil))
	must(t, err)
	if len(grown.Hashes) != len(v.Stored) {
		t.Fatalf("%d hashes are stored, want %d", len(grown.Hashes), len(v.Stored))
	}
	for i, h := range grown.Hashes {
		if h.String() != v.Stored[i] {
			t.Errorf("hash %d is %s, want %s", i, h, v.Stored[i])
		}
	}
	v.signed(t, inMemory(grown.Hashes))
	v.proven(t, inMemory(grown.Hashes), leaves)
}

// signed checks that our checkpoints and cosignatures are those of the vector, octet for octet: Ed25519 signs alike each time.
func (v vector) signed(t *testing.T, log inMemory) {
	t.Helper()
	seed, err := hex.DecodeString(v.Witness.Seed)
	must(t, err)
	witness, err := merkle.ParseWitness(v.Witness.Verifier)
	must(t, err)
	for _, c := range v.Checkpoints {
		var signers []note.Signer
		var known []note.Verifier
		for _, i := range c.Signers {
			seed, err := hex.DecodeString(v.Keys[i].Seed)
			must(t, err)
			signer, err := merkle.NewSigner(v.Name, ed25519.NewKeyFromSeed(seed))
			must(t, err)
			verifier, err := note.NewVerifier(v.Keys[i].Verifier)
			must(t, err)
			signers, known = append(signers, signer), append(known, verifier)
		}
		root, err := merkle.Root(c.Size, log)
		must(t, err)
		ours, err := merkle.Sign(merkle.Checkpoint{Origin: v.Name, Size: c.Size, Root: root}, signers...)
		if err != nil || string(ours) != c.Note {
			t.Errorf("checkpoint\n%s, want\n%s, %v", ours, c.Note, err)
		}
		if c.Size != int64(len(v.Rows)) {
			continue
		}
		cosigned := merkle.AddSignatures(ours, v.Witness.Line)
		signed, err := merkle.Open(cosigned, append(known, witness)...)
		if err != nil || !signed.By(witness) || len(signed.Good) != len(known)+1 {
			t.Errorf("cosigned: %+v, %v", signed, err)
		}
		if !witness.Verify([]byte(signed.Text()), merkle.Cosign(ed25519.NewKeyFromSeed(seed), []byte(signed.Text()), time.Unix(v.Witness.Time, 0))) {
			t.Error("our cosignature does not verify")
		}
	}
}

func (v vector) proven(t *testing.T, log inMemory, leaves [][]byte) {
	t.Helper()
	at := map[int64]merkle.Checkpoint{}
	for _, c := range v.Checkpoints {
		signed, err := merkle.Open([]byte(c.Note))
		must(t, err)
		at[c.Size] = signed.Checkpoint
	}
	for _, p := range v.Proofs {
		hashes, err := merkle.Prove(p.Size, p.Index, log)
		must(t, err)
		theirs, err := merkle.ParseProof([]byte(p.Text))
		must(t, err)
		ours := merkle.Proof{Index: p.Index, Hashes: hashes, Checkpoint: theirs.Checkpoint}
		if string(ours.Text()) != p.Text || theirs.Check(leaves[p.Index], at[p.Size]) != nil {
			t.Errorf("proof of %d in %d\n%s, want\n%s", p.Index, p.Size, ours.Text(), p.Text)
		}
	}
	for _, c := range v.Consistency {
		hashes, err := merkle.ProveConsistency(c.From, c.To, log)
		must(t, err)
		var texts []string
		for _, h := range hashes {
			texts = append(texts, h.String())
		}
		if fmt.Sprint(texts) != fmt.Sprint(c.Hashes) {
			t.Errorf("from %d to %d: %v, want %v", c.From, c.To, texts, c.Hashes)
		}
		must(t, merkle.CheckConsistency(at[c.From], at[c.To], hashes))
	}
	for _, tile := range v.Tiles {
		parsed, err := merkle.ParseTile(tile.Path)
		must(t, err)
		var content []byte
		if !parsed.Entries {
			content, err = merkle.HashTile(parsed, log)
		} else {
			_, to := parsed.Leaves()
			content, err = merkle.EntryBundle(leaves[:to])
		}
		if err != nil || hex.EncodeToString(content) != tile.Hex {
			t.Errorf("%s: %x, %v", tile.Path, content, err)
		}
	}
}
