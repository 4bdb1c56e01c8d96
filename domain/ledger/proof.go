package ledger

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Proof shows that a leaf is in a log: it travels as C2SP tlog-proof, together with the checkpoint that it leads to.
type Proof struct {
	Index      int64
	Hashes     []Hash // from the leaf's sibling up (RFC 6962 §2.1.1)
	Checkpoint []byte // the signed note
}

const proofHead = "c2sp.org/tlog-proof@v1"

// Prove makes the hashes of a proof that leaf index is in the log of that many leaves.
func Prove(size, index int64, stored Hashes) ([]Hash, error) {
	return tlog.ProveRecord(size, index, stored)
}

// Check reports, as nil, that the leaf is in the tree of the checkpoint at the proof's place. The signature under the checkpoint is for
// others to check: c is what they have found it to say.
func (p Proof) Check(leaf []byte, c Checkpoint) error {
	if p.Index >= c.Size {
		return errors.New("the leaf's number is beyond the checkpoint")
	}
	return tlog.CheckRecord(p.Hashes, c.Size, c.Root, p.Index, tlog.RecordHash(leaf))
}

// Text is the proof as it travels.
func (p Proof) Text() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nindex %d\n", proofHead, p.Index)
	for _, h := range p.Hashes {
		b.WriteString(h.String() + "\n")
	}
	return []byte(b.String() + "\n" + string(p.Checkpoint))
}

// ParseProof reads a proof. Extra data, which nothing authenticates, is refused.
func ParseProof(text []byte) (Proof, error) {
	head, checkpoint, found := strings.Cut(string(text), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(lines) < 2 || lines[0] != proofHead || len(lines) > 2+64 {
		return Proof{}, errors.New("no proof of " + proofHead)
	}
	number, ok := strings.CutPrefix(lines[1], "index ")
	index, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || index < 0 || strconv.FormatInt(index, 10) != number {
		return Proof{}, errors.New("a proof's second line is its index")
	}
	p := Proof{Index: index, Checkpoint: []byte(checkpoint)}
	for _, line := range lines[2:] {
		h, err := ParseHash(line)
		if err != nil {
			return Proof{}, err
		}
		p.Hashes = append(p.Hashes, h)
	}
	return p, nil
}

// ProveConsistency makes the proof that a log has only grown between two sizes (RFC 6962 §2.1.2). Of nothing, or of no growth, it is empty.
func ProveConsistency(from, to int64, stored Hashes) ([]Hash, error) {
	if from == 0 || from == to {
		return nil, nil
	}
	return tlog.ProveTree(to, from, stored)
}

// CheckConsistency reports, as nil, that the newer checkpoint's log begins with the older's.
func CheckConsistency(older, newer Checkpoint, proof []Hash) error {
	switch {
	case older.Origin != newer.Origin:
		return errors.New("the checkpoints are of two logs")
	case older.Size > newer.Size:
		return errors.New("the log has become shorter")
	case older.Size == newer.Size:
		if older.Root != newer.Root || len(proof) > 0 {
			return errors.New("two logs of the same length differ")
		}
		return nil
	case older.Size == 0:
		return nil
	}
	return tlog.CheckTree(proof, newer.Size, newer.Root, older.Size, older.Root)
}
