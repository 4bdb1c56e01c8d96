package ledger_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	merkle "github.com/fieldwarden/fieldwarden/domain/ledger"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/ledger"
)

// Everything gets its leaf, in the order in which it was committed, and nothing that people would recognise is in one.
func TestEverythingGetsItsLeaf(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.send(3)
		w.own("subjects", newID(), record.Object{"unit": street, "kind": "business", "name": "津味小馆"})
		w.send(1)
		if n := w.pass(); n != 10 {
			t.Errorf("%d leaves", n)
		}
		var kinds []string
		for _, leaf := range w.leaves() {
			kinds = append(kinds, leaf.Kind)
			for _, secret := range []string{w.device, w.officer, "津味小馆", street, "甲"} {
				if strings.Contains(string(leaf.Text), secret) {
					t.Errorf("leaf %s tells %s", leaf.Text, secret)
				}
			}
		}
		if want := []string{"change", "op", "device", "change", "change", "push", "op", "push", "change", "key"}; !slices.Equal(kinds, want) {
			t.Errorf("leaves of %v, want %v", kinds, want)
		}
		if n := w.pass(); n != 0 {
			t.Errorf("with nothing new %d leaves", n)
		}
		w.send(1)
		w.now = w.now.Add(500 * time.Millisecond)
		if n, err := w.seq.Round(ctx); err != nil || n != 1 {
			t.Errorf("a quiet second later: %d, %v", n, err)
		}
		w.send(1)
		w.now = w.now.Add(500 * time.Millisecond)
		if n, err := w.seq.Round(ctx); err != nil || n != 0 {
			t.Errorf("half a second after a checkpoint: %d, %v", n, err)
		}
	})
}

// Several replicas at once: every row has one leaf, and the log is one.
func TestReplicasTakeTurns(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.seq.Every, w.seq.Batch = time.Nanosecond, 3
		for range 20 {
			w.send(1)
		}
		w.now = w.now.Add(time.Second)
		_, err := w.keys.LedgerKeys(ctx)
		must(t, err)
		var replicas sync.WaitGroup
		for range 4 {
			replicas.Go(func() {
				for range 12 {
					own := w.seq
					own.Now = time.Now
					if _, err := own.Round(ctx); err != nil {
						t.Error(err)
					}
				}
			})
		}
		replicas.Wait()
		for w.pass() > 0 {
		}
		if got := len(w.leaves()); got != 27 {
			t.Errorf("%d leaves, want 27", got)
		}
	})
}

// errStep is what a step fails with.
var errStep = errors.New("the step failed")

// broken is a store whose n-th step fails: before it did anything, or after it did everything.
type broken struct {
	ledger.Store
	at      int
	unheard bool
	step    int
}

func (b *broken) fails(do func() error) error {
	b.step++
	if b.step != b.at {
		return do()
	}
	if b.unheard {
		if err := do(); err != nil {
			return err
		}
	}
	return errStep
}

func (b *broken) Queue(ctx context.Context, n int) (q []ledger.Queued, err error) {
	err = b.fails(func() (err error) { q, err = b.Store.Queue(ctx, n); return })
	return q, err
}

func (b *broken) Sources(ctx context.Context, refs []ledger.Ref) (s map[ledger.Ref]ledger.Source, err error) {
	err = b.fails(func() (err error) { s, err = b.Store.Sources(ctx, refs); return })
	return s, err
}

func (b *broken) Alone(ctx context.Context, fn func(context.Context, ledger.Tx) error) (ok bool, err error) {
	err = b.fails(func() (err error) {
		ok, err = b.Store.Alone(ctx, func(ctx context.Context, tx ledger.Tx) error { return fn(ctx, brokenTx{tx, b}) })
		return
	})
	return ok, err
}

type brokenTx struct {
	ledger.Tx
	b *broken
}

func (t brokenTx) Latest(ctx context.Context) (c ledger.Checkpoint, err error) {
	var inner error
	err = t.b.fails(func() error { c, inner = t.Tx.Latest(ctx); return nil })
	return c, errors.Join(err, inner)
}

func (t brokenTx) Hashes(ctx context.Context, indexes []int64) (h []merkle.Hash, err error) {
	err = t.b.fails(func() (err error) { h, err = t.Tx.Hashes(ctx, indexes); return })
	return h, err
}

func (t brokenTx) Append(ctx context.Context, a ledger.Addition) error {
	return t.b.fails(func() error { return t.Tx.Append(ctx, a) })
}

