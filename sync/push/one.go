package push

import (
	"context"
	"fmt"

	"github.com/fieldwarden/fieldwarden/domain/fault"
	"github.com/fieldwarden/fieldwarden/domain/record"
	"github.com/fieldwarden/fieldwarden/sync/wire"
)

// one works through one op: admit, merge, judge, and only then take effect. Until settle nothing has changed, so an op that
// does not stand leaves no trace but itself.
func (w *work) one(ctx context.Context, op wire.Sealed) (record.Outcome, error) {
	c, refusal := w.form(op)
	if refusal != nil {
		return reject(op, refusal), nil
	}
	if by, err := w.waitsFor(ctx, op); err != nil || by != "" {
		return held(op, by), err
	}
	if refusal := w.fits(op); refusal != nil {
		return reject(op, refusal), nil
	}
	ch, refusal := w.merge(c, op)
	if refusal != nil {
		return reject(op, refusal), nil
	}
	if refusal, err := w.authorize(ctx, op, ch); err != nil || refusal != nil {
		return reject(op, refusal), err
	}
	if err := w.claim(ctx, &ch); err != nil {
		return reject(op, nil), err
	}
	breaches, refusal, err := w.judge(ctx, ch)
	if err != nil || refusal != nil {
		return reject(op, refusal), err
	}
	if !decides(op.Collection) {
		return w.settle(op, ch, breaches)
	}
	before := w.mark()
	o, err := w.settle(op, ch, breaches)
	if err != nil {
		return o, err
	}
	if refusal, err = w.decide(ctx, op, ch); err != nil || refusal != nil {
		w.undo(before)
		return reject(op, refusal), err
	}
	return o, nil
}

// form checks what an op says of itself, without the record.
func (w *work) form(op wire.Sealed) (*record.Collection, *fault.Error) {
	c, ok := w.s.Catalogue[op.Collection]
	switch {
	case !ok:
		return nil, fault.New(fault.CollectionUnknown).At("collection")
	case !record.IsID(op.ID):
		return nil, fault.New(fault.OpInvalid).At("id")
	case !record.IsID(op.Record):
		return nil, fault.New(fault.OpInvalid).At("record")
	case !c.Knows(op.Schema):
		return nil, fault.New(fault.SchemaUnknown).At("schema")
	case op.Schema < c.Oldest():
		return nil, fault.New(fault.SchemaTooOld).At("schema")
	case !record.Within(op.Patch, maxPatchDepth):
		return nil, tooDeep()
	case op.OccurredAt.IsZero():
		return nil, fault.New(fault.OpInvalid).At("occurredAt")
	case !record.Storable(op.Patch):
		return nil, fault.New(fault.OpInvalid).At("patch").Detail("文本中含有空字符（U+0000）", "a text holds U+0000")
	}
	switch record.Action(op.Action) {
	case record.Create:
		if op.Base != 0 || op.Patch == nil {
			return nil, fault.New(fault.OpInvalid).At("base").Detail("新建须以零为基并带内容", "a create has base 0 and a patch")
		}
	case record.Update:
		if op.Patch == nil {
			return nil, fault.New(fault.OpInvalid).At("patch")
		}
	case record.Remove:
		if op.Patch != nil {
			return nil, fault.New(fault.OpInvalid).At("patch").Detail("删除不带内容", "a remove has no patch")
		}
	default:
		return nil, fault.New(fault.OpInvalid).At("action")
	}
	return c, nil
}

// waitsFor returns the op that this one depends on and that did not stand: the creation of its record. Ops of this push are
// looked at first, then the device's earlier ones.
func (w *work) waitsFor(ctx context.Context, op wire.Sealed) (string, error) {
	if record.Action(op.Action) == record.Create || w.view.entries[op.Record].exists || w.device == nil {
		return "", nil
	}
	for i := len(w.batch.Ops) - 1; i >= 0; i-- {
		if past := w.batch.Ops[i]; past.Record == op.Record && !stands(past.Outcome) {
			return past.ID, nil
		}
	}
	unmet, err := w.tx.Unmet(ctx, w.device.ID, []string{op.Record})
	return unmet[op.Record], err
}

// fits checks the op against the record as it is.
func (w *work) fits(op wire.Sealed) *fault.Error {
	e := w.view.entries[op.Record]
	if !e.exists && record.Action(op.Action) != record.Create {
		return fault.New(fault.RecordUnknown).At("record")
	}
	if e.exists && e.row.Collection != op.Collection {
		return fault.New(fault.CollectionMismatch).At("collection")
	}
	if w.byServer() && e.exists && e.row.Removed && record.Action(op.Action) != record.Remove {
		return fault.New(fault.RecordUnknown).At("record").Detail("记录已移除", "it is removed") // there is nobody who could decide a conflict with the server
	}
	return nil
}

// change is what an op would do to its record.
type change struct {
	c       *record.Collection
	event   record.Event
	clashes []record.Clash
	changed bool
	said    bool // the body after it is the patch as it was said
	foreign bool // somebody else has changed the record since the author saw it

	upToDate bool // the author was looking at the record as it is

	numbers []NumberUse // that it claims, and nobody has
	taken   []double    // that it claims, and another has
}

