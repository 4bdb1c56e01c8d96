package push

import (
	"fmt"
	"strconv"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// settle lets an op take effect: the new version of its record, the findings and the conflict it raised, the work and the
// numbers that follow.
func (w *work) settle(op wire.Sealed, ch change, flags []flagged) (record.Outcome, error) {
	o := record.Outcome{Op: op.ID, Seq: op.Seq, Status: record.Applied}
	before := w.view.entries[op.Record].row
	if ch.foreign {
		o.Status = record.Merged
	}
	if ch.changed {
		if err := w.advance(op, ch); err != nil {
			return o, err
		}
		if before := ch.event.Before; before != nil && ch.event.After != nil && len(movePatch(ch.c, before, ch.event.After)) > 0 {
			w.moves = append(w.moves, move{op.Record, before})
		}
		w.batch.Numbers = append(w.batch.Numbers, ch.numbers...)
		for _, d := range ch.taken {
			w.batch.Doubles = append(w.batch.Doubles, d.NumberUse)
		}
		if ch.c.Jobs != nil {
			w.batch.Jobs = append(w.batch.Jobs, ch.c.Jobs(ch.event)...)
		}
		if err := w.notes(ch); err != nil {
			return o, err
		}
	}
	w.view.agree(op.Record, ch.upToDate && len(ch.clashes) == 0)
	o.Version = w.view.entries[op.Record].row.Version
	for _, f := range flags {
		id, err := w.raise(findings, w.finding(op, ch, f))
		if err != nil {
			return o, err
		}
		o.Findings = append(o.Findings, id)
	}
	if len(ch.clashes) > 0 {
		id, err := w.conflict(op, ch, before)
		if err != nil {
			return o, err
		}
		o.Status, o.Conflict = record.Conflicted, id
	}
	return o, nil
}

// advance makes the next version of a record, in the feeds its body now belongs to.
func (w *work) advance(op wire.Sealed, ch change) error {
	e := w.view.entries[op.Record]
	next, removed := ch.event.After, ch.event.After == nil
	if removed {
		next = e.body // a removed record keeps its last body: nothing is ever thrown away
	}
	text := op.Said // in its canonical form already
	if !ch.said || text == nil {
		var err error
		if text, err = wire.Canonical(next); err != nil {
			return err
		}
	}
	row := Row{ID: op.Record, Collection: op.Collection, Version: w.after(e.row.Version), Removed: removed, Op: op.ID, Schema: ch.c.Schema, Body: text,
		State: stateOf(next), Closed: !removed && ch.c.Closed != nil && ch.c.Closed(next)}
	if err := w.place(ch.c, e.row, e.exists, &row, next); err != nil {
		return err
	}
	e.row, e.body, e.apart = row, next, true
	w.view.put(op.Record, e)
	w.batch.Revisions = append(w.batch.Revisions, Revision{Version: Version{op.Record, row.Version}, Collection: op.Collection,
		Op: op.ID, Removed: removed, Schema: ch.c.Schema, Body: text})
	return nil
}

func stateOf(body record.Object) string {
	state, _ := body["state"].(string)
	return state
}

// after is the number of the version that follows one. No number that the lost history of a restored database may have given is given
// again, so that who has seen that version is never taken for one who has seen another. A first version is its creation in every history.
func (w *work) after(version uint64) uint64 {
	if version == 0 {
		return 1
	}
	return max(version, w.floor) + 1
}

// raise creates a record by an op of the server, inside the push that causes it.
func (w *work) raise(collection string, body record.Object) (string, error) {
	id := w.s.NewID()
	return id, w.note(collection, id, record.Create, body)
}

// note writes a record by an op of the server, inside the push that causes it. The patch merges onto the newest version.
func (w *work) note(collection, id string, action record.Action, patch record.Object) error {
	sealed, err := w.s.seal(ServerOp{Collection: collection, Record: id, Action: action, Patch: patch}, wire.Op{OccurredAt: w.now})
	if err != nil {
		return err
	}
	c, ok := w.s.Catalogue[collection]
	if !ok {
		return fmt.Errorf("collection %s is not in the catalogue", collection)
	}
	after := record.Apply(w.view.entries[id].body, patch)
	ch := change{c: c, event: record.Event{Op: toRecord(sealed), After: after}, changed: true}
	if err := w.advance(sealed, ch); err != nil {
		return err
	}
	w.batch.Ops = append(w.batch.Ops, OpRow{Op: toRecord(sealed), Text: sealed.Text, Hash: sealed.Hash, Earliest: w.now,
		Latest: w.now, Outcome: record.Outcome{Op: sealed.ID, Status: record.Applied, Version: w.view.entries[id].row.Version}})
	return nil
}

// notes writes what the change of a record has the server say.
func (w *work) notes(ch change) error {
	if ch.c.Notes == nil {
		return nil
	}
	for _, n := range ch.c.Notes(ch.event) {
		if _, err := w.raise(n.Collection, n.Body); err != nil {
			return err
		}
	}
	return nil
}

// deskOf is the unit whose people look after what an op raised: the record's, or that of the device.
func (w *work) deskOf(ch change) string {
	for _, body := range []record.Object{ch.event.After, ch.event.Before} {
		if unit, _ := body["unit"].(string); unit != "" && ch.c.OfUnit() {
			return unit
		}
	}
	return w.caller.Unit
}

func (w *work) finding(op wire.Sealed, ch change, f flagged) record.Object {
	code := f.breach.Code
	if code == "" {
		code = f.gate.Code
	}
	body := record.Object{"unit": w.deskOf(ch), "code": code, "basis": f.breach.BasisOf(f.gate), "collection": op.Collection,
		"record": op.Record, "op": op.ID, "zh": f.breach.Zh, "en": f.breach.En, "state": "open"}
	if f.breach.Field != "" {
		body["field"] = f.breach.Field
	}
	return body
}

// conflict keeps both sides of what could not stand both ways, where both officers and their leader see it. Paths hold "/",
// which is a fine key; the whole record has the path "".
func (w *work) conflict(op wire.Sealed, ch change, before Row) (string, error) {
	fields := record.Object{}
	for _, clash := range ch.clashes {
		sides := record.Object{}
		for name, value := range map[string]any{"base": clash.Base, "ours": clash.Ours, "theirs": clash.Theirs} {
			if value != nil {
				sides[name] = value
			}
		}
		path := clash.Path
		if path == "" {
			path = record.WholeRecord
		}
		fields[path] = sides
	}
	body := record.Object{"unit": w.deskOf(ch), "collection": op.Collection, "record": op.Record,
		"version": float64(before.Version), "ours": op.ID, "theirs": before.Op, "author": op.Author, "fields": fields, "state": "open"}
	if c := ch.c; c.Schema > 1 {
		older := record.Object{}
		for schema := c.Oldest(); schema < c.Schema; schema++ {
			older[strconv.Itoa(schema)] = c.ConflictIn(fields, ch.event.After, c.Schema, schema)
		}
		body["schema"], body["older"] = float64(c.Schema), older
	}
	return w.raise(conflicts, body)
}
