package push

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
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
	queue  []wire.Sealed
	// matches caches what Match read: within the transaction only this push changes it, and that is laid over.
	matches map[string]map[string]record.Object
	moves   []move // records that have changed, before what belongs to them has been looked at
}

// work locks, reads, works through the ops in order and writes. The batch comes with what identifies the push.
func (s *Service) work(ctx context.Context, tx Tx, now time.Time, batch *Batch, ops []wire.Sealed, caller *people.Caller) ([]record.Outcome, error) {
	w := &work{s: s, tx: tx, now: now, device: batch.Device, caller: caller, batch: batch, queue: ops,
		matches: map[string]map[string]record.Object{}}
	if err := w.lock(ctx); err != nil {
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

// lock finds the feeds that the ops touch, locks them in sorted order, and only then reads the records.
func (w *work) lock(ctx context.Context) error {
	ids := map[string]bool{}
	for _, op := range w.queue {
		if record.IsID(op.Record) {
			ids[op.Record] = true
		}
	}
	want := map[string]bool{}
	if err := w.foresee(ctx, ids, want); err != nil {
		return err
	}
	records := slices.Sorted(maps.Keys(ids))
	feeds, err := w.tx.FeedsOf(ctx, records)
	if err != nil {
		return err
	}
	for _, of := range feeds {
		for _, feed := range of {
			want[feed] = true
		}
	}
	for _, op := range w.queue {
		for _, feed := range w.aimsAt(op) {
			want[feed] = true
		}
	}
	if w.caller != nil {
		want["unit/"+w.caller.Unit] = true // findings and conflicts about district records go to the device's own unit
	}
	if w.heads, err = w.tx.LockFeeds(ctx, slices.Sorted(maps.Keys(want))); err != nil {
		return err
	}
	w.view, err = newView(ctx, w, records)
	return err
}

// aimsAt names the feeds an op's patch would put its record in, if the patch says.
func (w *work) aimsAt(op wire.Sealed) []string {
	c, ok := w.s.Catalogue[op.Collection]
	if !ok {
		return nil
	}
	var feeds []string
	if len(c.PartnersOf(op.Patch)) <= maxPartners {
		feeds = c.CopiesOf(op.Patch, w.s.District)
	}
	if feed, err := c.FeedOf(op.Patch, w.s.District); err == nil {
		feeds = append(feeds, feed)
	}
	return feeds
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
	ops, revisions, departures, numbers, jobs int
	heads                                     map[string]uint64
	view                                      saved
}

func (w *work) mark() mark {
	b := w.batch
	return mark{len(b.Ops), len(b.Revisions), len(b.Departures), len(b.Numbers), len(b.Jobs), maps.Clone(w.heads), w.view.save()}
}

func (w *work) undo(m mark) {
	b := w.batch
	b.Ops, b.Revisions, b.Departures = b.Ops[:m.ops], b.Revisions[:m.revisions], b.Departures[:m.departures]
	b.Numbers, b.Jobs = b.Numbers[:m.numbers], b.Jobs[:m.jobs]
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