// merge rebuilds what the author saw and merges the op onto what the server holds.
func (w *work) merge(c *record.Collection, op wire.Sealed) (change, *fault.Error) {
	e := w.view.entries[op.Record]
	ch := change{c: c, event: w.event(op, e.body)}
	base := sight{body: e.body, current: true, known: true}
	if !w.byServer() {
		base = w.view.seen(op)
	}
	if !base.known {
		return ch, fault.New(fault.BaseUnknown).At("base")
	}
	ch.foreign, ch.upToDate = base.foreign, base.current && !e.apart
	switch {
	case e.exists && e.row.Removed:
		ch.event.Before = nil
		ch.mergeRemoved(op, base.body)
	case record.Action(op.Action) == record.Remove:
		ch.mergeRemove(base.body, e.body)
	default:
		return ch, ch.mergePatch(op, base, e.body, w.byServer())
	}
	return ch, nil
}

func (w *work) event(op wire.Sealed, before record.Object) record.Event {
	ev := record.Event{Op: toRecord(op), Before: before, Received: w.now}
	ev.Earliest, ev.Latest = ev.Op.Interval(w.now)
	if !w.byServer() {
		ev.Device, ev.Unit = w.caller.Device, w.caller.Unit
	}
	return ev
}

// mergeRemoved decides an op on a record that has been removed: removing again is nothing, anything else is a clash.
func (ch *change) mergeRemoved(op wire.Sealed, base record.Object) {
	if record.Action(op.Action) != record.Remove {
		ch.clashes = []record.Clash{{Base: base, Ours: record.Apply(base, op.Patch)}}
	}
}

// mergeRemove decides a removal: what others have changed meanwhile is a clash, never lost.
func (ch *change) mergeRemove(base, theirs record.Object) {
	if ch.foreign && !record.Equal(base, theirs) {
		ch.event.After = theirs
		ch.clashes = []record.Clash{{Base: base, Theirs: theirs}}
		return
	}
	ch.changed = true
}

func (ch *change) mergePatch(op wire.Sealed, base sight, theirs record.Object, byServer bool) *fault.Error {
	r := ch.c.Merge(record.Edit{Base: base.body, Theirs: theirs, Patch: op.Patch, ByServer: byServer, Ancestor: base.ancestor})
	ch.event.After, ch.clashes, ch.changed, ch.said = r.Body, r.Clashes, r.Changed || theirs == nil, r.Whole
	if len(r.Offences) > 0 {
		return offence(r.Offences[0])
	}
	if flaws := ch.c.Check(r.Body); len(flaws) > 0 {
		return flaw(flaws[0])
	}
	return nil
}

// offence says why the author may not make an edit at all.
func offence(o record.Offence) *fault.Error {
	if o.Kind == record.AlreadyFrozen {
		return fault.New(fault.FieldFrozen).At(o.Path)
	}
	return fault.New(fault.FieldServerOwned).At(o.Path)
}

// flaw says what is wrong with the form of a body.
func flaw(f record.Flaw) *fault.Error {
	if f.Kind == record.Missing {
		return fault.New(fault.FieldRequired).At(f.Path)
	}
	zh, en := kindWords[f.Want], string(f.Want)
	if f.Kind == record.Nested {
		zh, en = "不含对象的数组", "no objects in arrays"
	}
	return fault.New(fault.FieldKind).At(f.Path).Detail("应为"+zh, "want "+en)
}

// kindWords names the kinds for people.
var kindWords = map[record.Kind]string{record.String: "文本", record.Number: "数字", record.Bool: "是或否", record.Time: "时间（RFC 3339）", record.Date: "日期（YYYY-MM-DD）",
	record.IDKind: "标识（UUID）", record.Map: "对象", record.Array: "数组"}

func reject(op wire.Sealed, why *fault.Error) record.Outcome {
	o := record.Outcome{Op: op.ID, Seq: op.Seq, Status: record.Rejected}
	if why != nil {
		o.Code, o.Zh, o.En, o.Field = string(why.Code), why.Zh, why.En, why.Field
	}
	return o
}

func held(op wire.Sealed, by string) record.Outcome {
	o := reject(op, fault.New(fault.HeldByRejected))
	o.Status, o.HeldBy = record.Held, by
	return o
}

// failAll is what a group gets when one of its ops fails: that one says why, the others name it.
func failAll(ops []wire.Sealed, outcomes []record.Outcome, failed int) []record.Outcome {
	for i, op := range ops {
		if i < len(outcomes) && !stands(outcomes[i]) && i <= failed {
			continue
		}
		why := fault.New(fault.TxnFailed).Detail(fmt.Sprintf("见操作 %d", ops[failed].Seq), fmt.Sprintf("see op %d", ops[failed].Seq))
		outcomes[i] = reject(op, why)
	}
	return outcomes
}
