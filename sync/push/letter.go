package push

import (
	"context"
	"time"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// The collections that this package writes by itself: what people look after at their desks.
const (
	findings    = "findings"
	conflicts   = "conflicts"
	deadLetters = "deadletters"
)

// What became of an op that did not stand, as a dead letter says it.
const (
	letterRejected    = "rejected"
	letterHeld        = "held"
	letterQuarantined = "quarantined" // out of its author's scope: whose record it is decides
)

// maxLetterPatch is up to how many octets of an op its letter repeats the patch; of a larger one the letter names the op alone.
const maxLetterPatch = 16 << 10

// letter leaves a dead letter for an op that did not stand, and names it in the outcome. Edits of the desk's own records leave
// none: who made them is told at once, or finds the record as it was. Neither do online edits whose author reads the outcome.
func (w *work) letter(ctx context.Context, op wire.Sealed, o *record.Outcome) error {
	if stands(*o) || w.byServer() || w.device == nil && !w.batch.unattended[op.ID] || onDesk(op.Collection) {
		return nil
	}
	kind := letterRejected
	switch {
	case o.Status == record.Held:
		kind = letterHeld
	case o.Code == string(fault.OutOfScope):
		kind = letterQuarantined
	}
	unit, err := w.letterUnit(ctx, op, kind)
	if err != nil {
		return err
	}
	body, err := w.letterBody(op, o, kind, unit)
	if err == nil {
		o.Letter, err = w.raise(deadLetters, body)
	}
	return err
}

// onDesk reports whether the collection is one of those that tell of other records.
func onDesk(collection string) bool {
	return collection == deadLetters || collection == conflicts || collection == findings
}

// letterBody repeats the op as its author said it; schema, from 2 on, is the form that its patch is in.
func (w *work) letterBody(op wire.Sealed, o *record.Outcome, kind, unit string) (record.Object, error) {
	body := record.Object{"unit": unit, "kind": kind, "state": "open", "op": op.ID, "device": w.caller.Device, "author": op.Author,
		"collection": op.Collection, "record": op.Record, "action": op.Action, "code": o.Code, "zh": o.Zh, "en": o.En,
		"occurredAt": op.OccurredAt.UTC().Format(time.RFC3339Nano)}
	if op.Seq > 0 {
		body["seq"] = float64(op.Seq)
	}
	for name, text := range map[string]string{"field": o.Field, "heldBy": o.HeldBy} {
		if text != "" {
			body[name] = text
		}
	}
	if op.Schema > 1 {
		body["schema"] = float64(op.Schema)
	}
	patch, err := w.s.said(op)
	if patch != nil && len(op.Text) <= maxLetterPatch && record.Within(patch, maxPatchDepth) && record.Flat(patch) && record.Storable(patch) {
		body["patch"] = patch
	}
	return body, err
}

// letterUnit is where people look after a letter: the unit that the author cannot reach, for what is out of scope; else where the device
// belongs.
func (w *work) letterUnit(ctx context.Context, op wire.Sealed, kind string) (string, error) {
	if c := w.s.Catalogue[op.Collection]; kind == letterQuarantined && c.OfUnit() {
		for _, body := range []record.Object{w.view.entries[op.Record].body, op.Patch} {
			unit, _ := body["unit"].(string)
			if _, locked := w.heads["unit/"+unit]; !locked {
				continue
			}
			known, err := w.Match(ctx, "units", "code", unit)
			if err != nil || len(known) > 0 {
				return unit, err
			}
		}
	}
	return w.caller.Unit, nil
}
