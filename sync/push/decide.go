package push

import (
	"context"
	"fmt"
	"maps"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/people"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// decides reports whether edits of the collection can order something: a letter's retry, a conflict's resolution.
func decides(collection string) bool { return collection == deadLetters || collection == conflicts }

// decide carries out what an edit of a letter or of a conflict orders, in the same transaction. A refusal says why it cannot be
// done; then the edit does not stand either.
func (w *work) decide(ctx context.Context, op wire.Sealed, ch change) (*fault.Error, error) {
	was, is := ch.event.Before, ch.event.After
	if w.byServer() || was == nil || is == nil || was["state"] == is["state"] {
		return nil, nil
	}
	switch {
	case op.Collection == conflicts && is["state"] == "resolved":
		return w.resolve(ctx, op, is)
	case op.Collection == deadLetters && is["state"] == "retried":
		return w.retry(ctx, op, is)
	case op.Collection == deadLetters && is["state"] == "discarded":
		return nil, w.discardHeld(ctx, op, is)
	}
	return nil, nil
}

// foresee adds, to the records and feeds that will be locked, those that decisions among the ops are about. What it reads is not
// locked yet, and holds nothing that changes: what a letter or a conflict is about is written once. Letters that come in between
// are missed here and found later, which begins the push again.
func (w *work) foresee(ctx context.Context, ids, feeds map[string]bool) error {
	var desk []string
	for _, op := range w.queue {
		if decides(op.Collection) && record.IsID(op.Record) && !w.byServer() {
			desk = append(desk, op.Record)
			w.reach(feeds, op.Patch)
		}
	}
	if len(desk) == 0 {
		return nil
	}
	rows, err := w.tx.Records(ctx, desk)
	if err != nil {
		return err
	}
	var ops []string
	note := func(row Row) error {
		body, err := w.speaks.Object(row.Collection, row.Schema, row.Body)
		if op, ok := body["op"].(string); ok {
			ops = append(ops, op)
		}
		if about, ok := body["record"].(string); ok && record.IsID(about) {
			ids[about] = true
		}
		ids[row.ID] = true
		w.reach(feeds, body)
		return err
	}
	for _, row := range rows {
		if !decides(row.Collection) {
			continue
		}
		if err := note(row); err != nil {
			return err
		}
	}
	for about := range maps.Clone(ids) {
		held, err := w.tx.Match(ctx, deadLetters, "record", about)
		if err != nil {
			return err
		}
		for _, row := range held {
			if err := note(row); err != nil {
				return err
			}
		}
	}
	return w.reachOps(ctx, feeds, ops)
}

// reachOps adds the feeds that the ops of letters would put their records in: a letter does not repeat every patch.
func (w *work) reachOps(ctx context.Context, feeds map[string]bool, ops []string) error {
	taken, err := w.tx.Ops(ctx, ops)
	if err != nil {
		return err
	}
	for _, op := range taken {
		first, err := w.s.opened(op.Text)
		if err != nil {
			return err
		}
		w.reach(feeds, first.Patch)
	}
	return nil
}

// reach adds the feed of every unit that a value names anywhere inside it: where a decision may put its record.
func (w *work) reach(feeds map[string]bool, value any) {
	inside, _ := value.(record.Object)
	c := record.Collection{Scope: record.Unit}
	if feed, err := c.FeedOf(inside, w.s.District); err == nil {
		feeds[feed] = true
	}
	if sides, ok := inside["unit"].(record.Object); ok { // a conflict about the unit, and its resolution
		for _, side := range sides {
			w.reach(feeds, record.Object{"unit": side})
		}
	}
	for _, inner := range inside {
		w.reach(feeds, inner)
	}
}

// order is an edit that a decision makes.
type order struct {
	wire.Sealed
	seen   sight         // what it is merged against
	revive record.Object // the body to put a removed record back with; nil for every other edit
	by     string        // officer who decided
	desk   people.Right  // by which the one who decided reaches the record's unit
	device string        // from which the edit first came
}

// carryOut works through an order as through any op. Its author is whose edit it is; that it may be done is asked of the author
// and of who decided together.
func (w *work) carryOut(ctx context.Context, o order) (record.Outcome, error) {
	c, refusal := w.form(o.Sealed)
	if refusal == nil {
		refusal = w.fits(o.Sealed)
	}
	if refusal != nil {
		return reject(o.Sealed, refusal), nil
	}
	ch, refusal := w.mergeOrder(c, o)
	if refusal != nil {
		return reject(o.Sealed, refusal), nil
	}
	ch.event.Device = o.device
	refusal, err := w.authorizeOrder(ctx, o, ch)
	if err != nil || refusal != nil {
		return reject(o.Sealed, refusal), err
	}
	if err := w.claim(ctx, &ch); err != nil {
		return reject(o.Sealed, nil), err
	}
	flags, refusal, err := w.judge(ctx, ch)
	if err != nil || refusal != nil {
		return reject(o.Sealed, refusal), err
	}
	out, err := w.settle(o.Sealed, ch, flags)
	if err != nil {
		return out, err
	}
	w.batch.Ops = append(w.batch.Ops, OpRow{Op: toRecord(o.Sealed), Online: w.caller.Device, Text: o.Text, Hash: o.Hash,
		Outcome: out, Earliest: ch.event.Earliest, Latest: ch.event.Latest})
	return out, nil
}

func (w *work) mergeOrder(c *record.Collection, o order) (change, *fault.Error) {
	e := w.view.entries[o.Record]
	ch := change{c: c, event: w.event(o.Sealed, e.body), foreign: true}
	switch {
	case o.revive != nil:
		ch.event.Before, ch.event.After, ch.changed = nil, o.revive, true
		if flaws := c.Check(o.revive); len(flaws) > 0 {
			return ch, flaw(flaws[0])
		}
	case e.exists && e.row.Removed:
		ch.event.Before = nil
		ch.mergeRemoved(o.Sealed, o.seen.body)
	case record.Action(o.Action) == record.Remove:
		ch.mergeRemove(o.seen.body, e.body)
	default:
		return ch, ch.mergePatch(o.Sealed, o.seen, e.body, false)
	}
	return ch, nil
}

// authorizeOrder asks for the role of the author, at the time of the edit, or of who decided, now; and that one of the two reaches
// the unit: the author by that role, the other by the right to decide there.
func (w *work) authorizeOrder(ctx context.Context, o order, ch change) (*fault.Error, error) {
	author, err := w.grantsOf(ctx, o.Author)
	if err != nil {
		return nil, err
	}
	decider, err := w.grantsOf(ctx, o.by)
	if err != nil {
		return nil, err
	}
	right := people.Right(o.Collection + "." + o.Action)
	if !people.May(author, right, "", ch.event.Latest) && !people.May(decider, right, "", w.now) {
		return fault.New(fault.ActionDenied).At("action"), nil
	}
	for _, body := range []record.Object{ch.event.Before, ch.event.After} {
		units := w.unitsOf(ch.c, body)
		if body != nil && !people.MayAny(author, right, units, ch.event.Latest) && !people.MayAny(decider, o.desk, units, w.now) {
			return fault.New(fault.OutOfScope).At("record"), nil
		}
	}
	return w.known(ctx, ch)
}

// resolve makes the edit of a conflict's resolution, in the name of who decides. A record that has changed since the conflict arose, so
// that the edit would clash again, is fault op.decision_stale.
func (w *work) resolve(ctx context.Context, op wire.Sealed, conflict record.Object) (*fault.Error, error) {
	id, _ := conflict["record"].(string)
	if _, read := w.view.entries[id]; !read {
		return nil, moved{}
	}
	o := order{by: op.Author, desk: "conflicts.update", device: w.caller.Device}
	edit, stale := w.resolution(conflict, &o)
	if stale {
		return fault.New(fault.DecisionStale).At("resolution"), nil
	}
	if edit.Action == "" {
		return nil, nil // everything stays as it is
	}
	edit.Collection, _ = conflict["collection"].(string)
	edit.Record = id
	var err error
	if o.Sealed, err = w.sealFor(op.Author, edit, op.Op); err != nil {
		return nil, err
	}
	out, err := w.carryOut(ctx, o)
	switch {
	case err != nil:
		return nil, err
	case !stands(out):
		return why(out), nil
	case out.Status == record.Conflicted:
		return fault.New(fault.DecisionStale).At("resolution"), nil
	}
	return nil, w.note(conflicts, op.Record, record.Update, record.Object{"appliedAs": o.ID})
}

// resolution is the edit that a conflict's resolution means; one without an action means none. stale says that the record is no
// longer what was decided about.
func (w *work) resolution(conflict record.Object, o *order) (edit ServerOp, stale bool) {
	id, _ := conflict["record"].(string)
	e := w.view.entries[id]
	fields, _ := conflict["fields"].(record.Object)
	c, form, choices := w.choices(conflict, e.body)
	if c == nil {
		return edit, true
	}
	sides, overWhole := fields[record.WholeRecord].(record.Object)
	if !overWhole {
		if o.seen.body, edit.Patch = c.DecideIn(e.body, fields, choices, form, c.Schema); len(edit.Patch) > 0 {
			edit.Action = record.Update
		}
		return edit, false
	}
	choice, _ := choices[record.WholeRecord].(record.Object)
	chosen, _ := record.Chosen(sides, choice)
	body, _ := chosen.(record.Object)
	theirs, _ := sides["theirs"].(record.Object)
	body, theirs = c.BodyIn(body, form, c.Schema), c.BodyIn(theirs, form, c.Schema)
	switch {
	case choice["take"] == record.TakeTheirs:
		return edit, false
	case e.row.Removed != (theirs == nil):
		return edit, true
	case body == nil:
		edit.Action, o.seen.body = record.Remove, theirs
	case e.row.Removed:
		edit.Action, edit.Patch, o.revive = record.Update, record.Diff(e.body, body), body
	default:
		edit.Action, edit.Patch, o.seen.body = record.Update, record.Diff(theirs, body), theirs
	}
	return edit, false
}

// sealFor makes an op in somebody's name. at says when the edit was made; its id, place and base are left out.
func (w *work) sealFor(author string, edit ServerOp, at wire.Op) (wire.Sealed, error) {
	c := w.s.Catalogue[edit.Collection]
	if c == nil {
		return wire.Sealed{}, fmt.Errorf("collection %s is not in the catalogue", edit.Collection)
	}
	return wire.Seal(wire.Op{ID: w.s.NewID(), Collection: edit.Collection, Record: edit.Record, Action: string(edit.Action),
		Patch: edit.Patch, Base: w.baseOf(edit), OccurredAt: at.OccurredAt, Clock: at.Clock, Author: author, Schema: c.Schema})
}

// baseOf is the version that an edit made here is based on: the newest.
func (w *work) baseOf(edit ServerOp) uint64 {
	if edit.Action == record.Create {
		return 0
	}
	return w.view.entries[edit.Record].row.Version
}

// why turns the outcome of an order into the refusal of the edit that ordered it.
func why(o record.Outcome) *fault.Error {
	f := fault.New(fault.Code(o.Code)).At(o.Field)
	f.Zh, f.En = o.Zh, o.En // they begin with the code's own words
	return f
}
