package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/ledger"
)

// Keys gives out the keys that sign checkpoints, oldest first; there is always one. All replicas see the same.
type Keys interface {
	LedgerKeys(ctx context.Context) ([]SigningKey, error)
}

// SigningKey is a key of the ledger.
type SigningKey struct {
	ID     string
	Public []byte                                 // Ed25519
	Signer func(name string) (note.Signer, error) // the signer under the ledger's name
}

// Sequencer gives queued rows their leaves, in the order of the queue, and signs what the log then comes to. A round is one transaction, under a
// lock that one process holds: leaves, hashes, checkpoint and the emptied queue are there together or not at all. So each row has
// exactly one leaf wherever a process is killed, and what went unheard is found done by the next round.
type Sequencer struct {
	Store      Store
	Keys       Keys
	Pseudonyms Pseudonyms
	Name       string // of a ledger that is begun now; one that is there keeps its own
	Now        func() time.Time
	Log        *slog.Logger
	Every      time.Duration                     // at least between two checkpoints; 0 is a second
	Batch      int                               // leaves of a round; 0 is 1000
	After      func(context.Context, Checkpoint) // called after a checkpoint was made, by who made it; may be nil
}

const (
	everySecond = time.Second
	batchSize   = 1000
)

// Run works until the context ends. Any number of processes may.
func (s *Sequencer) Run(ctx context.Context) {
	tick := time.NewTicker(s.every())
	defer tick.Stop()
	for {
		if _, err := s.Round(ctx); err != nil && ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "the ledger could not be continued", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *Sequencer) every() time.Duration {
	if s.Every > 0 {
		return s.Every
	}
	return everySecond
}

// Round integrates what waits, as much as one round takes, and tells how many leaves it has added: none when there is nothing, when another
// process is at it, or when the last checkpoint is younger than a second.
func (s *Sequencer) Round(ctx context.Context) (added int, err error) {
	keys, err := s.Keys.LedgerKeys(ctx)
	if err != nil {
		return 0, err
	}
	limit := s.Batch
	if limit == 0 {
		limit = batchSize
	}
	waiting, err := s.Store.Queue(ctx, limit)
	if err != nil {
		return 0, err
	}
	fresh, err := s.unknown(ctx, keys)
	if err != nil || len(waiting) == 0 && len(fresh) == 0 {
		return 0, err
	}
	// The rows never change, so they can be read before the lock is taken; the lock is held for as long as it takes to write.
	sources, err := s.Store.Sources(ctx, refsOf(waiting))
	if err != nil {
		return 0, err
	}
	var made *Checkpoint
	_, err = s.Store.Alone(ctx, func(ctx context.Context, tx Tx) error {
		r := round{s: s, tx: tx, keys: keys, sources: sources, limit: limit}
		added, made = 0, nil
		if err := r.run(ctx); err != nil {
			return err
		}
		added, made = len(r.leaves), r.made
		return nil
	})
	if err != nil {
		return 0, err
	}
	if made != nil && s.After != nil {
		s.After(ctx, *made)
	}
	return added, nil
}

// unknown lists the keys that have no leaf yet.
func (s *Sequencer) unknown(ctx context.Context, keys []SigningKey) (fresh []SigningKey, err error) {
	for _, key := range keys {
		switch _, err := s.Store.LeafOf(ctx, Ref{Key, key.ID}); {
		case errors.Is(err, fault.New(fault.NotFound)):
			fresh = append(fresh, key)
		case err != nil:
			return nil, err
		}
	}
	return fresh, nil
}

func refsOf(queue []Queued) []Ref {
	refs := make([]Ref, len(queue))
	for i, q := range queue {
		refs[i] = q.Ref
	}
	return refs
}

// round is one round inside its transaction.
type round struct {
	s       *Sequencer
	tx      Tx
	keys    []SigningKey
	sources map[Ref]Source
	limit   int

	origin  string
	size    int64
	number  int64 // of the next checkpoint
	leaves  []Numbered
	drained []int64
	signers []SigningKey
	made    *Checkpoint
}

func (r *round) run(ctx context.Context) error {
	early, err := r.begin(ctx)
	if err != nil || early {
		return err
	}
	if err := r.take(ctx); err != nil {
		return err
	}
	if err := r.introduce(ctx); err != nil {
		return err
	}
	if len(r.leaves) == 0 {
		if len(r.drained) == 0 {
			return nil
		}
		return r.tx.Append(ctx, Addition{Drained: r.drained})
	}
	return r.append(ctx)
}

// begin finds where the log stands, and whether it is too early for another checkpoint.
func (r *round) begin(ctx context.Context) (early bool, err error) {
	if r.size, err = r.tx.Size(ctx); err != nil {
		return false, err
	}
	last, err := r.tx.Latest(ctx)
	if errors.Is(err, fault.New(fault.NotFound)) {
		if r.size > 0 {
			return false, errors.New("the ledger has leaves and no checkpoint: it was tampered with; run fieldwarden verify")
		}
		r.origin = r.s.Name
		return false, nil
	}
	if err != nil {
		return false, err
	}
	signed, err := ledger.Open(last.Note)
	if err != nil || signed.Size != last.Size || last.Size != r.size {
		return false, errors.New("the ledger's last checkpoint is not that of its leaves: it was tampered with; run fieldwarden verify")
	}
	r.origin, r.number = signed.Origin, last.N+1
	since := r.s.Now().Sub(last.At)
	return since >= 0 && since < r.s.every(), nil
}

// take gives what waits its leaves. What has one already is only taken off the queue.
func (r *round) take(ctx context.Context) error {
	queue, err := r.tx.Queue(ctx, r.limit)
	if err != nil {
		return err
	}
	known, err := r.tx.Known(ctx, refsOf(queue))
	if err != nil {
		return err
	}
	for _, q := range queue {
		source, read := r.sources[q.Ref]
		_, has := known[q.Ref]
		switch {
		case has:
		case read:
			err = r.add(q.Ref, source)
		default:
			err = r.missing(ctx, q.Ref)
		}
		if err != nil {
			return err
		}
		known[q.Ref] = -1
		r.drained = append(r.drained, q.Place)
	}
	return nil
}

// missing is for a row that was not there when it was looked for. Others may have queued it since: then it is there now.
func (r *round) missing(ctx context.Context, ref Ref) error {
	now, err := r.s.Store.Sources(ctx, []Ref{ref})
	if err != nil {
		return err
	}
	if source, ok := now[ref]; ok {
		return r.add(ref, source)
	}
	r.s.Log.ErrorContext(ctx, "what waited for its leaf in the ledger is gone", "kind", ref.Kind, "ref", ref.ID)
	return r.put(Ref{Gone, ref.Kind + "/" + ref.ID}, r.s.Pseudonyms.gone(ref, r.s.Now()))
}

func (r *round) add(ref Ref, source Source) error {
	leaf, err := r.s.Pseudonyms.Describe(ref, source, r.origin)
	if err != nil {
		return err
	}
	return r.put(ref, leaf)
}

func (r *round) put(ref Ref, leaf Leaf) error {
	text, err := leaf.Text()
	if err != nil {
		return err
	}
	r.leaves = append(r.leaves, Numbered{N: r.size + int64(len(r.leaves)), Ref: ref, Text: text})
	return nil
}

// introduce finds who signs: the newest key that has a leaf. A key that has none gets one now, and signs beside the one before: so whoever
// knows one key can follow to the next. The first introduces itself.
func (r *round) introduce(ctx context.Context) error {
	newest, err := r.tx.NewestKey(ctx)
	if err != nil {
		return err
	}
	if newest != "" {
		at := slices.IndexFunc(r.keys, func(k SigningKey) bool { return k.ID == newest })
		if at < 0 { // introduced by another process after the keys were read here, or not ours
			return fmt.Errorf("key %s has a leaf and is not known here", newest)
		}
		r.signers = []SigningKey{r.keys[at]}
	}
	refs := make([]Ref, len(r.keys))
	for i, key := range r.keys {
		refs[i] = Ref{Key, key.ID}
	}
	known, err := r.tx.Known(ctx, refs)
	if err != nil {
		return err
	}
	for i, key := range r.keys {
		if _, ok := known[refs[i]]; ok {
			continue
		}
		source, err := r.s.Store.Sources(ctx, []Ref{refs[i]})
		if err != nil {
			return err
		}
		if _, ok := source[refs[i]]; !ok {
			return fmt.Errorf("key %s is not stored", key.ID)
		}
		r.signers = append(r.signers, key)
		return r.add(refs[i], source[refs[i]])
	}
	return nil
}

// append works out the hashes, signs, and writes it all.
func (r *round) append(ctx context.Context) error {
	texts := make([][]byte, len(r.leaves))
	for i, leaf := range r.leaves {
		texts[i] = leaf.Text
	}
	grown, err := ledger.Grow(r.size, texts, reading{ctx, r.tx})
	if err != nil {
		return err
	}
	signers := make([]note.Signer, len(r.signers))
	for i, key := range r.signers {
		if signers[i], err = key.Signer(r.origin); err != nil {
			return err
		}
	}
	signed, err := ledger.Sign(ledger.Checkpoint{Origin: r.origin, Size: grown.Size, Root: grown.Root}, signers...)
	if err != nil {
		return err
	}
	made := Checkpoint{N: r.number, Size: grown.Size, At: r.s.Now().UTC().Truncate(time.Microsecond), Note: signed}
	r.made = &made
	return r.tx.Append(ctx, Addition{Leaves: r.leaves, Hashes: grown.Hashes, FirstHash: ledger.Count(r.size), Checkpoint: &made, Drained: r.drained})
}

// reading reads hashes with a context.
type reading struct {
	ctx  context.Context
	from interface {
		Hashes(ctx context.Context, indexes []int64) ([]ledger.Hash, error)
	}
}

// ReadHashes implements ledger.Hashes.
func (r reading) ReadHashes(indexes []int64) ([]ledger.Hash, error) {
	return r.from.Hashes(r.ctx, indexes)
}
