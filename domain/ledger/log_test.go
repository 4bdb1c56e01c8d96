package ledger_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"pgregory.net/rapid"

	"github.com/fieldwarden/fieldwarden/domain/ledger"
)

// stored is a log in memory.
type stored struct {
	leaves [][]byte
	hashes []ledger.Hash
}

func (s *stored) ReadHashes(indexes []int64) ([]ledger.Hash, error) {
	var out []ledger.Hash
	for _, i := range indexes {
		if i >= int64(len(s.hashes)) {
			return nil, fmt.Errorf("no hash %d", i)
		}
		out = append(out, s.hashes[i])
	}
	return out, nil
}

func (s *stored) grow(t rapid.TB, leaves ...[]byte) ledger.Checkpoint {
	g, err := ledger.Grow(int64(len(s.leaves)), leaves, s)
	if err != nil {
		t.Fatal(err)
	}
	s.leaves, s.hashes = append(s.leaves, leaves...), append(s.hashes, g.Hashes...)
	if int64(len(s.hashes)) != ledger.Count(g.Size) {
		t.Fatalf("%d hashes are stored for %d leaves", len(s.hashes), g.Size)
	}
	return ledger.Checkpoint{Origin: "test/ledger", Size: g.Size, Root: g.Root}
}

// mth is the definition of RFC 6962 §2.1, by itself.
func mth(leaves [][]byte) ledger.Hash {
	switch n := len(leaves); n {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return sha256.Sum256(append([]byte{0}, leaves[0]...))
	default:
		k := 1
		for k*2 < n {
			k *= 2
		}
		left, right := mth(leaves[:k]), mth(leaves[k:])
		return sha256.Sum256(append(append([]byte{1}, left[:]...), right[:]...))
	}
}

// However leaves are divided into batches, the roots are those of the definition; every leaf has its proof, at every size, and each size
// leads to each later one.
func TestGrowth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &stored{}
		var points []ledger.Checkpoint
		for range rapid.IntRange(1, 6).Draw(t, "batches") {
			var batch [][]byte
			for range rapid.IntRange(0, 40).Draw(t, "leaves") {
				batch = append(batch, rapid.SliceOfN(rapid.Byte(), 0, 9).Draw(t, "leaf"))
			}
			c := s.grow(t, batch...)
			if c.Root != mth(s.leaves) {
				t.Fatalf("at %d: root %s, by the definition %s", c.Size, c.Root, mth(s.leaves))
			}
			points = append(points, c)
		}
		last := points[len(points)-1]
		for _, c := range points {
			proof, err := ledger.ProveConsistency(c.Size, last.Size, s)
			if err != nil || ledger.CheckConsistency(c, last, proof) != nil {
				t.Fatalf("%d to %d: %v", c.Size, last.Size, err)
			}
			if c.Size > 0 {
				c.Root[0] ^= 1
				if ledger.CheckConsistency(c, last, proof) == nil {
					t.Fatal("another log's checkpoint is consistent")
				}
			}
		}
		if last.Size > 0 {
			proves(t, s, last, rapid.Int64Range(0, last.Size-1).Draw(t, "index"))
		}
	})
}

func proves(t *rapid.T, s *stored, c ledger.Checkpoint, index int64) {
	hashes, err := ledger.Prove(c.Size, index, s)
	if err != nil {
		t.Fatal(err)
	}
	p := ledger.Proof{Index: index, Hashes: hashes, Checkpoint: []byte(c.Text() + "\n— x y\n")}
	again, err := ledger.ParseProof(p.Text())
	if err != nil || !bytes.Equal(again.Text(), p.Text()) {
		t.Fatalf("a proof does not read back: %v", err)
	}
	if err := again.Check(s.leaves[index], c); err != nil {
		t.Fatal(err)
	}
	if again.Check(append([]byte("x"), s.leaves[index]...), c) == nil {
		t.Fatal("another leaf is proven")
	}
	if again.Index++; again.Check(s.leaves[index], c) == nil && !bytes.Equal(s.leaves[index], s.leaves[(index+1)%c.Size]) {
		t.Fatal("the leaf is proven at another place")
	}
}