// Whatever step of a round fails, or succeeds and is not heard of, each row has exactly one leaf in the end, in the order of the queue, and
// every checkpoint that was ever made still fits.
func TestExactlyOnce(t *testing.T) {
	database := 0
	rapid.Check(t, func(r *rapid.T) {
		database++
		w := newWorld(t, "sqlite://"+filepath.Join(t.TempDir(), fmt.Sprint(database, ".db")))
		w.seq.Batch = rapid.IntRange(1, 4).Draw(r, "batch")
		pushes := 0
		var kept []merkle.Checkpoint
		for range rapid.IntRange(1, 5).Draw(r, "rounds") {
			for range rapid.IntRange(0, 3).Draw(r, "pushes") {
				w.send(rapid.IntRange(1, 2).Draw(r, "ops"))
				pushes++
			}
			if rapid.IntRange(0, 4).Draw(r, "rotate") == 0 {
				must(t, w.keys.RotateLedger(ctx))
			}
			b := &broken{Store: w.db, at: rapid.IntRange(1, 9).Draw(r, "step"), unheard: rapid.Bool().Draw(r, "unheard")}
			w.now = w.now.Add(2 * time.Second)
			own := w.seq
			own.Store = b
			if _, err := own.Round(ctx); err != nil && !errors.Is(err, errStep) {
				t.Fatal(err)
			}
			if c, err := w.db.Latest(ctx); err == nil {
				signed, err := merkle.Open(c.Note)
				must(t, err)
				kept = append(kept, signed.Checkpoint)
			}
		}
		for w.pass() > 0 {
		}
		got := 0
		var order []string
		for _, leaf := range w.leaves() {
			if leaf.Kind == ledger.Push {
				got++
				order = append(order, leaf.ID)
			}
		}
		if got != pushes || !slices.IsSorted(order) { // ids are UUIDv7, made one after another
			t.Fatalf("%d pushes have %d leaves, in the order %v", pushes, got, order)
		}
		l := ledger.Log{Reader: w.db}
		last, err := l.Checkpoint(ctx)
		must(t, err)
		newest, err := merkle.Open(last.Note)
		must(t, err)
		for _, c := range kept {
			proof, err := merkle.ProveConsistency(c.Size, newest.Size, l.Hashes(ctx))
			must(t, err)
			must(t, merkle.CheckConsistency(c, newest.Checkpoint, proof))
		}
		must(t, w.db.Close())
	})
}

// A new key is introduced by a leaf, and by a checkpoint that both keys sign; afterwards it signs alone.
func TestRotation(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.pass()
		w.now = w.now.Add(time.Second)
		must(t, w.keys.RotateLedger(ctx))
		w.send(1)
		w.pass()
		both, err := w.db.Latest(ctx)
		must(t, err)
		w.send(1)
		w.pass()
		after, err := w.db.Latest(ctx)
		must(t, err)
		keys, err := w.keys.LedgerKeys(ctx)
		must(t, err)
		old, err := merkle.NewVerifier(name, ed25519.PublicKey(keys[0].Private[32:]))
		must(t, err)
		fresh, err := merkle.NewVerifier(name, ed25519.PublicKey(keys[1].Private[32:]))
		must(t, err)
		for _, c := range []struct {
			note           []byte
			byOld, byFresh bool
		}{{both.Note, true, true}, {after.Note, false, true}} {
			signed, err := merkle.Open(c.note, old, fresh)
			if err != nil || signed.By(old) != c.byOld || signed.By(fresh) != c.byFresh {
				t.Errorf("%s\nby the old key %v, by the new %v, %v", c.note, signed.By(old), signed.By(fresh), err)
			}
		}
		w.leaves()
	})
}

// What vanished while it waited has a leaf that says so.
func TestWhatVanishedIsTold(t *testing.T) {
	w := newWorld(t, "sqlite://"+filepath.Join(t.TempDir(), "test.db"))
	own := w.seq
	own.Store = vanishing{w.db}
	w.now = w.now.Add(time.Second)
	if _, err := own.Round(ctx); err != nil {
		t.Fatal(err)
	}
	for _, leaf := range w.leaves() {
		if leaf.Kind == ledger.Gone && strings.HasPrefix(leaf.ID, "device/") {
			return
		}
	}
	t.Error("nothing says that the device is gone")
}

// vanishing is a store from which devices have vanished.
type vanishing struct{ ledger.Store }

func (v vanishing) Sources(ctx context.Context, refs []ledger.Ref) (map[ledger.Ref]ledger.Source, error) {
	found, err := v.Store.Sources(ctx, refs)
	for ref := range found {
		if ref.Kind == ledger.Device {
			delete(found, ref)
		}
	}
	return found, err
}

// What is queued again, as after tampering or a restore, is taken off and gets no second leaf.
func TestNothingGetsTwoLeaves(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.send(1)
		w.pass()
		before := w.leaves()
		w.send(1)
		own := w.seq
		own.Store = again{w.db, before}
		w.now = w.now.Add(2 * time.Second)
		if n, err := own.Round(ctx); err != nil || n != 1 {
			t.Errorf("%d leaves, %v", n, err)
		}
		if after := w.leaves(); len(after) != len(before)+1 {
			t.Errorf("%d leaves, were %d", len(after), len(before))
		}
	})
}

// again is a store in whose queue everything stands once more.
type again struct {
	ledger.Store
	all []ledger.Numbered
}

func (a again) Queue(ctx context.Context, n int) ([]ledger.Queued, error) {
	queue, err := a.Store.Queue(ctx, n)
	return a.with(queue), err
}

func (a again) with(queue []ledger.Queued) []ledger.Queued {
	for i, leaf := range a.all {
		queue = append(queue, ledger.Queued{Place: int64(10_000 + i), Ref: leaf.Ref})
	}
	return append(queue, queue...) // and twice
}

func (a again) Alone(ctx context.Context, fn func(context.Context, ledger.Tx) error) (bool, error) {
	return a.Store.Alone(ctx, func(ctx context.Context, tx ledger.Tx) error { return fn(ctx, againTx{tx, a}) })
}

type againTx struct {
	ledger.Tx
	a again
}

func (t againTx) Queue(ctx context.Context, n int) ([]ledger.Queued, error) {
	queue, err := t.Tx.Queue(ctx, n)
	return t.a.with(queue), err
}
