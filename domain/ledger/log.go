// Package ledger is the Merkle log that makes everything else checkable by outsiders: leaves and their hashes (RFC 6962), checkpoints that
// are signed notes, tiles, proofs, time stamps and cosignatures of witnesses, each in its published form (C2SP, RFC 3161), so that
// programs that are not ours can check them.
//
// It must not know what a leaf says, where leaves are kept, JSON, HTTP or a clock; and it imports nothing of ours, so that an auditor can
// read and build it alone.
package ledger

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Hash is a SHA-256 of the tree: of a leaf over 0x00 ‖ leaf, of a node over 0x01 ‖ left ‖ right (RFC 6962 §2.1).
type Hash = tlog.Hash

// MaxLeaf is how many octets a leaf may have: entry bundles tell the length in two octets.
const MaxLeaf = 1<<16 - 1

// Hashes reads stored hashes by their index, which counts them in the order in which they become known (tlog.StoredHashIndex). Of
// an index that is not stored it returns an error.
type Hashes interface {
	ReadHashes(indexes []int64) ([]Hash, error)
}

// Count is how many hashes are stored for a log of that many leaves.
func Count(leaves int64) int64 { return tlog.StoredHashCount(leaves) }

// Grown is what leaves add to a log.
type Grown struct {
	From   int64  // the size before
	Hashes []Hash // to be stored from index Count(From) on
	Size   int64
	Root   Hash // of the tree with Size leaves
}

// Grow works out what leaves add to a log of the given size, whose hashes are read. Nothing is stored.
func Grow(size int64, leaves [][]byte, stored Hashes) (Grown, error) {
	over := &overlay{below: stored, first: Count(size), known: map[int64]Hash{}}
	for i, leaf := range leaves {
		if len(leaf) > MaxLeaf {
			return Grown{}, fmt.Errorf("leaf %d has %d octets, at most %d", size+int64(i), len(leaf), MaxLeaf)
		}
		added, err := tlog.StoredHashes(size+int64(i), leaf, over)
		if err != nil {
			return Grown{}, err
		}
		over.added = append(over.added, added...)
	}
	g := Grown{From: size, Hashes: over.added, Size: size + int64(len(leaves))}
	var err error
	g.Root, err = Root(g.Size, over)
	return g, err
}

// Root is the root of the tree of the first size leaves.
func Root(size int64, stored Hashes) (Hash, error) { return tlog.TreeHash(size, stored) }

// overlay reads hashes that are not stored yet, and remembers those that it had to read.
type overlay struct {
	below Hashes
	first int64 // index of added[0]
	added []Hash
	known map[int64]Hash
}

// ReadHashes implements [Hashes].
func (o *overlay) ReadHashes(indexes []int64) ([]Hash, error) {
	out := make([]Hash, len(indexes))
	var missing []int64
	for _, i := range indexes {
		if _, ok := o.known[i]; !ok && i < o.first {
			missing = append(missing, i)
		}
	}
	if len(missing) > 0 {
		read, err := o.below.ReadHashes(missing)
		if err != nil {
			return nil, err
		}
		if len(read) != len(missing) {
			return nil, errors.New("hashes are missing")
		}
		for j, i := range missing {
			o.known[i] = read[j]
		}
	}
	for j, i := range indexes {
		switch at := i - o.first; {
		case at < 0:
			out[j] = o.known[i]
		case at < int64(len(o.added)):
			out[j] = o.added[at]
		default:
			return nil, fmt.Errorf("hash %d is beyond the log", i)
		}
	}
	return out, nil
}
