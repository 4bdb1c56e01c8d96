// Package bundle makes and checks bundles: a recording in a ZIP with everything that an outsider needs to check it offline, by public keys
// alone: the op that announced it, the push under which the device signed that, the leaves of the ledger, their proofs, the checkpoint, and
// what others say about it. docs/protocol/ledger.md has every file.
//
// The verifier trusts nothing in a bundle but what follows from keys that whoever asks has brought. This package must not know HTTP or SQL.
package bundle

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	merkle "github.com/fieldwarden/fieldwarden/domain/ledger"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/sync/ledger"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// Format names this version of the archive.
const Format = "fieldwarden/bundle/v1"

// Reader reads what goes into a bundle.
type Reader interface {
	// FirstOp returns the op that made the first version of a record; fault request.not_found.
	FirstOp(ctx context.Context, record string) (Op, error)
	// Tail returns the texts of the device's ops from a seq to another, by seq.
	Tail(ctx context.Context, device string, from, to uint64) ([][]byte, error)
	// Sources returns the rows that leaves are about; see ledger.Reader.
	Sources(ctx context.Context, refs []ledger.Ref) (map[ledger.Ref]ledger.Source, error)
}

// Op is an op as stored.
type Op struct {
	ID      string
	Push    string // "" when it is in no handheld's chain
	Device  string
	Seq     uint64
	Text    []byte
	Outcome []byte
}

// Maker makes bundles.
type Maker struct {
	Reader Reader
	Ledger ledger.Log
	Now    func() time.Time
}

// Index is bundle.json: what the archive says of itself. Nothing in it is believed.
type Index struct {
	Format   string    `json:"format"`
	Ledger   string    `json:"ledger"` // the origin of its checkpoints
	Evidence string    `json:"evidence"`
	File     string    `json:"file"` // which of the archive's files is the recording
	MadeAt   time.Time `json:"madeAt"`
	Keys     int       `json:"keys"`   // how many of the ledger's keys are introduced
	Stamps   int       `json:"stamps"` // how many time stamps there are
	After    int       `json:"after"`  // how many ops of the push come after the manifest's
}

// PushText is push/push.json: a push without its ops.
type PushText struct {
	Device    string `json:"device"`
	First     uint64 `json:"first"`
	Last      uint64 `json:"last"`
	Head      string `json:"head"`
	Signature string `json:"signature"`
}

// part is one small file of a bundle.
type part struct {
	name string
	text []byte
}

// Bundle is a bundle whose recording is still to be read.
type Bundle struct {
	index Index
	parts []part
}

func (b *Bundle) put(name string, text []byte) { b.parts = append(b.parts, part{name, text}) }

// Gather reads everything but the recording. What has no leaf under a checkpoint yet is fault service.unavailable: it will within seconds.
func (m *Maker) Gather(ctx context.Context, evidence string) (*Bundle, error) {
	op, err := m.Reader.FirstOp(ctx, evidence)
	if err != nil {
		return nil, err
	}
	b := &Bundle{index: Index{Format: Format, Evidence: evidence, File: "file/" + fileName(op.Text), MadeAt: m.Now().UTC().Truncate(time.Second)}}
	b.put("op/manifest.json", op.Text)
	b.put("op/outcome.json", op.Outcome)
	refs := []ledger.Ref{{Kind: ledger.Op, ID: op.ID}}
	if op.Push != "" {
		refs = []ledger.Ref{{Kind: ledger.Push, ID: op.Push}, {Kind: ledger.Device, ID: op.Device}}
	}
	sources, err := m.Reader.Sources(ctx, refs)
	if err != nil {
		return nil, err
	}
	for _, ref := range refs {
		if _, ok := sources[ref]; !ok {
			return nil, fmt.Errorf("%s %s is gone", ref.Kind, ref.ID)
		}
	}
	b.put("push/result.txt", ledger.ResultLines(sources[refs[0]].Result))
	if op.Push != "" {
		if err := m.push(ctx, b, op, sources[refs[0]], sources[refs[1]]); err != nil {
			return nil, err
		}
	}
	return b, m.prove(ctx, b, refs)
}

