package push

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/forms"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// view is the state of the named records as the push sees it: what was committed, with the push's own effects on top.
type view struct {
	s       *Service
	speaks  forms.Spoken
	entries map[string]entry
	bodies  map[Version]record.Object // older versions that authors had seen
	lost    map[Version]Version       // versions that authors had seen and a restore has lost, with what is known before them
	own     map[string][]ownPatch     // the author's side's ops of earlier pushes that it had not seen the versions of
	order   []touched                 // records that changed, in the order of their first change
	floor   uint64                    // see Locked
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
	apart  bool // shown is not known to be what body is
	agrees bool // shown will be what body is, once the op that has just been settled is said
}

// ownPatch is an op of the device on top of what it had pulled.
type ownPatch struct {
	version uint64
	made    bool // a version, which counts as nobody else's
	patch   record.Object
}

// newView takes the rows that were read, and reads, for ops based on older versions, what the author had seen. The records are
// sorted and must lie in locked feeds; rows of others came along.
func newView(ctx context.Context, w *work, records []string, rows map[string]Row) (*view, error) {
	v := &view{s: w.s, speaks: w.speaks, entries: map[string]entry{}, bodies: map[Version]record.Object{}, lost: map[Version]Version{},
		own: map[string][]ownPatch{}, floor: w.floor}
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
	body, err := v.speaks.Object(row.Collection, row.Schema, row.Body)
	if err != nil {
		return fmt.Errorf("record %s version %d as stored: %w", id, row.Version, err)
	}
	v.entries[id] = entry{row: row, body: body, start: row.Version, shown: body, exists: true, copied: len(row.Copies) > 0}
	return nil
}

// loadBases fetches, for ops whose base is not the record as it is, that base and the author's own ops since.
func (v *view) loadBases(ctx context.Context, w *work) error {
	if w.byServer() {
		return nil
	}
	var refs []Version
	for _, op := range w.queue {
		e := v.entries[op.Record]
		if op.Base < e.start || op.Base > e.start && op.Base <= w.floor && e.exists {
			refs = append(refs, Version{op.Record, op.Base})
		}
	}
	if len(refs) == 0 {
		return nil
	}
	texts, err := w.tx.Bodies(ctx, refs)
	if err != nil {
		return err
	}
	oldest := map[string]uint64{}
	for _, ref := range refs {
		at, was, ok := ref, texts[ref], true
		if _, there := texts[ref]; !there && ref.Version > 0 {
			if at, was, ok, err = w.ancestor(ctx, ref); err != nil {
				return err
			}
			if ok {
				v.lost[ref] = at
			}
		}
		if base, known := oldest[ref.Record]; ok && (!known || at.Version < base) {
			oldest[ref.Record] = at.Version
		}
		if !ok || at.Version == 0 {
			continue
		}
		if v.bodies[at], err = v.speaks.Object(v.entries[at.Record].row.Collection, was.Schema, was.Body); err != nil {
			return fmt.Errorf("record %s version %d as stored: %w", at.Record, at.Version, err)
		}
	}
	return v.loadOwn(ctx, w, oldest)
}

// ancestor finds, for a version that the database does not have, what is known of it if it was lost by a restore from a backup: the newest
// version that led to it. Numbers grow in every history and are not given again after a restore; so that is the newest of those below. ok is
// false for a version that no history can have had.
func (w *work) ancestor(ctx context.Context, ref Version) (at Version, was Stored, ok bool, err error) {
	if ref.Version > w.floor {
		return at, was, false, nil
	}
	at, was, err = w.tx.Below(ctx, ref)
	if errors.Is(err, fault.New(fault.NotFound)) {
		return at, was, false, nil
	}
	return at, was, err == nil, err
}

func (v *view) loadOwn(ctx context.Context, w *work, oldest map[string]uint64) error {
	refs := make([]Version, 0, len(oldest))
	for id, base := range oldest {
		refs = append(refs, Version{id, base})
	}
	var own map[string][]OwnOp
	var err error
	switch {
	case w.device != nil:
		own, err = w.tx.OwnSince(ctx, w.device.ID, refs)
	case w.batch.shared:
		own, err = w.tx.OnlineSince(ctx, w.caller.Device, "", refs)
	default:
		own, err = w.tx.OnlineSince(ctx, w.caller.Device, w.caller.Officer, refs)
	}
	if err != nil {
		return err
	}
	for id, ops := range own {
		for _, op := range ops {
			first, err := v.s.opened(op.Text)
			if err != nil {
				return fmt.Errorf("own op on %s as stored: %w", id, err)
			}
			v.own[id] = append(v.own[id], ownPatch{op.Version, op.Made, first.Patch})
		}
	}
	return nil
}

// sight is what the author of an op was looking at.
type sight struct {
	body     record.Object
	foreign  bool // somebody else has changed the record since
	current  bool // it is what the push began with, with what he has said since
	ancestor bool // what he saw is lost by a restore; the body is what was known before it
	known    bool // false: there is no such version
}

// seen rebuilds what the author of an op was looking at: the version it names with the device's own later ops on top.
func (v *view) seen(op wire.Sealed) sight {
	e := v.entries[op.Record]
	at, ancestor := v.lost[Version{op.Record, op.Base}]
	if !ancestor {
		at = Version{op.Record, op.Base}
	}
	switch {
	case at.Version == e.start:
		return sight{body: e.shown, foreign: ancestor, current: !ancestor, ancestor: ancestor, known: true}
	case e.start == 0 && e.exists && op.Base <= v.floor:
		// The lost history had the record, and this push makes it anew. A first version is its creation in every history.
		return sight{body: e.shown, foreign: op.Base > 1, current: op.Base == 1, ancestor: op.Base > 1, known: true}
	case at.Version > e.start:
		return sight{}
	}
	base, ok := v.bodies[at]
	if at.Version > 0 && !ok {
		return sight{}
	}
	made := uint64(0)
	for _, own := range v.own[op.Record] {
		if own.version <= at.Version {
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
	return sight{body: base, foreign: ancestor || e.start-at.Version > made, ancestor: ancestor, known: true}
}

// agree notes whether the author of the op that was settled sees what came of it: he was looking at the record as it is, and all he said
// stands. Then it need not be worked out a second time.
func (v *view) agree(id string, agrees bool) {
	e := v.entries[id]
	e.agrees = agrees
	v.entries[id] = e
}

// say notes a patch that its author now looks at on top of the record, whatever became of it.
func (v *view) say(id string, patch record.Object) {
	if patch == nil {
		return
	}
	e := v.entries[id]
	e.mine = append(e.mine[:len(e.mine):len(e.mine)], patch)
	if e.agrees {
		e.shown, e.apart = e.body, false
	} else {
		e.shown, e.apart = record.Apply(e.shown, patch), true
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
