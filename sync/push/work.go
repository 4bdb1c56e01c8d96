package push

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/forms"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// work is one push being worked through: what it has read, what it will write. It lives for one transaction attempt and is
// used by one goroutine.
type work struct {
	s      *Service
	tx     Tx
	now    time.Time
	device *Device        // the handheld whose sequence the ops continue; nil for online ops and the server's own
	caller *people.Caller // who brings the ops; nil for the server's own
	batch  *Batch
	view   *view
	heads  map[string]uint64
	floor  uint64 // of versions: see Locked
	queue  []wire.Sealed
	speaks forms.Spoken // the newest forms: all patches and bodies here are in them
	// matches caches what Match read: within the transaction only this push changes it, and that is laid over.
	matches map[record.Lookup]map[string]record.Object
	moves   []move // records that have changed, before what belongs to them has been looked at
}

// work locks, reads, works through the ops in order and writes. The batch comes with what identifies the push; in is where the ops'
// records are, nil if that has not been asked yet.
func (s *Service) work(ctx context.Context, tx Tx, now time.Time, batch *Batch, ops []wire.Sealed, in map[string][]string, caller *people.Caller) ([]record.Outcome, error) {
	ops = s.lifted(ops)
	w := &work{s: s, tx: tx, now: now, device: batch.Device, caller: caller, batch: batch, queue: ops, speaks: forms.Newest(s.Catalogue),
		matches: map[record.Lookup]map[string]record.Object{}}
	if err := w.lock(ctx, in); err != nil {
		return nil, err
	}
	batch.Ops, batch.Revisions = make([]OpRow, 0, len(ops)), make([]Revision, 0, len(ops))
	outcomes := make([]record.Outcome, 0, len(ops))
	for i := 0; i < len(ops); {
		group := ops[i : i+groupLen(ops[i:])]
		done, err := w.group(ctx, group)
		if err != nil {
			return nil, err
		}
		outcomes = append(outcomes, done...)
		i += len(group)
	}
	w.view.flush(batch)
	batch.Heads = w.heads
	return outcomes, tx.Write(ctx, batch)
}

// byServer reports whether the ops are the server's own: they are not judged, and merge onto the newest version.
func (w *work) byServer() bool { return w.caller == nil }

// groupLen counts the leading ops that stand or fall together: those of one txn, or one op without a txn.
func groupLen(ops []wire.Sealed) int {
	n := 1
	for ops[0].Txn != "" && n < len(ops) && ops[n].Txn == ops[0].Txn {
		n++
	}
	return n
}

// group works through ops that stand or fall together. When one fails, all are undone and each says why.
func (w *work) group(ctx context.Context, ops []wire.Sealed) ([]record.Outcome, error) {
	var before mark
	if len(ops) > 1 {
		before = w.mark()
	}
	outcomes := make([]record.Outcome, 0, len(ops))
	failed := -1
	for i, op := range ops {
		o, err := w.one(ctx, op)
		if err != nil {
			return nil, fmt.Errorf("op %s: %w", op.ID, err)
		}
		outcomes = append(outcomes, o)
		switch {
		case stands(o):
			w.view.say(op.Record, op.Patch)
		case failed < 0:
			failed = i
		}
	}
	if failed >= 0 && len(ops) > 1 {
		w.undo(before)
		outcomes = failAll(ops, outcomes, failed)
	}
	if err := w.follow(ctx); err != nil {
		return nil, err
	}
	for i, op := range ops {
		if err := w.letter(ctx, op, &outcomes[i]); err != nil {
			return nil, err
		}
		w.keep(op, outcomes[i])
	}
	return outcomes, nil
}

func stands(o record.Outcome) bool { return o.Status != record.Rejected && o.Status != record.Held }

// mark remembers how far the work has come, so that a group can be undone.
type mark struct {
	ops, revisions, departures, numbers, doubles, jobs int
	heads                                              map[string]uint64
	view                                               saved
}

func (w *work) mark() mark {
	b := w.batch
	return mark{len(b.Ops), len(b.Revisions), len(b.Departures), len(b.Numbers), len(b.Doubles), len(b.Jobs), maps.Clone(w.heads), w.view.save()}
}

func (w *work) undo(m mark) {
	b := w.batch
	b.Ops, b.Revisions, b.Departures = b.Ops[:m.ops], b.Revisions[:m.revisions], b.Departures[:m.departures]
	b.Numbers, b.Doubles, b.Jobs = b.Numbers[:m.numbers], b.Doubles[:m.doubles], b.Jobs[:m.jobs]
	w.heads = m.heads
	w.view.restore(m.view)
}

// keep adds the op, verbatim, with its outcome to what will be written.
func (w *work) keep(op wire.Sealed, o record.Outcome) {
	row := OpRow{Op: toRecord(op), Text: op.Text, Hash: op.Hash, Outcome: o}
	switch {
	case w.device != nil:
		row.Device, row.Push = w.device.ID, w.batch.Push.ID
	case w.caller != nil:
		row.Online = w.caller.Device
	}
	row.Earliest, row.Latest = row.Op.Interval(w.now)
	w.batch.Ops = append(w.batch.Ops, row)
}

func toRecord(op wire.Sealed) record.Op {
	o := record.Op{ID: op.ID, Seq: op.Seq, Txn: op.Txn, Collection: op.Collection, Record: op.Record,
		Action: record.Action(op.Action), Base: op.Base, Patch: op.Patch, OccurredAt: op.OccurredAt, Author: op.Author,
		Schema: op.Schema, Prev: op.Prev, Clock: record.Clock{Boot: op.Clock.Boot, MonotonicMs: op.Clock.MonotonicMs}}
	if a := op.Clock.Anchor; a != nil {
		o.Clock.Anchor = &record.Anchor{Server: a.Server, MonotonicMs: a.MonotonicMs}
	}
	return o
}
