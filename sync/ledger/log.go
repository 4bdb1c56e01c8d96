package ledger

import (
	"context"
	"errors"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/ledger"
)

// Log gives out the ledger: checkpoints, tiles and proofs. What it gives out is covered by a checkpoint.
type Log struct{ Reader Reader }

// Hashes are the stored hashes, for as long as the context is good.
func (l Log) Hashes(ctx context.Context) ledger.Hashes { return reading{ctx, l.Reader} }

// Checkpoint is the newest checkpoint with what witnesses have added; fault request.not_found when there is none yet.
func (l Log) Checkpoint(ctx context.Context) (Checkpoint, error) {
	c, err := l.Reader.Latest(ctx)
	if err != nil {
		return c, err
	}
	return l.WithCosignatures(ctx, c)
}

// Vouched is the newest checkpoint about which somebody else has said something, with what witnesses have added; fault request.not_found when there is none. The
// newest of all seldom is: what others say has leaves of its own.
func (l Log) Vouched(ctx context.Context) (Checkpoint, error) {
	c, err := l.Reader.LastVouched(ctx)
	if err != nil {
		return c, err
	}
	return l.WithCosignatures(ctx, c)
}

// WithCosignatures adds to a checkpoint the signature lines that witnesses have given.
func (l Log) WithCosignatures(ctx context.Context, c Checkpoint) (Checkpoint, error) {
	stamps, err := l.Reader.Stamps(ctx, c.N)
	for _, s := range stamps {
		if s.Kind == Cosigned {
			c.Note = ledger.AddSignatures(c.Note, string(s.Data))
		}
	}
	return c, err
}

// Tile is the content of a tile of hashes or of a bundle of entries, by its path below the ledger; fault request.not_found for what is no such
// path and for what the newest checkpoint does not cover.
func (l Log) Tile(ctx context.Context, path string) (content []byte, full bool, err error) {
	tile, err := ledger.ParseTile(path)
	if err != nil {
		return nil, false, fault.New(fault.NotFound)
	}
	c, err := l.Reader.Latest(ctx)
	if err != nil {
		return nil, false, err
	}
	if !tile.Within(c.Size) {
		return nil, false, fault.New(fault.NotFound)
	}
	if !tile.Entries {
		content, err = ledger.HashTile(tile, l.Hashes(ctx))
		return content, tile.Full(), err
	}
	from, to := tile.Leaves()
	leaves, err := l.Reader.Leaves(ctx, from, to)
	if err != nil {
		return nil, false, err
	}
	if len(leaves) != tile.Width {
		return nil, false, errors.New("leaves are missing")
	}
	texts := make([][]byte, len(leaves))
	for i, leaf := range leaves {
		texts[i] = leaf.Text
	}
	content, err = ledger.EntryBundle(texts)
	return content, tile.Full(), err
}

// Prove makes the proof that a leaf is under a checkpoint.
func (l Log) Prove(ctx context.Context, leaf int64, c Checkpoint) (ledger.Proof, error) {
	hashes, err := ledger.Prove(c.Size, leaf, l.Hashes(ctx))
	return ledger.Proof{Index: leaf, Hashes: hashes, Checkpoint: c.Note}, err
}

// Keys are the ledger's verifier keys as its leaves introduce them, oldest first.
func (l Log) Keys(ctx context.Context) ([]string, error) {
	leaves, err := l.Reader.KeyLeaves(ctx)
	keys := make([]string, 0, len(leaves))
	for _, leaf := range leaves {
		opened, failed := OpenLeaf(leaf.Text)
		err = errors.Join(err, failed)
		keys = append(keys, opened.Key)
	}
	return keys, err
}