// push adds the push, the device's key, and the ops that lead from the manifest's op to the one that was signed.
func (m *Maker) push(ctx context.Context, b *Bundle, op Op, push, device ledger.Source) error {
	text, err := wire.Canonical(PushText{Device: push.Device, First: push.First, Last: push.Last, Head: push.Head, Signature: push.Signature})
	if err != nil {
		return err
	}
	b.put("push/push.json", text)
	b.put("push/device.pem", pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: device.Public}))
	after, err := m.Reader.Tail(ctx, op.Device, op.Seq+1, push.Last)
	for i, text := range after {
		b.put(fmt.Sprintf("op/after-%03d.json", i), text)
	}
	b.index.After = len(after)
	return err
}

// prove adds the leaves with their proofs, the ledger's keys, and what others say about the checkpoint.
func (m *Maker) prove(ctx context.Context, b *Bundle, refs []ledger.Ref) error {
	leaves := make([]ledger.Numbered, len(refs))
	last := int64(0)
	for i, ref := range refs {
		leaf, err := m.Ledger.Reader.LeafOf(ctx, ref)
		if errors.Is(err, fault.New(fault.NotFound)) {
			return fault.New(fault.TemporarilyDown).Detail("账本尚未登记该项，请稍候", "the ledger does not have it yet: wait a moment")
		}
		if err != nil {
			return err
		}
		leaves[i], last = leaf, max(last, leaf.N)
	}
	c, err := m.checkpoint(ctx, last)
	if err != nil {
		return err
	}
	for _, leaf := range leaves {
		if err := m.leaf(ctx, b, leaf.Kind, leaf, c); err != nil {
			return err
		}
	}
	if err := m.keys(ctx, b, c.Size); err != nil {
		return err
	}
	return m.stamps(ctx, b, c)
}

// checkpoint chooses the oldest that somebody else has vouched for, because it says most about when; else the newest.
func (m *Maker) checkpoint(ctx context.Context, leaf int64) (ledger.Checkpoint, error) {
	c, err := m.Ledger.Reader.VouchedOver(ctx, leaf)
	if errors.Is(err, fault.New(fault.NotFound)) {
		return m.Ledger.Checkpoint(ctx)
	}
	if err != nil {
		return c, err
	}
	return m.Ledger.WithCosignatures(ctx, c)
}

func (m *Maker) leaf(ctx context.Context, b *Bundle, name string, leaf ledger.Numbered, c ledger.Checkpoint) error {
	proof, err := m.Ledger.Prove(ctx, leaf.N, c)
	if err != nil {
		return err
	}
	b.put("ledger/"+name+".json", leaf.Text)
	b.put("ledger/"+name+".tlog-proof", proof.Text())
	return nil
}

// keys adds how each key of the ledger up to the checkpoint was introduced: under the first checkpoint that has its leaf.
func (m *Maker) keys(ctx context.Context, b *Bundle, size int64) error {
	leaves, err := m.Ledger.Reader.KeyLeaves(ctx)
	if err != nil {
		return err
	}
	for _, leaf := range leaves {
		if leaf.N >= size {
			break
		}
		c, err := m.Ledger.Reader.CheckpointOver(ctx, leaf.N)
		if err != nil {
			return err
		}
		if err := m.leaf(ctx, b, fmt.Sprintf("key-%d", b.index.Keys), leaf, c); err != nil {
			return err
		}
		b.index.Keys++
	}
	return nil
}

func (m *Maker) stamps(ctx context.Context, b *Bundle, c ledger.Checkpoint) error {
	signed, err := merkle.Open(c.Note)
	if err != nil {
		return err
	}
	b.index.Ledger = signed.Origin
	stamps, err := m.Ledger.Reader.Stamps(ctx, c.N)
	for _, s := range stamps {
		if s.Kind == ledger.Stamped {
			b.put(fmt.Sprintf("ledger/stamp-%d.tst", b.index.Stamps), s.Data)
			b.index.Stamps++
		}
	}
	return err
}