func key(t *testing.T, name string) (note.Signer, note.Verifier) {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, name)
	must(t, err)
	signer, err := note.NewSigner(private)
	must(t, err)
	verifier, err := note.NewVerifier(public)
	must(t, err)
	return signer, verifier
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestCheckpoints(t *testing.T) {
	signer, verifier := key(t, "test/ledger")
	other, otherVerifier := key(t, "test/ledger")
	c := (&stored{}).grow(t, []byte("a"), []byte("b"))
	signed, err := ledger.Sign(c, signer)
	must(t, err)
	got, err := ledger.Open(signed, verifier, otherVerifier)
	if err != nil || got.Checkpoint != c || !got.By(verifier) || got.By(otherVerifier) {
		t.Fatalf("%+v, %v", got, err)
	}
	both, err := ledger.Sign(c, signer, other)
	must(t, err)
	if got, err = ledger.Open(both, verifier, otherVerifier); err != nil || !got.By(verifier) || !got.By(otherVerifier) {
		t.Errorf("two signatures: %+v, %v", got, err)
	}
	if got, err = ledger.Open(both); err != nil || len(got.Unknown) != 2 || got.By(verifier) {
		t.Errorf("with no known key: %+v, %v", got, err)
	}
	forged := bytes.Replace(signed, []byte("\n2\n"), []byte("\n3\n"), 1)
	if _, err := ledger.Open(forged, verifier); err == nil {
		t.Error("another size is under the signature")
	}
	for _, text := range []string{"", "a\n1\n" + c.Root.String(), "\n1\n" + c.Root.String() + "\n", "a\n01\n" + c.Root.String() + "\n", "a\n-1\n" + c.Root.String() + "\n",
		"a\n1\nAAAA\n", "a\n1\n" + c.Root.String() + "\nmore\n", "a\n+1\n" + c.Root.String() + "\n"} {
		if _, err := ledger.ParseCheckpoint(text); err == nil {
			t.Errorf("%q is taken for a checkpoint", text)
		}
	}
}

func TestCosignatures(t *testing.T) {
	signer, verifier := key(t, "test/ledger")
	public, private, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	witness := ledger.NewWitness("witness.example", public)
	again, err := ledger.ParseWitness(witness.Key())
	if err != nil || again.KeyHash() != witness.KeyHash() || again.Name() != witness.Name() {
		t.Fatalf("%+v, %v", again, err)
	}
	c := (&stored{}).grow(t, []byte("a"))
	signed, err := ledger.Sign(c, signer)
	must(t, err)
	at := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	line, err := note.Sign(&note.Note{Text: c.Text()}, cosigner{witness, private, at})
	must(t, err)
	_, lines, _ := strings.Cut(string(line), "\n\n")
	for range 2 { // adding again changes nothing
		signed = ledger.AddSignatures(signed, lines)
	}
	got, err := ledger.Open(signed, verifier, again)
	if err != nil || !got.By(witness) || !got.By(verifier) || len(got.Good) != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	if when, ok := ledger.CosignedAt(got.Good[1]); !ok || !when.Equal(at) {
		t.Errorf("cosigned at %v", when)
	}
	stranger, _, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	if got, err := ledger.Open(signed, verifier, ledger.NewWitness("witness.example", stranger)); err != nil || len(got.Good) != 1 {
		t.Errorf("a stranger's key: %+v, %v", got, err)
	}
	later := cosigner{witness, private, at.Add(time.Second)}
	sum, _ := later.Sign([]byte(c.Text()))
	first, _ := cosigner{witness, private, at}.Sign([]byte(c.Text()))
	if witness.Verify([]byte(c.Text()), append(bytes.Clone(sum[:8]), first[8:]...)) {
		t.Error("a cosignature is good for another time")
	}
}

type cosigner struct {
	*ledger.Witness
	key ed25519.PrivateKey
	at  time.Time
}

func (c cosigner) Sign(text []byte) ([]byte, error) { return ledger.Cosign(c.key, text, c.at), nil }
