package push

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// view is the state of the named records as the push sees it: what was committed, with the push's own effects on top.
type view struct {
	entries map[string]entry
	bodies  map[Version]record.Object // older versions that authors had seen
	own     map[string][]ownPatch     // the author's side's ops of earlier pushes that it had not seen the versions of
	order   []touched                 // records that changed, in the order of their first change
}

// touched names a record that changed.
type touched struct{ id, collection string }

// entry is one record. It is replaced, never changed in place, so that saving a view is copying its map.
type entry struct {
	row    Row
	body   record.Object
	start  uint64          // version when the push began; 0 for a record that did not exist
	mine   []record.Object // patches of this push that stand, those included that only clashed
	shown  record.Object   // body at start with mine on top
	exists bool
	dirty  bool
	copied bool // other feeds had it when the push began
}

// ownPatch is an op of the device on top of what it had pulled.
type ownPatch struct {
	version uint64
	made    bool // a version, which counts as nobody else's
	patch   record.Object
}

// newView reads the records, which are sorted and must lie in locked feeds, and for ops based on older versions what the author
// had seen. The authors come with them: every op asks for its own.
func newView(ctx context.Context, w *work, records []string) (*view, error) {
	v := &view{entries: map[string]entry{}, bodies: map[Version]record.Object{}, own: map[string][]ownPatch{}}
	wanted := records
	switch {
	case w.device != nil:
		wanted = slices.Concat(records, w.device.Officers)
	case w.caller != nil:
		wanted = slices.Concat(records, []string{w.caller.Officer})
	}
	rows, err := w.tx.Records(ctx, wanted)
	if err != nil {
		return nil, err
	}
	for id, row := range rows {
		_, named := slices.BinarySearch(records, id)
		if err := w.locked(row.feeds()); named && err != nil {
			return nil, err
		}
		if err := v.load(id, row); err != nil {
			return nil, err
		}
	}
	return v, v.loadBases(ctx, w)
}

func (v *view) load(id string, row Row) error {
	body, err := wire.Object(row.Body)
	if err != nil {
		return fmt.Errorf("record %s version %d as stored: %w", id, row.Version, err)
	}
	v.entries[id] = entry{row: row, body: body, start: row.Version, shown: body, exists: true, copied: len(row.Copies) > 0}
	return nil
}

// loadBases fetches, for ops whose base is older than the record, that base and the device's own ops since.
func (v *view) loadBases(ctx context.Context, w *work) error {
	if w.byServer() {
		return nil
	}
	oldest := map[string]uint64{}
	var refs []Version
	for _, op := range w.queue {
		e := v.entries[op.Record]
		if op.Base >= e.start {
			continue
		}
		if base, ok := oldest[op.Record]; !ok || op.Base < base {
			oldest[op.Record] = op.Base
		}
		refs = append(refs, Version{op.Record, op.Base})
	}
	if len(refs) == 0 {
		return nil
	}
	texts, err := w.tx.Bodies(ctx, refs)
	if err != nil {
		return err
	}
	for ref, text := range texts {
		if v.bodies[ref], err = wire.Object(text); err != nil {
			return fmt.Errorf("record %s version %d as stored: %w", ref.Record, ref.Version, err)
		}
	}
	return v.loadOwn(ctx, w, oldest)
}

func (v *view) loadOwn(ctx context.Context, w *work, oldest map[string]uint64) error {
	refs := make([]Version, 0, len(oldest))
	for id, base := range oldest {
		refs = append(refs, Version{id, base})
	}
	var own map[string][]OwnOp
	var err error
	if w.device != nil {
		own, err = w.tx.OwnSince(ctx, w.device.ID, refs)
	} else {
		own, err = w.tx.OnlineSince(ctx, w.caller.Device, w.caller.Officer, refs)
	}
	if err != nil {
		return err
	}
	for id, ops := range own {
		for _, op := range ops {
			sealed, err := wire.Open(op.Text)
			if err != nil {
				return fmt.Errorf("own op on %s as stored: %w", id, err)
			}
			v.own[id] = append(v.own[id], ownPatch{op.Version, op.Made, sealed.Patch})
		}
	}
	return nil
}

// seen rebuilds what the author of an op was looking at: the version it names with the device's own later ops on top.
// foreign tells whether anybody else has changed the record since. ok is false when the named version does not exist.
func (v *view) seen(op wire.Sealed) (base record.Object, foreign, ok bool) {
	e := v.entries[op.Record]
	switch {
	case op.Base == e.start:
		return e.shown, false, true
	case op.Base > e.start:
		return nil, false, false
	case op.Base > 0:
		if base, ok = v.bodies[Version{op.Record, op.Base}]; !ok {
			return nil, false, false
		}
	}
	made := uint64(0)
	for _, own := range v.own[op.Record] {
		if own.version <= op.Base {
			continue
		}
		base = record.Apply(base, own.patch)
		if own.made {
			made++
		}
	}
	for _, patch := range e.mine {
		base = record.Apply(base, patch)
	}
	return base, e.start-op.Base > made, true
}

// say notes a patch that its author now looks at on top of the record, whatever became of it.
func (v *view) say(id string, patch record.Object) {
	e := v.entries[id]
	if patch != nil {
		e.mine = append(e.mine[:len(e.mine):len(e.mine)], patch)
		e.shown = record.Apply(e.shown, patch)
	}
	v.entries[id] = e
}

// put replaces an entry that has changed.
func (v *view) put(id string, e entry) {
	if !e.dirty {
		v.order = append(v.order, touched{id, e.row.Collection})
	}
	e.dirty, e.exists = true, true
	v.entries[id] = e
}

// saved is a view to go back to.
type saved struct {
	entries map[string]entry
	order   int
}

func (v *view) save() saved { return saved{maps.Clone(v.entries), len(v.order)} }

func (v *view) restore(s saved) { v.entries, v.order = s.entries, v.order[:s.order] }

// flush hands the changed records, newest rows only, to the batch.
func (v *view) flush(b *Batch) {
	for _, t := range v.order {
		e := v.entries[t.id]
		b.Records = append(b.Records, e.row)
		if e.copied {
			b.Uncopied = append(b.Uncopied, t.id)
		}
	}
}
