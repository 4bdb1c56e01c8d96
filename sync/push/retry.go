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
	edit := ServerOp{Collection: first.Collection, Record: first.Record, Action: record.Action(first.Action), Patch: first.Patch}
	if amendment, ok := letter["amendment"].(record.Object); ok {
		edit.Patch = amendment
	}
	if edit.Action != record.Create {
		if o.seen, refusal, err = w.seenThen(ctx, first, device); err != nil || refusal != nil {
			return "", refusal, err
		}
	}
	if w.s.Catalogue[edit.Collection] == nil {
		return "", fault.New(fault.CollectionUnknown).At("collection"), nil
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

// seenThen rebuilds what the author of an earlier op was looking at: the version it names, with the device's own ops between on top.
func (w *work) seenThen(ctx context.Context, op wire.Op, device string) (seen record.Object, refusal *fault.Error, err error) {
	ref := Version{op.Record, op.Base}
	if op.Base > 0 {
		texts, err := w.tx.Bodies(ctx, []Version{ref})
		if err != nil {
			return nil, nil, err
		}
		text, ok := texts[ref]
		if !ok {
			return nil, fault.New(fault.BaseUnknown).At("base"), nil
		}
		if seen, err = wire.Object(text); err != nil {
			return nil, nil, err
		}
	}
	own, err := w.tx.OwnSince(ctx, device, []Version{ref})
	if err != nil {
		return nil, nil, err
	}
	for _, o := range own[op.Record] {
		earlier, err := wire.Open(o.Text)
		if err != nil {
			return nil, nil, err
		}
		if earlier.Seq < op.Seq {
			seen = record.Apply(seen, earlier.Patch)
		}
	}
	return seen, nil, nil
}
