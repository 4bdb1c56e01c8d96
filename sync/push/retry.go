package push

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// retry applies the op of a letter again, or its amendment, in the name of its first author; and behind it what was held by it.
func (w *work) retry(ctx context.Context, op wire.Sealed, letter record.Object) (*fault.Error, error) {
	made, refusal, err := w.again(ctx, op, letter)
	if err != nil || refusal != nil {
		return refusal, err
	}
	if err := w.note(deadLetters, op.Record, record.Update, record.Object{"appliedAs": made}); err != nil {
		return nil, err
	}
	waiting, err := w.heldWith(ctx, op.Record, letter)
	if err != nil {
		return nil, err
	}
	for _, id := range waiting {
		before := w.mark()
		made, refusal, err := w.again(ctx, op, w.view.entries[id].body)
		if err != nil {
			return nil, err
		}
		if refusal != nil {
			w.undo(before) // it keeps its letter, for somebody to look at
			continue
		}
		if err := w.note(deadLetters, id, record.Update, record.Object{"state": "retried", "appliedAs": made}); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// heldWith lists the open letters of ops that were held because of a letter's creation, in the order they were made.
func (w *work) heldWith(ctx context.Context, self string, letter record.Object) ([]string, error) {
	about, _ := letter["record"].(string)
	if letter["action"] != string(record.Create) {
		return nil, nil
	}
	found, err := w.Match(ctx, deadLetters, "record", about)
	if err != nil {
		return nil, err
	}
	maps.DeleteFunc(found, func(id string, b record.Object) bool {
		return id == self || b["kind"] != letterHeld || b["state"] != "open" || b["device"] != letter["device"]
	})
	for id := range found {
		if _, named := w.view.entries[id]; !named {
			return nil, moved{}
		}
	}
	seq := func(id string) float64 { n, _ := found[id]["seq"].(float64); return n }
	return slices.SortedFunc(maps.Keys(found), func(a, b string) int { return int(seq(a) - seq(b)) }), nil
}

// discardHeld ends, with a letter over a creation, the letters of what was held because of it: it has nothing to apply to.
func (w *work) discardHeld(ctx context.Context, op wire.Sealed, letter record.Object) error {
	waiting, err := w.heldWith(ctx, op.Record, letter)
	for _, id := range waiting {
		if err == nil {
			err = w.note(deadLetters, id, record.Update, record.Object{"state": "discarded", "reason": letter["reason"]})
		}
	}
	return err
}

// again applies the op that a letter is about. made is the id of the op that did.
func (w *work) again(ctx context.Context, op wire.Sealed, letter record.Object) (made string, refusal *fault.Error, err error) {
	first, device, err := w.original(ctx, letter)
	if err != nil {
		return "", nil, err
	}
	o := order{by: op.Author, desk: "deadletters.update", device: device}
	if w.s.Catalogue[first.Collection] == nil {
		return "", fault.New(fault.CollectionUnknown).At("collection"), nil
	}
	edit := ServerOp{Collection: first.Collection, Record: first.Record, Action: record.Action(first.Action)}
	if edit.Patch, refusal = w.wanted(first, letter); refusal != nil {
		return "", refusal, nil
	}
	if edit.Action != record.Create {
		if o.seen, refusal, err = w.seenThen(ctx, first, device); err != nil || refusal != nil {
			return "", refusal, err
		}
	}
	if o.Sealed, err = w.sealFor(first.Author, edit, first); err != nil {
		return "", nil, err
	}
	out, err := w.carryOut(ctx, o)
	if err != nil || !stands(out) {
		return "", why(out), err
	}
	return o.ID, nil, nil
}

// wanted is what a letter that is retried asks for, in the newest form: its amendment, or else what its op said, in whatever form. The
// amendment is in the form of the op unless amendmentSchema names another.
func (w *work) wanted(first wire.Op, letter record.Object) (record.Object, *fault.Error) {
	if amendment, ok := letter["amendment"].(record.Object); ok {
		first.Patch = amendment
		if schema, ok := letter["amendmentSchema"].(float64); ok {
			if first.Schema = int(schema); float64(first.Schema) != schema || !w.s.Catalogue[first.Collection].Knows(first.Schema) {
				return nil, fault.New(fault.SchemaUnknown).At("amendmentSchema")
			}
		}
	}
	patch, _ := w.s.lift(first)
	if !record.Within(patch, maxPatchDepth) {
		return nil, tooDeep()
	}
	return patch, nil
}

// original reads the op of a letter as it was taken.
func (w *work) original(ctx context.Context, letter record.Object) (op wire.Op, device string, err error) {
	id, _ := letter["op"].(string)
	taken, err := w.tx.Ops(ctx, []string{id})
	if err != nil {
		return op, "", err
	}
	past, ok := taken[id]
	if !ok {
		return op, "", fmt.Errorf("letter about op %s, which was never taken", id)
	}
	sealed, err := wire.Open(past.Text)
	device, _ = letter["device"].(string)
	return sealed.Op, device, err
}

// seenThen rebuilds what the author of an earlier op was looking at: the version it names, or what is known before it if it is lost, with the
// device's own ops between on top.
func (w *work) seenThen(ctx context.Context, op wire.Op, device string) (seen sight, refusal *fault.Error, err error) {
	ref := Version{op.Record, op.Base}
	if op.Base > 0 {
		texts, err := w.tx.Bodies(ctx, []Version{ref})
		if err != nil {
			return seen, nil, err
		}
		was, ok := texts[ref]
		if !ok {
			if ref, was, ok, err = w.ancestor(ctx, ref); err != nil || !ok {
				return seen, fault.New(fault.BaseUnknown).At("base"), err
			}
			seen.ancestor = true
		}
		if seen.body, err = w.speaks.Object(op.Collection, was.Schema, was.Body); err != nil {
			return seen, nil, err
		}
	}
	own, err := w.tx.OwnSince(ctx, device, []Version{ref})
	if err != nil {
		return seen, nil, err
	}
	for _, o := range own[op.Record] {
		earlier, err := w.s.opened(o.Text)
		if err != nil {
			return seen, nil, err
		}
		if earlier.Seq < op.Seq {
			seen.body = record.Apply(seen.body, earlier.Patch)
		}
	}
	return seen, nil, nil
}
